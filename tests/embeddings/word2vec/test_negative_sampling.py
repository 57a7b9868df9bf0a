"""Negative sampling against a slow plain loop."""

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.embeddings.word2vec.negative_sampling import NegativeSampling

COUNTS = np.array([50, 20, 10, 5, 2, 1])
# Low enough that no row is held back.
RATE = 0.01


def softplus(x):
    return np.log1p(np.exp(x))


def reference(table, hidden, targets, weights, noise, negatives):
    """Pair by pair: loss, gradient of the hidden rows, gradient of the table."""
    loss, d_hidden, d_table = 0.0, np.zeros(hidden.shape), np.zeros(table.shape)

    def logistic(block, row, word, sign, weight):
        nonlocal loss
        score = hidden[block, row] @ table[word]
        loss += weight * softplus(-sign * score)
        slope = -sign * weight / (1 + np.exp(sign * score))
        d_hidden[block, row] += slope * table[word]
        d_table[word] += slope * hidden[block, row]

    for block, target, row in np.ndindex(weights.shape):
        if weights[block, target, row]:
            logistic(block, row, targets[block, target], 1, 1.0)
            for word in noise[block]:
                logistic(block, row, word, -1, negatives / noise.shape[1])
    return loss, d_hidden, d_table


def compiled(objective):
    def run(*arguments):
        loss, d_hidden = objective.step(*arguments)
        return loss(), d_hidden

    return tf.function(run, jit_compile=True, autograph=False)


@pytest.fixture
def step():
    random = np.random.default_rng(0)
    objective = NegativeSampling(COUNTS, 4, negatives=3, shared=5)
    table = random.normal(size=(6, 4)).astype(np.float32)
    objective.variables[0].assign(table)
    hidden = random.normal(size=(2, 7, 4)).astype(np.float32)
    targets = random.integers(0, 6, (2, 3)).astype(np.int32)
    weights = (random.random((2, 3, 7)) < 0.4).astype(np.float32)
    weights[1, 2] = 0
    noise = random.integers(0, 6, (2, 5)).astype(np.int32)
    return objective, table, hidden, targets, weights, noise


def test_skip_gram_agrees_with_a_plain_loop(step):
    objective, table, hidden, targets, weights, noise = step
    loss, d_hidden = compiled(objective)(hidden, targets, weights, noise, RATE)
    expected_loss, expected_hidden, expected_table = reference(table, hidden, targets, weights, noise, 3)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    np.testing.assert_allclose(d_hidden, expected_hidden, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(objective.variables[0], table - RATE * expected_table, rtol=1e-4, atol=1e-5)


def test_cbow_agrees_with_a_plain_loop(step):
    objective, table, hidden, targets, _, noise = step
    hidden = hidden[:, :3]
    valid = np.array([[1, 1, 0], [1, 0, 1]], np.float32)
    loss, d_hidden = compiled(objective)(hidden, targets, valid, noise, RATE)
    weights = valid[:, :, None] * np.eye(3)
    expected_loss, expected_hidden, expected_table = reference(table, hidden, targets, weights, noise, 3)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    np.testing.assert_allclose(d_hidden, expected_hidden, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(objective.variables[0], table - RATE * expected_table, rtol=1e-4, atol=1e-5)


def test_the_gradient_is_the_slope_of_the_loss(step):
    objective, _, hidden, targets, weights, noise = step
    run = compiled(objective)
    _, d_hidden = run(hidden, targets, weights, noise, 0.0)
    for place in [(0, 0, 0), (0, 3, 2), (1, 5, 1)]:
        moved = []
        for change in (1e-2, -1e-2):
            other = hidden.copy()
            other[place] += change
            moved.append(float(run(other, targets, weights, noise, 0.0)[0]))
        np.testing.assert_allclose(d_hidden[place], (moved[0] - moved[1]) / 2e-2, rtol=1e-2, atol=1e-3)


def test_noise_is_drawn_by_the_counts_to_the_power():
    objective = NegativeSampling(COUNTS, 4, shared=50)
    drawn = objective.draw(np.random.default_rng(0), 40, 50)
    assert (drawn.shape, drawn.dtype) == ((40, 50, 50), np.int32)
    expected = COUNTS**0.75 / (COUNTS**0.75).sum()
    np.testing.assert_allclose(np.bincount(drawn.ravel()) / drawn.size, expected, atol=0.005)
