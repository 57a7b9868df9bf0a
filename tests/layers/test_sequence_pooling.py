import json

import numpy as np
import pytest

from tfnlp.layers import SequencePooling

INPUTS = np.array([[[1.0], [3.0], [2.0], [9.0]]])
MASK = np.array([[True, True, True, False]])


def test_several_ways_stand_in_the_order_they_are_named():
    pooling = SequencePooling(["last", "max", "sum", "mean", "k_max"], k=2)
    np.testing.assert_array_equal(pooling(INPUTS, mask=MASK)[0], [2, 3, 6, 2, 3, 2])
    assert pooling.output_dim(1) == 6
    assert pooling.compute_output_shape((None, None, 4)) == (None, 24)


def test_a_network_may_say_what_last_means():
    np.testing.assert_array_equal(SequencePooling("last")(INPUTS, mask=MASK, last=np.array([[7.0]])), [[7]])


def test_config_round_trip():
    pooling = SequencePooling(["max", "k_max"], k=5)
    config = json.loads(json.dumps(pooling.get_config()))
    assert SequencePooling.from_config(config).get_config() == pooling.get_config()


@pytest.mark.parametrize("mode", ["median", [], ["max", "best"]])
def test_unknown_mode(mode):
    with pytest.raises(ValueError, match="pooling"):
        SequencePooling(mode)
