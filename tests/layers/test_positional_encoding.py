import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.layers import LearnedPositions, SinusoidalPositions


@pytest.mark.parametrize("width", [8, 7])
def test_waves_follow_the_formula(width):
    inputs = np.random.default_rng(0).normal(size=(2, 300, width)).astype("float32")
    added = np.asarray(SinusoidalPositions()(inputs)) - inputs
    for position in (0, 1, 2, 17, 299):
        for unit in range(width):
            angle = position / 10_000 ** (2 * (unit // 2) / width)
            wave = math.sin(angle) if unit % 2 == 0 else math.cos(angle)
            assert added[1, position, unit] == pytest.approx(wave, abs=2e-5)


def test_a_shift_turns_each_pair_of_waves_by_the_same_angle_everywhere():
    # Why the paper chose waves: from position p to p + k is one linear map, whatever p is.
    table = np.asarray(SinusoidalPositions().table(60, 6), "float64")
    for pair in range(3):
        angle = 5 / 10_000 ** (2 * pair / 6)
        turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        before, after = table[:-5, 2 * pair : 2 * pair + 2], table[5:, 2 * pair : 2 * pair + 2]
        np.testing.assert_allclose(after, before @ turn, atol=1e-5)


def test_far_positions_stay_apart_in_half_precision():
    table = keras.ops.cast(SinusoidalPositions(dtype="mixed_bfloat16").table(600, 64), "float32")
    exact = SinusoidalPositions().table(600, 64)
    assert np.abs(np.asarray(table) - np.asarray(exact)).max() < 0.01


def test_learned_positions_are_added_from_the_first():
    layer = LearnedPositions(5)
    layer.build((None, None, 2))
    layer.positions.assign(np.arange(10).reshape(5, 2))
    inputs = np.full((2, 3, 2), 100, "float32")
    np.testing.assert_array_equal(layer(inputs)[1], [[100, 101], [102, 103], [104, 105]])


def test_a_text_with_more_tokens_than_positions_is_an_error():
    layer = LearnedPositions(5)
    layer.build((None, None, 2))
    with pytest.raises(ValueError, match=r"6 tokens.*`max_positions`=5"):
        layer(np.zeros((1, 6, 2), "float32"))
    # in a graph that does not know the length, it is one when it runs
    run = tf.function(layer, input_signature=[tf.TensorSpec([None, None, 2])])
    assert run(tf.zeros((1, 5, 2))).shape == (1, 5, 2)
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(tf.zeros((1, 6, 2)))


def test_config_round_trip_and_errors():
    for layer in (LearnedPositions(5, initializer="zeros"), SinusoidalPositions()):
        config = json.loads(json.dumps(layer.get_config()))
        assert type(layer).from_config(config).get_config() == layer.get_config()
    with pytest.raises(ValueError, match="max_positions"):
        LearnedPositions(0)
