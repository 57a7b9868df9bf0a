import numpy as np
import pytest

from tfnlp.layers import KMaxPooling


def test_keeps_the_order_of_the_text():
    inputs = np.array([[[1.0], [5.0], [2.0], [4.0], [9.0]]])
    mask = np.array([[True, True, True, True, False]])
    np.testing.assert_array_equal(KMaxPooling(2)(inputs, mask)[0, :, 0], [5, 4])
    np.testing.assert_array_equal(KMaxPooling(3)(inputs, mask)[0, :, 0], [5, 2, 4])


def test_fewer_tokens_than_k_leave_zeros():
    inputs = np.array([[[-3.0], [7.0]]])
    np.testing.assert_array_equal(KMaxPooling(3)(inputs, np.array([[True, False]]))[0, :, 0], [-3, 0, 0])
    np.testing.assert_array_equal(KMaxPooling(2)(inputs, np.array([[False, False]]))[0, :, 0], [0, 0])


def test_k_must_be_positive():
    with pytest.raises(ValueError, match="`k`"):
        KMaxPooling(0)
