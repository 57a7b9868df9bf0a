import json

import numpy as np
import pytest

from tfnlp.layers import NgramConvolution


def convolution(window, padding):
    layer = NgramConvolution(1, window, padding=padding, activation="linear")
    layer.build((None, None, 1))
    layer.convolution.kernel.assign(10.0 ** np.arange(window)[::-1].reshape(window, 1, 1))
    return layer


def test_same_puts_each_token_in_the_middle():
    inputs, mask = np.array([[[1.0], [2.0], [3.0], [9.0]]]), np.array([[True, True, True, False]])
    layer = convolution(3, "same")
    np.testing.assert_array_equal(layer(inputs, mask=mask)[0, :3, 0], [12, 123, 230])
    np.testing.assert_array_equal(layer.window_mask(mask)[0], [True, True, True, False])


def test_valid_keeps_whole_windows():
    inputs, mask = np.array([[[1.0], [2.0], [3.0], [9.0]]]), np.array([[True, True, True, False]])
    layer = convolution(2, "valid")
    np.testing.assert_array_equal(layer(inputs, mask=mask)[0, :2, 0], [12, 23])
    np.testing.assert_array_equal(layer.window_mask(mask)[0], [True, True, False, False])


@pytest.mark.parametrize(("length", "windows"), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 2)])
def test_valid_gives_a_short_text_one_window(length, windows):
    mask = np.arange(6)[np.newaxis] < length
    assert int(np.sum(convolution(3, "valid").window_mask(mask))) == windows


def test_config_round_trip_and_errors():
    layer = NgramConvolution(2, 3, kernel_regularizer="l2")
    config = json.loads(json.dumps(layer.get_config()))
    assert NgramConvolution.from_config(config).get_config() == layer.get_config()
    with pytest.raises(ValueError, match="window"):
        NgramConvolution(2, 0)
    with pytest.raises(ValueError, match="padding"):
        NgramConvolution(2, 3, padding="causal")
