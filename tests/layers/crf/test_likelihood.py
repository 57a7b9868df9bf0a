"""The log-likelihood and its gradient, held to the sum over all paths written down."""

import crf_rows
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.layers.crf import messages

LENGTHS = [1, 2, 3, 4, 5, 6]
NAMES = ["free", "bio", "bmes", "one_way"]


def derivatives(layer, scores, tags, mask, upstream=1.0):
    weights = [layer.transitions, layer.starts, layer.ends]
    scores = tf.convert_to_tensor(scores)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = layer.log_likelihood(scores, tags, mask)
        total = tf.reduce_sum(value * upstream)
    return value, tape.gradient(total, [scores, *(weight.value for weight in weights)])


@pytest.mark.parametrize("name", crf_rows.FIELDS)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_value_is_that_of_all_paths(name, scale):
    layer = crf_rows.field(name, scale=scale)
    scores, mask = crf_rows.rows(layer, [6, 1, 4, 2, 5, 3], scale=scale)
    tags = crf_rows.legal_paths(layer, scores, mask)
    found = layer.log_likelihood(scores, tags, mask)
    for row, keep in enumerate(mask):
        slow = crf_rows.enumerate_row(layer, scores[row, keep])
        np.testing.assert_allclose(
            found[row], slow.log_likelihood(tuple(tags[row, keep])), rtol=1e-5, atol=1e-5 * scale
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("length", LENGTHS)
def test_gradient_is_the_slope_of_the_slow_code(name, length):
    layer = crf_rows.field(name)
    scores, mask = crf_rows.rows(layer, [length], time=length + 2)
    tags = crf_rows.legal_paths(layer, scores, mask)
    _, gradients = derivatives(layer, scores, tags, mask, upstream=0.5)
    assert not np.asarray(gradients[0])[~mask].any()

    arrays = [scores[mask].astype("float64"), *(w.astype("float64") for w in layer.get_weights())]
    path = tuple(tags[mask])
    found = [np.asarray(gradients[0])[mask], *(np.asarray(g) for g in gradients[1:])]

    def value(moved):
        return 0.5 * crf_rows.enumerate_row(layer, moved[0], moved[1:]).log_likelihood(path)

    width = 1e-5
    for number, array in enumerate(arrays):
        for place in np.ndindex(array.shape):
            slope = 0.0
            for sign in (1, -1):
                moved = [a.copy() for a in arrays]
                moved[number][place] += sign * width
                slope += sign * value(moved) / (2 * width)
            assert found[number][place] == pytest.approx(slope, abs=2e-6), (number, place)


@pytest.mark.parametrize("name", ["free", "bmes"])
def test_products_and_log_sum_exp_agree(name, monkeypatch):
    layer = crf_rows.field(name)
    scores, mask = crf_rows.rows(layer, [9, 0, 5], scale=3.0)
    tags = np.zeros(mask.shape, "int32")
    quick = derivatives(layer, scores, tags, mask, upstream=[0.3, 1.0, -2.0])
    monkeypatch.setattr(messages, "LEAST_SAFE", 1.0)  # nothing is safe
    exact = derivatives(layer, scores, tags, mask, upstream=[0.3, 1.0, -2.0])
    np.testing.assert_allclose(quick[0], exact[0], rtol=1e-6, atol=1e-5)
    for ours, theirs in zip(quick[1], exact[1]):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_scores_far_apart_lose_no_path():
    """At the second token the only legal path lies 400 nats below: as a product of probabilities it would be 0."""
    layer = crf_rows.field("bio", scale=0.0)
    scores = np.array([[[200, -200, 0], [0, 0, 600], [0, 0, 600]]], "float32")
    tags = np.array([[1, 2, 2]])
    value, gradients = derivatives(layer, scores, tags, None)
    slow = crf_rows.enumerate_row(layer, scores[0])
    assert slow.log_likelihood((1, 2, 2)) > -1e-6
    np.testing.assert_allclose(value, [slow.log_likelihood((1, 2, 2))], atol=1e-4)
    np.testing.assert_allclose(layer.marginals(scores)[0], slow.marginals(), atol=1e-6)
    assert all(np.abs(gradient).max() < 1e-6 for gradient in gradients)


def test_a_step_of_training_raises_the_likelihood():
    layer = crf_rows.field("bmes")
    scores, mask = crf_rows.rows(layer, [6, 2, 3])
    tags = crf_rows.legal_paths(layer, scores, mask)
    before, gradients = derivatives(layer, scores, tags, mask)
    for weight, gradient in zip((layer.transitions, layer.starts, layer.ends), gradients[1:]):
        weight.assign_add(0.1 * gradient)
    assert tf.reduce_sum(layer.log_likelihood(scores, tags, mask)) > tf.reduce_sum(before)


def test_an_empty_row_is_certain():
    layer = crf_rows.field("bmes")
    scores, mask = crf_rows.rows(layer, [0, 3, 0])
    value, gradients = derivatives(layer, scores, crf_rows.legal_paths(layer, scores, mask), mask)
    assert value[0] == value[2] == 0 and value[1] < 0
    assert not np.asarray(gradients[0])[[0, 2]].any()


@pytest.mark.parametrize("compiled", [True, False])
def test_a_batch_of_empty_rows(compiled):
    layer = crf_rows.field("bio")

    def run(scores, tags, mask):
        value, gradients = derivatives(layer, scores, tags, mask)
        return value, gradients[1:]

    if compiled:
        run = tf.function(
            run,
            input_signature=[
                tf.TensorSpec([None, None, 3]),
                tf.TensorSpec([None, None], tf.int32),
                tf.TensorSpec([None, None], tf.bool),
            ],
        )
    value, gradients = run(np.zeros((2, 0, 3), "float32"), np.zeros((2, 0), "int32"), np.zeros((2, 0), bool))
    np.testing.assert_array_equal(value, [0, 0])
    assert not any(np.asarray(gradient).any() for gradient in gradients)


def test_a_sequence_against_the_constraints_has_no_probability():
    layer = crf_rows.field("bio")
    scores, _ = crf_rows.rows(layer, [3])
    value, gradients = derivatives(layer, scores, np.array([[0, 2, 2]]), None)
    assert value[0] < -1e29
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert gradients[1][0, 2] == 0 and gradients[2][2] == 0  # what is forbidden is not learnt


@pytest.mark.parametrize("name", ["free", "bio", "bmes"])
def test_padding_changes_nothing(name):
    layer = crf_rows.field(name)
    scores, mask = crf_rows.rows(layer, [5, 0, 3])
    tags = crf_rows.legal_paths(layer, scores, mask)
    value, gradients = derivatives(layer, scores, tags, mask)
    more = [(0, 0), (0, 7)]
    wide_scores = np.pad(scores, [*more, (0, 0)], constant_values=np.nan)
    wide_mask, wide_tags = np.pad(mask, more), np.pad(tags, more, constant_values=77)
    wide_value, wide_gradients = derivatives(layer, wide_scores, wide_tags, wide_mask)
    np.testing.assert_allclose(wide_value, value, rtol=1e-6)
    np.testing.assert_allclose(wide_gradients[0][:, :5], gradients[0], atol=1e-6)
    assert not np.asarray(wide_gradients[0])[:, 5:].any()
    for wide, narrow in zip(wide_gradients[1:], gradients[1:]):
        np.testing.assert_allclose(wide, narrow, atol=1e-6)
    for row, keep in enumerate(mask):
        alone = layer.log_likelihood(scores[row : row + 1, keep], tags[row : row + 1, keep])
        np.testing.assert_allclose(alone[0], value[row], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "scale"), [("free", 1.0), ("bmes", 1e4)])
def test_two_thousand_tokens_have_a_finite_loss_and_gradient(name, scale):
    layer = crf_rows.field(name)
    scores, mask = crf_rows.rows(layer, [2000], scale=scale)
    tags, _ = tf.function(layer.viterbi)(scores, mask)
    value, gradients = tf.function(derivatives)(layer, scores, tags, mask)
    assert np.isfinite(value).all() and value[0] < 1e-6 * 2000 * scale
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_two_thousand_tokens_without_transitions_are_two_thousand_softmaxes():
    layer = crf_rows.field("free", scale=0.0)
    scores, mask = crf_rows.rows(layer, [2000])
    tags = np.random.default_rng(3).integers(0, 3, mask.shape)
    each = scores[0].astype("float64") - np.log(np.exp(scores[0].astype("float64")).sum(-1, keepdims=True))
    expected = np.take_along_axis(each, tags[0][:, None], axis=-1).sum()
    found = tf.function(layer.log_likelihood)(scores, tags, mask)
    np.testing.assert_allclose(found, [expected], rtol=1e-6)
