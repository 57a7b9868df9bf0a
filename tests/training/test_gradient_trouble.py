"""What is said of gradients: of which there is reason to, with what helps for that network."""

import numpy as np
import pytest

from tfnlp.training.gradient_health import GradientHealth, LayerHealth
from tfnlp.training.gradient_trouble import gradient_warnings

RNN = {
    "type": "simple_rnn",
    "layers": 1,
    "layer_norm": False,
    "residual": False,
    "memory_steps": 0,
    "pooling": "last",
}
LSTM = {**RNN, "type": "lstm"}


def record(epoch=1, norm=1.0, shares=(0.1, 0.1, 0.1), distances=(1.0,) * 40):
    layers = [LayerHealth(f"layer_{i}", share, 1.0, True) for i, share in enumerate(shares)]
    return GradientHealth(epoch, 2.0, norm, layers, list(distances))


def falling(factor, steps=40):
    return factor ** np.arange(steps)


def test_nothing_is_said_of_a_healthy_run():
    records = [record(0), record(1, norm=3.0, distances=falling(0.95)), record(2, norm=0.01)]
    assert gradient_warnings(records, encoder=LSTM, training={"clip_norm": 1.0}) == {}
    assert gradient_warnings([record(distances=())]) == {}
    assert gradient_warnings([]) == {}


@pytest.mark.parametrize("norm", [500.0, float("nan"), float("inf")])
def test_a_gradient_that_explodes(norm):
    training = {"clip_norm": 0.0, "learning_rate": 0.5}
    found = gradient_warnings([record(0), record(3, norm=norm)], encoder=RNN, training=training)
    (said,) = found.values()
    assert said.startswith("after epoch 3: ")
    assert "explode" in said
    for helps in ("clip_norm` = 1.0", "learning_rate` (now 0.5)", '"gru" or "lstm"', "layer_norm` = true"):
        assert helps in said
    clipped = gradient_warnings([record(0), record(3, norm=norm)], training={"clip_norm": 1.0})
    assert "set `training.clip_norm`" not in clipped["explodes"]


def test_one_that_grew_thirtyfold_is_on_its_way():
    assert "explodes" in gradient_warnings([record(0, norm=0.5), record(1, norm=20.0)])
    assert not gradient_warnings([record(0, norm=0.001), record(1, norm=0.9)])


def test_one_that_grows_with_the_distance():
    found = gradient_warnings([record(distances=falling(1.3))], encoder=RNN)
    assert "39 tokens back" in found["grows with distance"]
    # that what counts stands far back is no trouble
    assert not gradient_warnings([record(distances=falling(1.1))])


def test_one_that_vanishes_with_the_distance_and_what_helps_whom():
    said = gradient_warnings([record(0, distances=falling(0.5))], encoder=RNN)["vanishes with distance"]
    assert said.startswith("before training: ")
    assert "beyond 9 tokens back" in said
    assert '"gru" or "lstm"' in said
    of_lstm = gradient_warnings([record(0, distances=falling(0.5))], encoder=LSTM)["vanishes with distance"]
    assert "memory_steps" in of_lstm
    assert '"attention"' in of_lstm
    # short texts have no far tokens; a window ends where it ends
    assert not gradient_warnings([record(distances=falling(0.5, 12))])
    assert not gradient_warnings([record(distances=[*[1.0] * 5, *[0.0] * 30])])


def test_a_layer_that_does_not_learn():
    deep = {"type": "lstm", "layers": 6, "residual": False, "layer_norm": True}
    found = gradient_warnings([record(shares=(1e-9, 0.1, 0.2, 0.1))], encoder=deep)
    assert "`layer_0`" in found["vanishes"]
    assert "encoder.residual" in found["vanishes"]
    assert "encoder.layer_norm" not in found["vanishes"]
    assert "fewer than 6 layers" in found["vanishes"]


def test_the_last_epoch_of_each_kind_is_told():
    records = [record(0), record(1, norm=200.0), record(2, norm=300.0), record(3)]
    assert gradient_warnings(records)["explodes"].startswith("after epoch 2")
