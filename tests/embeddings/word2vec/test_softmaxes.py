"""The hierarchical and the full softmax against plain loops over pairs, and against finite differences."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.embeddings.word2vec import hierarchical_softmax
from tfnlp.embeddings.word2vec.full_softmax import FullSoftmax
from tfnlp.embeddings.word2vec.hierarchical_softmax import HierarchicalSoftmax
from tfnlp.embeddings.word2vec.huffman import huffman_tree

COUNTS = np.array([60, 31, 14, 9, 5, 4, 4, 2, 1, 1, 1])
WORDS, DIMENSION, BLOCKS, ROWS = len(COUNTS), 4, 3, 6


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def hierarchical_pair(h, table, word):
    """Loss, gradient of h, gradient of the table, of one pair: a step at a time."""
    loss, d_h, d_table = 0.0, np.zeros_like(h), np.zeros_like(table)
    for node, code in zip(*huffman_tree(COUNTS).path(word)):
        sign = 1.0 if code == 1 else -1.0
        loss -= np.log(sigmoid(sign * h @ table[node]))
        error = sigmoid(h @ table[node]) - code
        d_h += error * table[node]
        d_table[node] += error * h
    return loss, d_h, d_table


def full_pair(h, table, word):
    scores = np.exp(table @ h)
    p = scores / scores.sum()
    error = p - np.eye(len(table))[word]
    return -np.log(p[word]), error @ table, np.outer(error, h)


def reference(pair, hidden, table, targets, weights):
    """The sums over all pairs, in double precision."""
    loss, d_hidden, d_table = 0.0, np.zeros_like(hidden), np.zeros_like(table)
    for block, target in np.ndindex(targets.shape):
        rows = range(hidden.shape[1]) if weights.ndim == 3 else [target]
        for row in rows:
            weight = weights[block, target, row] if weights.ndim == 3 else weights[block, target]
            if weight:
                a, b, c = pair(hidden[block, row], table, targets[block, target])
                loss, d_table = loss + a, d_table + c
                d_hidden[block, row] += b
    return loss, d_hidden, d_table


def drawn_blocks(architecture, seed=0):
    """Blocks as the trainer gives them: a band (skip-gram) or one weight a target (CBOW), some padding."""
    random = np.random.default_rng(seed)
    hidden = random.normal(size=(BLOCKS, ROWS, DIMENSION))
    targets = random.integers(0, WORDS, (BLOCKS, ROWS))
    targets[-1, -2:] = 0
    if architecture == "cbow":
        weights = np.ones((BLOCKS, ROWS))
        weights[-1, -2:] = 0
    else:
        near = np.abs(np.arange(ROWS)[:, None] - np.arange(ROWS)) <= 2
        weights = (
            (near & ~np.eye(ROWS, dtype=bool)) * np.ones((BLOCKS, 1, 1)) * random.integers(0, 2, (ROWS, 1))
        )
        weights[-1, -2:] = 0
        weights[-1, :, -2:] = 0
    return hidden, targets, weights


@pytest.fixture(params=["hierarchical, all head", "hierarchical, mostly tail", "full"])
def loss(request, monkeypatch):
    """An objective whose table is not zero, and one pair's slow reference."""
    if request.param == "full":
        objective, pair = FullSoftmax(COUNTS, DIMENSION), full_pair
    else:
        monkeypatch.setattr(hierarchical_softmax, "HEAD_ONE_IN", 1000 if "all head" in request.param else 2)
        objective, pair = HierarchicalSoftmax(COUNTS, DIMENSION), hierarchical_pair
        assert objective.head == (WORDS - 1 if "all head" in request.param else 2)
    objective.table.assign(np.random.default_rng(7).normal(size=objective.table.shape))
    return objective, pair


@functools.cache
def compiled(objective, weights_rank):
    def run(*arguments):
        loss, d_hidden = objective.step(*arguments)
        return loss(), d_hidden

    return tf.function(
        run,
        input_signature=[
            tf.TensorSpec([None, None, DIMENSION]),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None] * weights_rank),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([]),
        ],
        autograph=False,
    )


def step(objective, hidden, targets, weights, learning_rate):
    drawn = objective.draw(np.random.default_rng(0), 1, len(hidden))[0]
    loss_sum, d_hidden = compiled(objective, weights.ndim)(
        hidden.astype(np.float32), targets.astype(np.int32), weights.astype(np.float32), drawn, learning_rate
    )
    return float(loss_sum), d_hidden.numpy()


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_one_step_is_that_of_a_plain_loop(loss, architecture):
    objective, pair = loss
    blocks = drawn_blocks(architecture)
    table = objective.table.numpy().astype(np.float64)
    expected_loss, expected_d_hidden, expected_d_table = reference(pair, blocks[0], table, *blocks[1:])
    loss_sum, d_hidden = step(objective, *blocks, learning_rate=0.01)
    assert loss_sum == pytest.approx(expected_loss, rel=1e-5)
    np.testing.assert_allclose(d_hidden, expected_d_hidden, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(objective.table.numpy(), table - 0.01 * expected_d_table, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_the_gradients_are_the_slopes_of_the_loss(loss, architecture):
    objective, pair = loss
    hidden, targets, weights = drawn_blocks(architecture, seed=1)
    table = objective.table.numpy().astype(np.float64)
    _, d_hidden = step(objective, hidden, targets, weights, learning_rate=0.01)
    d_table = (table - objective.table.numpy()) / 0.01
    for values, gradient in ((hidden, d_hidden), (table, d_table)):
        direction = np.random.default_rng(2).normal(size=values.shape)
        ends = []
        for way in (1e-5, -1e-5):
            values += way * direction
            ends.append(reference(pair, hidden, table, targets, weights)[0])
            values -= way * direction
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx((gradient * direction).sum(), rel=1e-3)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_padding_neither_counts_nor_learns(loss, architecture):
    objective, _ = loss
    hidden, targets, weights = drawn_blocks(architecture)
    start = objective.table.numpy()
    loss_sum, d_hidden = step(objective, hidden, targets, weights, 0.01)
    after = objective.table.numpy()
    objective.table.assign(start)
    longer = [(0, 1), (0, 3), (0, 3)]
    padded_loss, padded_d_hidden = step(
        objective,
        np.pad(hidden, [*longer[:2], (0, 0)], constant_values=9.0),
        np.pad(targets, longer[:2]),
        np.pad(weights, longer[: weights.ndim]),
        0.01,
    )
    assert padded_loss == pytest.approx(loss_sum, rel=1e-5)
    np.testing.assert_allclose(padded_d_hidden[:BLOCKS, :ROWS], d_hidden, rtol=1e-4, atol=1e-6)
    assert not padded_d_hidden[BLOCKS:].any() and not padded_d_hidden[:, ROWS:].any()
    np.testing.assert_allclose(objective.table.numpy(), after, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_the_mean_loss_does_not_depend_on_the_batch(loss, architecture):
    objective, _ = loss
    hidden, targets, weights = drawn_blocks(architecture)
    together, _ = step(objective, hidden, targets, weights, 0.0)
    parts = [
        step(objective, *(x[i : i + 1] for x in (hidden, targets, weights)), 0.0)[0] for i in range(BLOCKS)
    ]
    assert together == pytest.approx(sum(parts), rel=1e-5)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_a_huge_step_does_not_overshoot(loss, architecture):
    """Thousands of pairs pass the root in one step: their sum, at the learning rate, would throw it far away."""
    objective, _ = loss
    blocks = [np.repeat(x, 200, axis=0) for x in drawn_blocks(architecture)]
    losses = [step(objective, *blocks, learning_rate=1.0)[0] for _ in range(8)]
    assert np.isfinite(losses).all()
    assert (np.diff(losses) < 0).all()


def test_nothing_is_known_at_the_start():
    """With rows of zeros each answer is a coin's, and each word as likely as any."""
    hidden, targets, weights = drawn_blocks("cbow")
    questions = (huffman_tree(COUNTS).lengths[targets] * weights).sum()
    start, _ = step(HierarchicalSoftmax(COUNTS, DIMENSION), hidden, targets, weights, 0.0)
    assert start == pytest.approx(questions * np.log(2), rel=1e-5)
    start, _ = step(FullSoftmax(COUNTS, DIMENSION), hidden, targets, weights, 0.0)
    assert start == pytest.approx(weights.sum() * np.log(WORDS), rel=1e-5)


def test_the_tree_is_a_distribution_over_words():
    objective = HierarchicalSoftmax(COUNTS, DIMENSION)
    objective.table.assign(np.random.default_rng(3).normal(size=objective.table.shape))
    h = np.random.default_rng(4).normal(size=DIMENSION)
    losses = [step(objective, h[None, None], np.array([[w]]), np.ones((1, 1)), 0.0)[0] for w in range(WORDS)]
    assert np.exp(-np.array(losses)).sum() == pytest.approx(1.0, rel=1e-5)


def test_answers_that_are_certain_are_finite():
    for objective in (HierarchicalSoftmax(COUNTS, DIMENSION), FullSoftmax(COUNTS, DIMENSION)):
        objective.table.assign(tf.random.stateless_normal(objective.table.shape, [1, 2]) * 100.0)
        hidden, targets, weights = drawn_blocks("skipgram")
        loss_sum, d_hidden = step(objective, hidden * 100.0, targets, weights, 0.025)
        assert np.isfinite(loss_sum) and np.isfinite(d_hidden).all()
        assert np.isfinite(objective.table.numpy()).all()
