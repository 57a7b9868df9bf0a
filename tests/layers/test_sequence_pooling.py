import json

import numpy as np
import pytest

from tfnlp.layers import SequencePooling

INPUTS = np.array([[[1.0], [3.0], [2.0], [9.0]]])
MASK = np.array([[True, True, True, False]])


def test_several_ways_stand_in_the_order_they_are_named():
    pooling = SequencePooling(["last", "max", "sum", "mean", "k_max", "first"], k=2)
    np.testing.assert_array_equal(pooling(INPUTS, mask=MASK)[0], [2, 3, 6, 2, 3, 2, 1])
    assert pooling.output_dim(1) == 7
    assert pooling.compute_output_shape((None, None, 4)) == (None, 28)


def test_a_network_may_say_what_first_and_last_mean():
    last, first = np.array([[7.0]]), np.array([[8.0]])
    pooling = SequencePooling(["first", "last", "max"])
    np.testing.assert_array_equal(pooling(INPUTS, mask=MASK, last=last, first=first), [[8, 7, 3]])
    np.testing.assert_array_equal(pooling(INPUTS, mask=MASK, last=last), [[1, 7, 3]])


def test_attention_alone_has_weights():
    pooling = SequencePooling(["attention", "max"])
    pooling.build((None, None, 1))
    assert len(pooling.trainable_weights) == 3
    pooling.attention.projection.kernel.assign([[0.0]])
    # the same score for every token: the plain mean of the three that are real
    np.testing.assert_allclose(pooling(INPUTS, mask=MASK), [[2, 3]], rtol=1e-6)
    # nobody built this one: it builds itself from the vectors it is given
    by_itself = SequencePooling("attention")
    assert by_itself(INPUTS, mask=MASK).shape == (1, 1)
    assert [tuple(weight.shape) for weight in by_itself.weights] == [(1, 1), (1, 1), (1,)]
    assert not SequencePooling(["max", "k_max", "first"]).weights


def test_config_round_trip():
    pooling = SequencePooling(["max", "k_max", "attention"], k=5, kernel_regularizer="l2")
    config = json.loads(json.dumps(pooling.get_config()))
    assert SequencePooling.from_config(config).get_config() == pooling.get_config()


def test_settings_of_before_there_was_attention_still_load():
    old = {"name": "pooling", "trainable": True, "dtype": "float32", "mode": ["max"], "k": 3}
    assert SequencePooling.from_config(old).mode == ["max"]


@pytest.mark.parametrize("mode", ["median", [], ["max", "best"]])
def test_unknown_mode(mode):
    with pytest.raises(ValueError, match="pooling"):
        SequencePooling(mode)
