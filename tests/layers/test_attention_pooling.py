import json

import keras
import numpy as np

from tfnlp.layers import AttentionPooling


def pooling(units=3, **settings):
    layer = AttentionPooling(**settings)
    layer.build((None, None, units))
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def by_definition(layer, vectors):
    """The equations, over the tokens of one text."""
    weights = {weight.path.split("/", 1)[1]: np.asarray(weight) for weight in layer.weights}
    kernel, bias, query = weights["projection/kernel"], weights["projection/bias"], weights["query"][:, 0]
    scores = np.array([np.tanh(vector @ kernel + bias) @ query for vector in vectors])
    shares = np.exp(scores) / np.exp(scores).sum()
    return sum(share * vector for share, vector in zip(shares, vectors)), shares


def test_it_is_the_mean_that_the_query_weighs():
    layer = pooling()
    inputs = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
    mask = np.array([[True, True, True, False, False], [True] * 5])
    inputs[0, 3:] = 9  # what is masked must not matter
    pooled, weights = layer(inputs, mask=mask, return_weights=True)
    for row, length in ((0, 3), (1, 5)):
        expected, shares = by_definition(layer, inputs[row, :length])
        np.testing.assert_allclose(pooled[row], expected, atol=1e-6)
        np.testing.assert_allclose(weights[row, :length], shares, atol=1e-6)
    np.testing.assert_array_equal(weights[0, 3:], 0)


def test_no_tokens_give_zeros():
    inputs, mask = np.ones((1, 4, 3), "float32"), np.zeros((1, 4), bool)
    pooled, weights = pooling()(inputs, mask=mask, return_weights=True)
    assert not np.any(pooled) and not np.any(weights)


def test_weights_sum_to_one_in_half_precision():
    layer = pooling(dtype="mixed_float16")
    inputs = np.random.default_rng(2).normal(size=(1, 700, 3)).astype("float32")
    pooled, weights = layer(inputs, mask=np.ones((1, 700), bool), return_weights=True)
    assert keras.backend.standardize_dtype(pooled.dtype) == "float16"
    assert abs(float(np.sum(weights)) - 1) < 1e-5


def test_config_round_trip():
    layer = AttentionPooling(kernel_regularizer="l2")
    config = json.loads(json.dumps(layer.get_config()))
    assert AttentionPooling.from_config(config).get_config() == layer.get_config()
