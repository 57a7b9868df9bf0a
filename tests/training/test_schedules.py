import math

import keras
import pytest

from tfnlp.training import InverseSquareRoot, learning_rate


def rates(schedule, **options):
    rate = learning_rate(schedule, 0.8, steps_per_epoch=10, epochs=10, **options)
    return [float(rate(step)) for step in range(100)]


def test_constant():
    assert learning_rate("constant", 0.3, steps_per_epoch=10, epochs=2) == 0.3


def test_step_halves_every_two_epochs():
    found = rates("step", step_epochs=2, step_factor=0.5)
    assert found[0] == found[19] == pytest.approx(0.8)
    assert found[20] == pytest.approx(0.4)
    assert found[99] == pytest.approx(0.8 * 0.5**4)


def test_warmup_cosine():
    found = rates("warmup_cosine", warmup_share=0.2)
    assert found[0] == 0
    assert found[10] == pytest.approx(0.4)
    assert found[20] == pytest.approx(0.8)
    assert found[60] == pytest.approx(0.4)  # half way down
    assert found[99] == pytest.approx(0.8 * (1 + math.cos(math.pi * 79 / 80)) / 2, abs=1e-6)
    assert rates("warmup_cosine", warmup_share=0.0)[0] == pytest.approx(0.8)


def test_inverse_sqrt():
    found = rates("inverse_sqrt", warmup_share=0.1)
    assert found[4] == pytest.approx(0.4)
    assert max(found) == found[9] == pytest.approx(0.8)
    assert found[39] == pytest.approx(0.4)  # sqrt(10 / 40) = 1/2


def test_saved_with_a_model():
    schedule = InverseSquareRoot(0.5, 7)
    config = keras.optimizers.schedules.serialize(schedule)
    assert float(keras.optimizers.schedules.deserialize(config)(3)) == float(schedule(3))


def test_mistakes():
    with pytest.raises(ValueError, match="schedule"):
        learning_rate("linear", 1.0, steps_per_epoch=1, epochs=1)
    with pytest.raises(ValueError, match="warmup_steps"):
        InverseSquareRoot(1.0, 0)


def test_step_holds_the_rate_before_it_falls_each_epoch():
    # Zaremba et al., 2014: four epochs at the full rate, then half of it after each.
    found = rates("step", step_epochs=1, step_factor=0.5, step_hold=4)
    assert found[0] == found[39] == pytest.approx(0.8)
    assert [found[epoch * 10] for epoch in (4, 5, 6)] == pytest.approx([0.4, 0.2, 0.1])
    assert rates("step", step_epochs=2, step_hold=0)[0] == pytest.approx(0.4)
