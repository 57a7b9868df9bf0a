import json

import keras
import numpy as np
import pytest

from tfnlp.layers import MultiHeadAttention


def attention(heads=2, query_width=6, key_width=None, value_width=None, **settings):
    layer = MultiHeadAttention(heads, **settings)
    widths = [query_width, key_width or query_width, value_width or key_width or query_width]
    layer.build(*[(None, None, width) for width in widths])
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def by_definition(layer, query, key, value, mask, causal, window=99):
    """One text, one head, one query, one key after the other."""
    project = [
        (np.asarray(dense.kernel, "float64"), np.asarray(dense.bias, "float64"))
        for dense in (layer.query, layer.key, layer.value, layer.output_projection)
    ]
    queries, keys, values = (x @ kernel + bias for x, (kernel, bias) in zip((query, key, value), project))
    units = queries.shape[-1] // layer.heads
    read = np.zeros_like(queries)
    weights = np.zeros((layer.heads, len(queries), len(keys)))
    for head in range(layer.heads):
        part = slice(head * units, (head + 1) * units)
        for i in range(len(queries)):
            total = 0.0
            for j in range(len(keys)):
                if mask[j] and (i - window < j <= i or not causal):
                    weights[head, i, j] = np.exp(queries[i, part] @ keys[j, part] / np.sqrt(units))
                    total += weights[head, i, j]
            if total:
                weights[head, i] /= total
            for j in range(len(keys)):
                read[i, part] += weights[head, i, j] * values[j, part]
    kernel, bias = project[3]
    output = read @ kernel + bias
    output[~weights.any(axis=(0, 2))] = 0  # nothing to read, nothing to say
    return output, weights


@pytest.mark.parametrize("causal", [False, True])
def test_self_attention_against_the_loop(causal):
    layer = attention()
    inputs = np.random.default_rng(1).normal(size=(3, 5, 6)).astype("float32")
    # right-padded, left-padded (whose first queries may read nothing if causal) and whole
    mask = np.array([[True, True, True, False, False], [False, False, True, True, True], [True] * 5])
    output, weights = layer(inputs, mask=mask, causal=causal, return_weights=True)
    assert output.shape == (3, 5, 6)
    assert weights.shape == (3, 2, 5, 5)
    for row in range(3):
        expected = by_definition(layer, inputs[row], inputs[row], inputs[row], mask[row], causal)
        np.testing.assert_allclose(output[row], expected[0], atol=1e-5)
        np.testing.assert_allclose(weights[row], expected[1], atol=1e-6)
    np.testing.assert_array_equal(layer(inputs, mask=mask, causal=causal), output)


@pytest.mark.parametrize("window", [1, 2, 5, 9])
def test_a_window_on_the_past_against_the_loop(window):
    layer = attention()
    inputs = np.random.default_rng(1).normal(size=(2, 6, 6)).astype("float32")
    output, weights = layer(inputs, causal=True, window=window, return_weights=True)
    past, pieces = tuple(np.zeros((2, 2, window, 3), "float32") for _ in range(2)), []
    for start, stop in ((0, 3), (3, 4), (4, 6)):
        read, past = layer.read_on(inputs[:, start:stop], past, np.full(2, start, "int32"))
        assert [part.shape for part in past] == [(2, 2, window, 3)] * 2
        pieces.append(read)
    for row in range(2):
        expected = by_definition(layer, *[inputs[row]] * 3, np.ones(6, bool), True, window)
        np.testing.assert_allclose(output[row], expected[0], atol=1e-5)
        np.testing.assert_allclose(weights[row], expected[1], atol=1e-6)
        np.testing.assert_allclose(np.concatenate(pieces, axis=1)[row], expected[0], atol=1e-5)


def test_cross_attention_against_the_loop():
    layer = attention(heads=3, key_width=4, value_width=2)
    random = np.random.default_rng(2)
    query, key, value = (
        random.normal(size=shape).astype("float32") for shape in ((2, 3, 6), (2, 5, 4), (2, 5, 2))
    )
    mask = np.array([[True, True, False, False, False], [True] * 5])
    output, weights = layer(query, key, value, mask=mask, return_weights=True)
    assert weights.shape == (2, 3, 3, 5)
    for row in range(2):
        expected = by_definition(layer, query[row], key[row], value[row], mask[row], False)
        np.testing.assert_allclose(output[row], expected[0], atol=1e-5)
        np.testing.assert_allclose(weights[row], expected[1], atol=1e-6)
    # without a mask every key may be read; without values the keys are
    layer = attention(key_width=4)
    whole = by_definition(layer, query[0], key[0], key[0], np.ones(5, bool), False)
    np.testing.assert_allclose(layer(query, key)[0], whole[0], atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16", "float16"])
@pytest.mark.parametrize("causal", [False, True])
def test_nothing_to_read_gives_zeros_in_every_precision(dtype, causal):
    layer = attention(dtype=dtype)
    inputs = np.full((2, 4, 6), 30.0, "float32")
    mask = np.array([[True, False, False, False], [False] * 4])
    output, weights = layer(inputs, mask=mask, causal=causal, return_weights=True)
    output = np.asarray(keras.ops.cast(output, "float32"))
    assert np.isfinite(output).all()
    assert output[0].any()
    np.testing.assert_array_equal(output[1], 0)
    np.testing.assert_array_equal(weights[1], 0)


def test_more_padding_changes_nothing():
    layer = attention()
    inputs = np.random.default_rng(3).normal(size=(1, 4, 6)).astype("float32")
    longer = np.pad(
        inputs, [(0, 0), (0, 5), (0, 0)], constant_values=9.0
    )  # zeros would hide a forgotten mask
    padded = layer(longer, mask=np.arange(9)[np.newaxis] < 4)
    np.testing.assert_allclose(padded[:, :4], layer(inputs), atol=1e-6)


def test_the_kernels_start_unlike_each_other():
    # One initialiser object draws the same numbers each time: queries would equal keys.
    layer = MultiHeadAttention(2)
    layer.build((None, None, 6))
    assert np.abs(np.asarray(layer.query.kernel) - np.asarray(layer.key.kernel)).max() > 0.1


def test_dropout_acts_on_the_weights_in_training_alone():
    layer = attention(dropout=0.5)
    inputs = np.random.default_rng(4).normal(size=(2, 8, 6)).astype("float32")
    output, weights = layer(inputs, return_weights=True, training=True)
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1, atol=1e-5)
    assert np.abs(np.asarray(output) - np.asarray(layer(inputs))).max() > 0.1


def test_config_round_trip_and_errors():
    layer = MultiHeadAttention(3, dropout=0.1, kernel_initializer="he_normal", kernel_regularizer="l2")
    config = json.loads(json.dumps(layer.get_config()))
    assert MultiHeadAttention.from_config(config).get_config() == layer.get_config()
    with pytest.raises(ValueError, match="`heads` must be at least 1"):
        MultiHeadAttention(0)
    with pytest.raises(ValueError, match="multiple of `heads`"):
        MultiHeadAttention(4).build((None, None, 6))
