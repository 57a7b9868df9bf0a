import json
import math

import numpy as np
import pytest

from tfnlp.layers import FeedForward

INPUTS = np.array([[[1.0, -2.0]]], "float32")
BENT = {
    "relu": lambda x: max(x, 0),
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "tanh": math.tanh,
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}


@pytest.mark.parametrize("activation", BENT)
def test_one_token_by_hand(activation):
    layer = FeedForward(3, activation)
    layer.build((None, None, 2))
    layer.widen.kernel.assign([[1, 0, 1], [0, 1, 1]])
    layer.widen.bias.assign([0, 0, 5])
    layer.narrow.kernel.assign([[1, 0], [10, 0], [100, 1]])
    layer.narrow.bias.assign([0, 7])
    # the middle is f(1), f(-2), f(1 - 2 + 5)
    a, b, c = (BENT[activation](x) for x in (1.0, -2.0, 4.0))
    np.testing.assert_allclose(layer(INPUTS)[0, 0], [a + 10 * b + 100 * c, c + 7], rtol=1e-5)


def test_config_round_trip_and_errors():
    layer = FeedForward(3, "gelu", kernel_regularizer="l2")
    config = json.loads(json.dumps(layer.get_config()))
    assert FeedForward.from_config(config).get_config() == layer.get_config()
    with pytest.raises(ValueError, match="hidden_units"):
        FeedForward(0)
    with pytest.raises(ValueError, match="reelu"):
        FeedForward(3, "reelu")
