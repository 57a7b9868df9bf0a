"""The adaptive softmax: one distribution made of two steps, and training that computes what occurs."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.layers.word_softmax import AdaptiveSoftmax
from tfnlp.layers.word_softmax.adaptive_softmax import default_cutoffs

VOCABULARY, WIDTH = 23, 8


def parts(cutoffs=(6, 13), factor=2, targets=(1, 5, 6, 12, 13, 22, 3), **settings):
    random = np.random.default_rng(0)
    layer = AdaptiveSoftmax(VOCABULARY, cutoffs=cutoffs, factor=factor, **settings)
    layer.build((None, WIDTH))
    for weight in layer.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    return layer, random.normal(size=(len(targets), WIDTH)).astype(np.float32), np.array(targets, np.int32)


def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def by_hand(layer, vector):
    """The probabilities of all tokens, in float64: the head's, and each cluster's share of its own."""
    vector = vector.astype(np.float64)
    head = softmax(layer.head.numpy() @ vector + layer.head_bias.numpy())
    probabilities = [0.0, *head[: layer.head_words]]
    for i, (narrowing, tail, bias) in enumerate(zip(layer.narrowings, layer.tails, layer.tail_biases)):
        narrow = vector @ narrowing.kernel.numpy()
        probabilities += list(head[layer.head_words + i] * softmax(tail.numpy() @ narrow + bias.numpy()))
    return np.array(probabilities)


CUTS = pytest.mark.parametrize("cutoffs", [(6, 13), (2, 22), (7,), (), (3, 9, 10, 15)], ids=str)


@CUTS
def test_is_one_distribution_made_of_two_steps(cutoffs):
    layer, vectors, targets = parts(cutoffs)
    logs = layer.log_probabilities(vectors).numpy()
    expected = np.stack([by_hand(layer, vector) for vector in vectors])
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-9)
    np.testing.assert_allclose(np.exp(logs), expected, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1, rtol=1e-5)
    assert (np.exp(logs[:, 0]) == 0).all()  # padding
    losses = layer.negative_log_likelihood(vectors, targets, training=True)
    np.testing.assert_allclose(losses, -logs[np.arange(len(targets)), targets], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("targets", [(1, 2, 3), (13, 14, 22), (12,), ()], ids=str)
def test_clusters_that_do_not_occur_are_no_trouble(targets):
    layer, vectors, targets = parts(targets=targets)
    with tf.GradientTape() as tape:
        losses = layer.negative_log_likelihood(vectors, targets, training=True)
        loss = tf.reduce_sum(losses)
    logs = layer.log_probabilities(vectors).numpy()
    np.testing.assert_allclose(losses, -logs[np.arange(len(targets)), targets], rtol=1e-4)
    gradients = tape.gradient(loss, [layer.head.value, *(tail.value for tail in layer.tails)])
    occurs = [len(targets) > 0, any(6 <= t < 13 for t in targets), any(t >= 13 for t in targets)]
    assert [bool(tf.convert_to_tensor(gradient).numpy().any()) for gradient in gradients] == occurs


@CUTS
def test_the_gradient_is_that_of_the_definition(cutoffs):
    layer, vectors, targets = parts(cutoffs)
    vectors = tf.constant(vectors)

    def gradients(losses_of):
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            loss = tf.reduce_sum(losses_of() * np.linspace(0.1, 2, len(targets), dtype=np.float32))
        wanted = [vectors, *(weight.value for weight in layer.trainable_weights)]
        return tape.gradient(loss, wanted)

    trained = gradients(lambda: layer.negative_log_likelihood(vectors, targets, training=True))
    derived = gradients(lambda: -tf.gather(layer.log_probabilities(vectors), targets, batch_dims=1))
    for one, other in zip(trained, derived, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_the_gradient_is_that_of_finite_differences():
    layer, vectors, targets = parts()

    def loss():
        return tf.reduce_sum(layer.negative_log_likelihood(vectors, targets, training=True))

    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, [weight.value for weight in layer.trainable_weights])
    for weight, gradient in zip(layer.trainable_weights, gradients):
        start = weight.numpy()
        direction = np.random.default_rng(5).normal(size=start.shape).astype(np.float32)
        direction /= np.linalg.norm(direction)
        ends = []
        for step in (1e-2, -1e-2):
            weight.assign(start + step * direction)
            ends.append(float(loss()))
        weight.assign(start)
        found = np.sum(tf.convert_to_tensor(gradient).numpy() * direction)
        assert found == pytest.approx((ends[0] - ends[1]) / 0.02, rel=0.02, abs=2e-3), weight.path


def test_a_backend_without_ragged_rows_gets_the_same(monkeypatch):
    layer, vectors, targets = parts()
    expected = layer.negative_log_likelihood(vectors, targets)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    np.testing.assert_allclose(layer.negative_log_likelihood(vectors, targets), expected, rtol=1e-4)


def test_padding_as_a_target_is_finite():
    layer, vectors, targets = parts(targets=(1, 0, 15))
    assert np.isfinite(layer.negative_log_likelihood(vectors, targets)).all()


def test_rows_of_unknown_number_in_a_graph():
    layer, vectors, targets = parts()
    signature = [tf.TensorSpec([None, WIDTH]), tf.TensorSpec([None], tf.int32)]
    function = tf.function(layer.negative_log_likelihood, input_signature=signature, autograph=False)
    np.testing.assert_allclose(
        function(vectors, targets), layer.negative_log_likelihood(vectors, targets), rtol=1e-5
    )


def test_half_precision_is_near():
    layer, vectors, targets = parts(dtype="mixed_bfloat16")
    exact, *_ = parts()
    losses = layer.negative_log_likelihood(vectors, targets, training=True)
    assert losses.dtype == tf.float32
    np.testing.assert_allclose(losses, exact.negative_log_likelihood(vectors, targets), rtol=0.02, atol=0.15)


def test_rare_words_have_narrower_vectors():
    layer, _, _ = parts(factor=4)
    assert [tail.shape for tail in layer.tails] == [(7, 2), (10, 1)]  # never none
    assert layer.head.shape == (5 + 2, WIDTH)
    assert AdaptiveSoftmax(100, cutoffs=[]).clusters == []


def test_settings_and_weights_come_back():
    layer, vectors, _ = parts()
    config = json.loads(json.dumps(layer.get_config()))
    again = AdaptiveSoftmax.from_config(config)
    assert again.get_config() == config
    again.build((None, WIDTH))
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(vectors), layer(vectors))
    assert layer(keras.KerasTensor((None, WIDTH))).shape == (None, VOCABULARY)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(200_000, [4000, 40_000]), (10_000, [1000, 5000]), (60, [6, 30]), (21, [2, 10]), (10, [5]), (3, [])],
)
def test_cutoffs_found_for_a_vocabulary(size, expected):
    assert default_cutoffs(size) == expected
    assert AdaptiveSoftmax(size).cutoffs == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cutoffs": [5, 5]}, "cutoffs"),
        ({"cutoffs": [9, 5]}, "cutoffs"),
        ({"cutoffs": [1]}, "cutoffs"),
        ({"cutoffs": [23]}, "cutoffs"),
        ({"factor": 0}, "factor"),
        ({"table_dim": 4}, "cannot be tied"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        AdaptiveSoftmax(VOCABULARY, **settings)


def test_a_table_is_refused():
    layer, vectors, targets = parts()
    with pytest.raises(ValueError, match="matrix of its own"):
        layer.negative_log_likelihood(vectors, targets, table=vectors)
