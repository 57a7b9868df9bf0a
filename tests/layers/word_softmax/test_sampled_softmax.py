"""The sampled softmax: that its sample is what it says, that it is right on average, and exact outside training."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.layers.word_softmax import FullSoftmax, SampledSoftmax

VOCABULARY, WIDTH = 30, 4


def parts(samples=8, *, tied=False, table_dim=WIDTH, seed=3, cls=SampledSoftmax, **settings):
    random = np.random.default_rng(0)
    own = {"samples": samples, "seed": seed} if cls is SampledSoftmax else {}
    layer = cls(VOCABULARY, table_dim=table_dim if tied else None, **own, **settings)
    layer.build((None, WIDTH))
    for weight in layer.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    vectors = random.normal(size=(5, WIDTH)).astype(np.float32)
    targets = np.array([1, 2, 7, 20, 29], np.int32)
    table = random.normal(size=(VOCABULARY, table_dim)).astype(np.float32) if tied else None
    return layer, vectors, targets, table


def draws(layer, count):
    draw = tf.function(layer.draw)
    drawn = [draw() for _ in range(count)]
    return tuple(np.stack([np.asarray(part) for part in column]) for column in zip(*drawn))


def test_the_sample_is_of_words_each_once_and_frequent_ones_more_often():
    words, log_q = draws(parts()[0], 2000)
    assert words.min() == 1  # padding is never drawn
    assert words.max() == VOCABULARY - 1
    assert all(len(set(row)) == 8 for row in words.tolist())
    assert (log_q <= 0).all()
    # Without replacement, by Zipf's law: the same draw in numpy.
    rates = np.log1p(1 / np.arange(1, VOCABULARY))
    random = np.random.default_rng(1)
    expected = np.zeros(VOCABULARY - 1)
    for _ in range(2000):
        expected[random.choice(VOCABULARY - 1, 8, replace=False, p=rates / rates.sum())] += 1
    np.testing.assert_allclose(np.bincount(words.ravel())[1:] / 2000, expected / 2000, atol=0.06)


def test_what_a_sampled_word_counts_is_right_on_average():
    # Counted 1/q times whenever it is drawn, every word counts once on average: Horvitz and Thompson, 1952.
    words, log_q = draws(parts()[0], 5000)
    counted = np.bincount(words.ravel(), weights=np.exp(-log_q.ravel())) / 5000
    np.testing.assert_allclose(counted[1:], 1, atol=0.12)


@pytest.mark.parametrize(("tied", "table_dim"), [(False, WIDTH), (True, WIDTH), (True, 7)])
def test_the_sum_of_the_softmax_is_right_on_average(tied, table_dim):
    layer, vectors, targets, table = parts(tied=tied, table_dim=table_dim)
    layer.bias.assign(np.random.default_rng(2).normal(size=VOCABULARY))
    exact = layer.negative_log_likelihood(vectors, targets, table=table).numpy()
    sampling = tf.function(
        lambda: layer.negative_log_likelihood(vectors, targets, training=True, table=table)
    )
    estimates = np.exp([sampling().numpy() for _ in range(3000)])  # sum / what came
    np.testing.assert_allclose(estimates.mean(axis=0), np.exp(exact), rtol=0.1)
    assert (np.log(estimates).mean(axis=0) < exact + 0.02).all()


def test_against_the_formula_word_by_word():
    layer, vectors, targets, _ = parts()
    words, log_q = (np.asarray(part, np.float64) for part in parts()[0].draw())
    found = layer.negative_log_likelihood(vectors, targets, training=True).numpy()
    logits = vectors.astype(np.float64) @ layer.kernel.numpy().T + layer.bias.numpy()
    for row, target in enumerate(targets):
        total = np.exp(logits[row, target])
        for word, q in zip(words.astype(int), np.exp(log_q)):
            if word != target:  # the one that came counts once, drawn or not
                total += np.exp(logits[row, word]) / q
        assert found[row] == pytest.approx(np.log(total) - logits[row, target], rel=1e-4)


@pytest.mark.parametrize("samples", [VOCABULARY - 1, VOCABULARY, 10_000])
def test_with_all_words_sampled_it_is_the_full_softmax(samples):
    layer, vectors, targets, _ = parts(samples)
    full, *_ = parts(cls=FullSoftmax)
    full.set_weights(layer.get_weights())
    expected = full.negative_log_likelihood(vectors, targets, training=True)
    np.testing.assert_array_equal(layer.negative_log_likelihood(vectors, targets, training=True), expected)


def test_with_all_but_one_it_nearly_is():
    layer, vectors, targets, _ = parts(VOCABULARY - 2)
    exact = layer.negative_log_likelihood(vectors, targets)
    losses = np.mean(
        [layer.negative_log_likelihood(vectors, targets, training=True) for _ in range(30)], axis=0
    )
    np.testing.assert_allclose(losses, exact, atol=0.05)


def test_outside_training_it_is_exact():
    layer, vectors, targets, _ = parts()
    logs = layer.log_probabilities(vectors).numpy()
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1, rtol=1e-5)
    found = layer.negative_log_likelihood(vectors, targets)
    np.testing.assert_allclose(found, -logs[np.arange(5), targets], rtol=1e-5)


def test_a_seed_repeats_and_two_batches_differ():
    losses = []
    for _ in range(2):
        layer, vectors, targets, _ = parts(seed=11)
        losses.append(
            [layer.negative_log_likelihood(vectors, targets, training=True).numpy() for _ in range(2)]
        )
    np.testing.assert_array_equal(losses[0], losses[1])
    assert np.abs(losses[0][0] - losses[0][1]).max() > 1e-3
    # What a checkpoint keeps: where the draws stand.
    assert any(variable is layer.draws.state for variable in layer.variables)


def test_the_gradient_is_that_of_finite_differences():
    layer, vectors, targets, _ = parts()
    variables = [tf.Variable(vectors), layer.kernel.value, layer.bias.value]
    state = layer.draws.state.numpy()

    def loss():
        layer.draws.state.assign(state)  # the same words each time
        losses = layer.negative_log_likelihood(tf.convert_to_tensor(variables[0]), targets, training=True)
        return tf.reduce_sum(losses)

    with tf.GradientTape() as tape:
        value = loss()
    for variable, gradient in zip(variables, tape.gradient(value, variables)):
        start, gradient = variable.numpy(), tf.convert_to_tensor(gradient).numpy()
        direction = np.random.default_rng(5).normal(size=start.shape).astype(np.float32)
        direction /= np.linalg.norm(direction)
        ends = []
        for step in (1e-2, -1e-2):
            variable.assign(start + step * direction)
            ends.append(float(loss()))
        variable.assign(start)
        assert np.sum(gradient * direction) == pytest.approx((ends[0] - ends[1]) / 0.02, rel=0.02, abs=2e-3)


def test_padding_as_a_target_spoils_no_gradient():
    layer, vectors, targets, _ = parts()
    targets[2] = 0
    with tf.GradientTape() as tape:
        losses = layer.negative_log_likelihood(vectors, targets, training=True)
        loss = tf.reduce_sum(tf.where(targets != 0, losses, 0.0))
    gradient = tf.convert_to_tensor(tape.gradient(loss, layer.kernel.value)).numpy()
    assert np.isfinite(losses).all()
    assert np.isfinite(gradient).all()
    assert not gradient[0].any()


def test_half_precision_rounds_the_products_alone():
    layer, vectors, targets, _ = parts(dtype="mixed_bfloat16")
    exact, *_ = parts()
    found = layer.negative_log_likelihood(vectors, targets, training=True)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(
        found, exact.negative_log_likelihood(vectors, targets, training=True), atol=0.06
    )


def test_settings_come_back_and_weights_are_those_of_the_full_softmax():
    layer, vectors, _, _ = parts()
    config = json.loads(json.dumps(layer.get_config()))
    assert SampledSoftmax.from_config(config).get_config() == config
    full, *_ = parts(cls=FullSoftmax)
    full.set_weights(layer.get_weights())
    np.testing.assert_array_equal(full(vectors), layer(vectors))
    with pytest.raises(ValueError, match="samples"):
        SampledSoftmax(9, samples=0)


def test_it_learns_the_words_frequencies():
    # The bias alone, trained by samples, must come to the logarithms of the frequencies that the words have.
    random = np.random.default_rng(0)
    frequencies = np.r_[0, 1 / np.arange(1, VOCABULARY)]
    frequencies /= frequencies.sum()
    layer = SampledSoftmax(VOCABULARY, samples=6, seed=1)
    layer.build((None, 1))
    vectors = np.zeros((256, 1), np.float32)
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build([layer.bias])

    @tf.function
    def step(targets):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(layer.negative_log_likelihood(vectors, targets, training=True))
        optimizer.apply([tape.gradient(loss, layer.bias.value)], [layer.bias])

    for now in range(400):
        if now == 200:
            optimizer.learning_rate = 0.005
        step(tf.constant(random.choice(VOCABULARY, 256, p=frequencies), tf.int32))
    found = np.exp(layer.log_probabilities(vectors[:1])[0].numpy())
    np.testing.assert_allclose(found, frequencies, atol=0.02)
