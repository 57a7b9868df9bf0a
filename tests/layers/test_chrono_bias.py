import keras
import numpy as np
import pytest

from tfnlp.layers import GRU, LSTM, ChronoBias


def test_an_lstm_starts_between_one_step_and_the_longest_memory():
    layer = LSTM(50, bias_initializer=ChronoBias("lstm", 40, seed=1), unit_forget_bias=False)
    layer.build((None, None, 3))
    into, forget, cell, out = np.split(layer.get_weights()[2], 4)
    assert 0 <= forget.min() < 1.5 and np.log(30) < forget.max() <= np.log(40)
    np.testing.assert_array_equal(into, -forget)
    np.testing.assert_array_equal([cell, out], np.zeros((2, 50)))


def test_a_gru_keeps_by_its_update_gate():
    layer = GRU(50, bias_initializer=ChronoBias("gru", 40, seed=1))
    layer.build((None, None, 3))
    bias = layer.get_weights()[2]
    update, rest = bias[0, :50], bias[0, 50:]
    assert 0 <= update.min() < 1.5 and np.log(30) < update.max() <= np.log(40)
    assert not rest.any() and not bias[1].any()


def test_a_memory_lasts_as_long_as_its_bias_says():
    # σ(b) of the memory stays at each step: after 1 + exp(b) steps about 1/e of it is left.
    bias = np.log(99.0)
    assert (1 / (1 + np.exp(-bias))) ** 100 == pytest.approx(np.exp(-1), rel=0.01)


def test_config_round_trip_and_wrong_settings():
    initializer = ChronoBias("gru", 40, seed=1)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(initializer))
    np.testing.assert_array_equal(again((2, 6)), initializer((2, 6)))
    with pytest.raises(ValueError, match="gates"):
        ChronoBias("simple_rnn", 40)
    with pytest.raises(ValueError, match="at least 2"):
        ChronoBias("lstm", 1)
