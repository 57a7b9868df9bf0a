"""Viterbi, the k best and the marginals, held to all paths written down."""

import itertools

import crf_rows
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

NO_PATH_SCORE = np.float32(-1e30)


@pytest.mark.parametrize("name", crf_rows.FIELDS)
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_the_best_path_is_the_best_of_all(name, scale):
    layer = crf_rows.field(name)
    scores, mask = crf_rows.rows(layer, [6, 1, 4, 2, 5, 3], scale=scale)
    tags, found = layer.viterbi(scores, mask)
    assert tags.dtype == "int32" and found.dtype == "float32"
    for row, keep in enumerate(mask):
        (path,), (score,) = crf_rows.enumerate_row(layer, scores[row, keep]).best()
        assert tuple(np.asarray(tags)[row, keep]) == path
        assert not np.asarray(tags)[row, ~keep].any()
        np.testing.assert_allclose(found[row], score, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(layer(scores, mask=mask), tags)


@pytest.mark.parametrize("name", crf_rows.FIELDS)
@pytest.mark.parametrize("k", [1, 2, 5, 30])
def test_the_k_best_are_the_k_best_of_all(name, k):
    layer = crf_rows.field(name)
    scores, mask = crf_rows.rows(layer, [4, 1, 3, 2])
    tags, found = (np.asarray(value) for value in layer.k_best(scores, mask, k))
    assert tags.shape == (4, k, 4) and tags.dtype == "int32"
    for row, keep in enumerate(mask):
        paths, best = crf_rows.enumerate_row(layer, scores[row, keep]).best(k)
        assert [tuple(path) for path in tags[row][: len(paths), keep]] == paths
        assert not tags[row][: len(paths), ~keep].any()
        np.testing.assert_allclose(found[row][: len(paths)], best, rtol=1e-5, atol=1e-5)
        assert (tags[row, len(paths) :] == -1).all() and (found[row, len(paths) :] == NO_PATH_SCORE).all()


@pytest.mark.parametrize("name", crf_rows.FIELDS)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_marginals_are_those_of_all_paths(name, scale):
    layer = crf_rows.field(name)
    scores, mask = crf_rows.rows(layer, [6, 0, 1, 4, 2, 5, 3], scale=scale)
    found = np.asarray(layer.marginals(scores, mask))
    assert not found[~mask].any()
    for row, keep in enumerate(mask):
        slow = crf_rows.enumerate_row(layer, scores[row, keep]).marginals()
        np.testing.assert_allclose(found[row, keep], slow, atol=1e-6 * scale)


def test_an_empty_row_has_one_path():
    layer = crf_rows.field("bmes")
    scores, mask = crf_rows.rows(layer, [0, 2])
    tags, found = layer.viterbi(scores, mask)
    assert found[0] == 0 and not np.asarray(tags)[0].any()
    tags, found = layer.k_best(scores, mask, 2)
    np.testing.assert_array_equal(found[0], [0, NO_PATH_SCORE])
    np.testing.assert_array_equal(tags[0], [[0, 0], [-1, -1]])


def test_a_batch_of_empty_rows():
    layer = crf_rows.field("bio")
    nothing = np.zeros((2, 0, 3), "float32")
    tags, found = layer.viterbi(nothing)
    assert tags.shape == (2, 0) and not np.asarray(found).any()
    tags, found = layer.k_best(nothing, k=3)
    assert tags.shape == (2, 3, 0)
    np.testing.assert_array_equal(found, [[0, NO_PATH_SCORE, NO_PATH_SCORE]] * 2)
    assert layer.marginals(nothing).shape == (2, 0, 3)


SEGMENTER = crf_rows.field("bmes")


@tf.function
def segment(scores, mask):
    layer = SEGMENTER
    return layer.viterbi(scores, mask), layer.k_best(scores, mask, 4), layer.marginals(scores, mask)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([-1e4, -50.0, 0.0, 1e-3, 50.0, 1e4]), min_size=4, max_size=4),
        min_size=7, max_size=7,
    ),
    st.integers(1, 7),
    st.integers(0, 3),
)  # fmt: skip
def test_no_illegal_path_whatever_the_scores(scores, length, seed):
    random = np.random.default_rng(seed)
    SEGMENTER.set_weights([1e3 * random.normal(size=weight.shape) for weight in SEGMENTER.get_weights()])
    scores, mask = np.array([scores], "float32"), np.arange(7)[None] < length
    slow = crf_rows.enumerate_row(SEGMENTER, scores[0, :length])
    (tags, found), k_best, marginals = segment(scores, mask)
    assert slow.is_legal(tuple(np.asarray(tags)[0, :length]))
    np.testing.assert_allclose(found[0], slow.best()[1][0], rtol=1e-5)
    legal = [tuple(path) for path in np.asarray(k_best[0])[0, :, :length] if path[0] >= 0]
    assert len(legal) == len(set(legal)) == min(4, len(slow.paths))
    assert all(slow.is_legal(path) for path in legal)
    marginals = np.asarray(marginals)[0, :length]
    assert np.isfinite(marginals).all()
    np.testing.assert_allclose(marginals.sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", ["free", "bio", "bmes"])
def test_padding_changes_nothing(name):
    layer = crf_rows.field(name)
    scores, mask = crf_rows.rows(layer, [5, 0, 3])
    wide_scores = np.pad(scores, [(0, 0), (0, 7), (0, 0)], constant_values=np.nan)
    wide_mask = np.pad(mask, [(0, 0), (0, 7)])
    for narrow, wide in (
        (layer.viterbi(scores, mask), layer.viterbi(wide_scores, wide_mask)),
        (layer.k_best(scores, mask, 3), layer.k_best(wide_scores, wide_mask, 3)),
    ):
        np.testing.assert_array_equal(wide[0][..., :5], narrow[0])
        np.testing.assert_allclose(wide[1], narrow[1], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        layer.marginals(wide_scores, wide_mask)[:, :5], layer.marginals(scores, mask), atol=1e-6
    )


def test_a_long_row_keeps_its_digits():
    """Without transitions the best path is each token's best tag, after thousands of tokens as at the start."""
    layer = crf_rows.field("free", scale=0.0)
    scores, _ = crf_rows.rows(layer, [5000])
    scores = scores + 100.0  # the sum grows to 500,000, where float32 counts in steps of 0.03
    tags, _ = tf.function(layer.viterbi)(scores)
    np.testing.assert_array_equal(tags, scores.argmax(-1))
    second, _ = tf.function(layer.k_best)(scores, k=2)
    assert (np.asarray(second)[0, 0] != np.asarray(second)[0, 1]).sum() == 1


def test_compiled_for_rows_of_any_length():
    """As a SavedModel's signature asks."""
    layer = crf_rows.field("bmes")

    @tf.function(input_signature=[tf.TensorSpec([None, None, 4]), tf.TensorSpec([None, None], tf.bool)])
    def compiled(scores, mask):
        return layer.viterbi(scores, mask), layer.k_best(scores, mask, 3), layer.marginals(scores, mask)

    for lengths, time in (([5, 0, 3], 6), ([1], 1), ([0], 0)):
        scores, mask = crf_rows.rows(layer, lengths, time=time)
        eager = layer.viterbi(scores, mask), layer.k_best(scores, mask, 3), layer.marginals(scores, mask)
        for found, expected in zip(tf.nest.flatten(compiled(scores, mask)), tf.nest.flatten(eager)):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_equal_scores_still_give_different_paths():
    layer = crf_rows.field("free", scale=0.0)
    tags, found = layer.k_best(np.zeros((1, 3, 3), "float32"), None, 27)
    assert {tuple(path) for path in np.asarray(tags)[0]} == set(itertools.product(range(3), repeat=3))
    np.testing.assert_array_equal(found, np.zeros((1, 27)))


def test_k_must_be_positive():
    with pytest.raises(ValueError, match="`k`"):
        crf_rows.field().k_best(np.zeros((1, 2, 3), "float32"), None, 0)
