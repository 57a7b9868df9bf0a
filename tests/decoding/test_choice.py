"""Which tokens may come, and how one of them is drawn: against plain code."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnlp.decoding import Choice
from tfnlp.decoding.choice import also_seen, draw, seen_in
from tfnlp.decoding.filters import keep_top_k, keep_top_p, penalise_repetition
from tfnlp.decoding.numpy_choice import NumpyChoice

ROWS = st.lists(st.lists(st.integers(-4, 4), min_size=5, max_size=5), min_size=1, max_size=3)


def kept(logits):
    return [set(np.flatnonzero(np.isfinite(row))) for row in logits.numpy()]


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(1, 7))
def test_top_k_keeps_the_highest_and_of_ties_the_lower_ids(rows, k):
    logits = tf.constant(rows, tf.float32)
    expected = [set(sorted(range(5), key=lambda place: (-row[place], place))[:k]) for row in rows]
    assert kept(keep_top_k(logits, k)) == expected


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sampled_from([1e-6, 0.1, 0.35, 0.5, 0.75, 0.9, 0.999, 1.0]))
def test_top_p_keeps_the_fewest_that_reach_the_probability(rows, p):
    expected = []
    for row in rows:
        probabilities = np.exp(row) / np.exp(row).sum()
        order = sorted(range(5), key=lambda place: (-row[place], place))
        count = next(n for n in range(1, 6) if n == 5 or probabilities[order[:n]].sum() >= p * (1 - 1e-6))
        expected.append(set(order[:count]))
    assert kept(keep_top_p(tf.constant(rows, tf.float32), p)) == expected


def test_top_p_by_hand():
    logits = tf.math.log([[0.5, 0.1, 0.3, 0.1]])
    assert kept(keep_top_p(logits, 0.5)) == [{0}]
    assert kept(keep_top_p(logits, 0.51)) == [{0, 2}]
    assert kept(keep_top_p(logits, 0.85)) == [{0, 1, 2}]


def test_a_repeated_token_becomes_less_likely_on_either_side_of_zero():
    penalised = penalise_repetition(tf.constant([[2.0, -2.0, 3.0]]), tf.constant([[True, True, False]]), 1.5)
    np.testing.assert_allclose(penalised, [[2 / 1.5, -3.0, 3.0]], rtol=1e-6)


def test_what_is_seen_is_the_prompt_without_the_sentence_ends_and_what_is_padded():
    seen = seen_in(tf.constant([[2, 3, 4], [2, 4, 5]]), tf.constant([3, 2]), 6, but=2)
    assert [set(np.flatnonzero(row)) for row in seen.numpy()] == [{3, 4}, {4}]
    seen = also_seen(seen, tf.constant([2, 1]), but=2)
    assert [set(np.flatnonzero(row)) for row in seen.numpy()] == [{3, 4}, {1, 4}]


def test_draws_follow_the_distribution_and_never_the_impossible():
    logits = tf.concat(
        [tf.fill([1, 1], -np.inf), tf.math.log([[0.2, 0.5, 0.3]]), tf.fill([1, 1], -np.inf)], 1
    )
    uniform = (np.arange(1000, dtype=np.float32)) / 1000
    tokens = draw(tf.repeat(logits, 1000, axis=0), uniform).numpy()
    np.testing.assert_allclose(np.bincount(tokens, minlength=5) / 1000, [0, 0.2, 0.5, 0.3, 0], atol=2e-3)
    assert draw(logits, np.nextafter(np.float32([1]), np.float32(0))).numpy() == [3]


def test_log_probabilities_are_the_models_own():
    logits = tf.math.log([[0.1, 0.2, 0.3, 0.4]])
    choice = Choice(temperature=0.5, top_k=2, repetition_penalty=3.0, forbidden=(3,))
    tokens, own = choice.choose(logits, tf.constant([[False, False, True, False]]), tf.constant([0.99]))
    np.testing.assert_allclose(own, np.log([0.1, 0.2, 0.3, 0.4])[tokens.numpy()], rtol=1e-5)
    greedy, own = Choice(greedy=True, forbidden=(3,)).choose(logits, None, None)
    assert greedy.numpy() == [2]
    np.testing.assert_allclose(own, [np.log(0.3)], rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-5, 5, width=32), min_size=6, max_size=6),
    st.sampled_from([None, 0.5, 2.0]),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([None, 0.4, 0.9]),
    st.sampled_from([None, 1.3]),
    st.floats(0, 1, exclude_max=True, width=32),
)
def test_numpy_chooses_as_the_graph_does(row, temperature, top_k, top_p, penalty, uniform):
    seen = np.asarray([False, True, False, True, False, False])
    options = dict(
        temperature=temperature, top_k=top_k, top_p=top_p, repetition_penalty=penalty, forbidden=(1,)
    )
    logits = np.asarray(row, np.float32)
    tokens, own = Choice(**options, greedy=top_k == 1).choose(logits[None], seen[None], np.float32([uniform]))
    token, log_probability = NumpyChoice(**options).choose(logits, seen, uniform)
    if token != int(tokens[0]):  # rounding may part them where the number falls between two tokens
        near = [NumpyChoice(**options).choose(logits, seen, uniform + by)[0] for by in (-1e-5, 1e-5)]
        assert int(tokens[0]) in near or len(set(row)) < 6
    else:
        assert log_probability == pytest.approx(float(own[0]), abs=1e-5)
