"""The softmax over all words: what it says, what training follows, and that padding is never foretold."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.layers.word_softmax import FullSoftmax, WordSoftmax

VOCABULARY, WIDTH = 11, 4


def parts(*, tied=False, table_dim=WIDTH, dtype="float32", seed=0):
    random = np.random.default_rng(seed)
    layer = FullSoftmax(VOCABULARY, table_dim=table_dim if tied else None, dtype=dtype)
    layer.build((None, WIDTH))
    layer.bias.assign(random.normal(size=VOCABULARY))
    vectors = random.normal(size=(6, WIDTH)).astype(np.float32)
    targets = random.integers(1, VOCABULARY, 6).astype(np.int32)
    table = random.normal(size=(VOCABULARY, table_dim)).astype(np.float32) if tied else None
    return layer, vectors, targets, table


def by_hand(layer, vectors, table):
    """Probabilities by the definition, in float64, padding left out."""
    if layer.projection is not None:
        vectors = vectors @ layer.projection.kernel.numpy()
    matrix = layer.kernel.numpy() if table is None else table
    logits = vectors.astype(np.float64) @ matrix.T.astype(np.float64) + layer.bias.numpy()
    powers = np.exp(logits)
    powers[:, 0] = 0
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("tied", "table_dim"), [(False, WIDTH), (True, WIDTH), (True, 7)])
def test_is_the_softmax_of_its_definition(tied, table_dim):
    layer, vectors, targets, table = parts(tied=tied, table_dim=table_dim)
    expected = by_hand(layer, vectors, table)
    logs = layer.log_probabilities(vectors, table).numpy()
    np.testing.assert_allclose(np.exp(logs), expected, rtol=1e-5, atol=1e-7)
    losses = layer.negative_log_likelihood(vectors, targets, training=True, table=table).numpy()
    np.testing.assert_allclose(losses, -np.log(expected[np.arange(6), targets]), rtol=1e-5)
    assert (layer.projection is not None) == (table_dim != WIDTH)


def test_padding_has_no_probability():
    layer, vectors, _, _ = parts()
    layer.bias.assign(np.eye(VOCABULARY)[0] * 100)
    probabilities = np.exp(layer.log_probabilities(vectors).numpy())
    assert (probabilities[:, 0] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(("tied", "table_dim"), [(False, WIDTH), (True, WIDTH), (True, 7)])
def test_the_written_derivative_is_that_of_tensorflow(tied, table_dim):
    layer, vectors, targets, table = parts(tied=tied, table_dim=table_dim)
    read = [tf.constant(vectors), *([tf.constant(table)] if tied else [])]
    weights = tf.constant(np.linspace(0.1, 2, 6), tf.float32)  # each row counts differently

    def gradients(losses_of):
        with tf.GradientTape() as tape:
            tape.watch(read)
            loss = tf.reduce_sum(weights * losses_of(read[0], read[1] if tied else None))
        wanted = read + [weight.value for weight in layer.trainable_weights]
        return [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, wanted)]

    written = gradients(lambda v, t: layer.negative_log_likelihood(v, targets, training=True, table=t))
    derived = gradients(lambda v, t: -tf.gather(layer.log_probabilities(v, t), targets, batch_dims=1))
    for one, other in zip(written, derived, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_padding_as_a_target_spoils_no_gradient():
    layer, vectors, targets, _ = parts()
    targets[2] = 0
    with tf.GradientTape() as tape:
        losses = layer.negative_log_likelihood(vectors, targets)
        loss = tf.reduce_sum(tf.where(targets != 0, losses, 0.0))
    gradient = tape.gradient(loss, layer.kernel.value)
    assert np.isfinite(losses).all()
    assert np.isfinite(gradient).all()
    assert not gradient[0].numpy().any()


def test_is_exact_in_half_precision_but_for_the_products():
    layer, vectors, targets, _ = parts(dtype="mixed_bfloat16")
    losses = layer.negative_log_likelihood(vectors, targets)
    assert losses.dtype == tf.float32
    expected = -np.log(by_hand(layer, vectors, None)[np.arange(6), targets])
    np.testing.assert_allclose(losses, expected, atol=0.05)


def test_large_logits_neither_overflow_nor_vanish():
    layer, vectors, targets, _ = parts()
    layer.kernel.assign(layer.kernel.numpy() * 1e4)
    assert np.isfinite(layer.negative_log_likelihood(vectors, targets)).all()


def test_settings_and_weights_come_back():
    layer, vectors, _, table = parts(tied=True, table_dim=7)
    config = json.loads(json.dumps(layer.get_config()))
    again = FullSoftmax.from_config(config)
    assert again.get_config() == config
    again.build((None, WIDTH))
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(vectors, table), layer(vectors, table))
    assert layer(keras.KerasTensor((None, WIDTH)), table).shape == (None, VOCABULARY)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocabulary_size": 1}, "vocabulary_size"),
        ({"vocabulary_size": 9, "table_dim": 0}, "table_dim"),
        ({"vocabulary_size": 9, "initial_range": 0.0}, "initial_range"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        FullSoftmax(**settings)


def test_a_missing_or_a_needless_table_is_refused():
    layer, vectors, targets, table = parts(tied=True)
    with pytest.raises(ValueError, match="needs the table"):
        layer.negative_log_likelihood(vectors, targets)
    layer, vectors, targets, _ = parts()
    with pytest.raises(ValueError, match="matrix of its own"):
        layer.negative_log_likelihood(vectors, targets, table=table)


def test_the_base_says_what_a_subclass_must_bring():
    with pytest.raises(NotImplementedError, match="negative_log_likelihood"):
        WordSoftmax(5).negative_log_likelihood(np.zeros((1, 2)), np.ones(1, np.int32))
