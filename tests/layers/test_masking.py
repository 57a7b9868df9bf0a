import warnings

import numpy as np

from tfnlp.layers.masking import (
    first_step,
    last_step,
    masked_max,
    masked_mean,
    masked_softmax,
    masked_sum,
    turned_round,
)

INPUTS = np.array([[[1.0, -4.0], [3.0, -2.0], [99.0, 99.0]], [[5.0, 5.0], [5.0, 5.0], [5.0, 5.0]]])
MASK = np.array([[True, True, False], [False, False, False]])


def test_by_hand():
    np.testing.assert_array_equal(masked_sum(INPUTS, MASK), [[4, -6], [0, 0]])
    np.testing.assert_array_equal(masked_mean(INPUTS, MASK), [[2, -3], [0, 0]])
    np.testing.assert_array_equal(masked_max(INPUTS, MASK), [[3, -2], [0, 0]])
    np.testing.assert_array_equal(last_step(INPUTS, MASK), [[3, -2], [0, 0]])
    np.testing.assert_array_equal(first_step(INPUTS, MASK), [[1, -4], [0, 0]])


def test_what_is_masked_may_be_anything():
    inputs = INPUTS.copy()
    inputs[0, 2] = np.nan, np.inf
    for reduce in (masked_sum, masked_mean, masked_max, last_step, first_step):
        np.testing.assert_array_equal(reduce(inputs, MASK)[0], reduce(INPUTS, MASK)[0])


def test_turning_round_leaves_the_padding():
    turned = turned_round(INPUTS, MASK)
    np.testing.assert_array_equal(turned[0], [[3, -2], [1, -4], [99, 99]])
    np.testing.assert_array_equal(turned[1], INPUTS[1])
    np.testing.assert_array_equal(turned_round(turned, MASK), INPUTS)


def test_softmax_of_what_is_real():
    scores = np.log(np.array([[1.0, 3.0, 1000.0], [5.0, 5.0, 5.0]]))
    np.testing.assert_allclose(masked_softmax(scores, MASK), [[0.25, 0.75, 0], [0, 0, 0]], atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of one place, which Keras thinks a mistake
        np.testing.assert_array_equal(masked_softmax(scores[:, :1], MASK[:, :1]), [[1], [0]])
