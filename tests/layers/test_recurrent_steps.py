"""One step of each cell, worked out by hand from the equations in its docstring."""

import numpy as np
import pytest

from tfnlp.layers.recurrent_steps import GRUStep, LSTMStep, SimpleStep


def row(*numbers):
    return np.array([numbers], "float32")


def test_simple_step():
    (hidden,), saved = SimpleStep().forward(row(0.5), row(0.25), (row(9.0),))
    assert float(hidden[0, 0]) == pytest.approx(0.6351490)  # tanh(0.75)
    assert saved == ()


def test_gru_step():
    # Both gates are σ(0) = 0.5; the new state is tanh(1 + 0.5 · 2); half of it joins half of the old 0.5.
    (hidden,), _ = GRUStep().forward(row(0, 0, 1), row(0, 0, 2), (row(0.5),))
    assert float(hidden[0, 0]) == pytest.approx(0.25 + 0.5 * 0.9640276)


def test_lstm_step():
    # i = σ(0), f = σ(1), g = tanh(0.5), o = σ(-1): the cell becomes 0.7310586 · 2 + 0.5 · 0.4621172.
    (hidden, cell), _ = LSTMStep().forward(row(0, 0.5, 0.5, -0.5), row(0, 0.5, 0, -0.5), (row(0.0), row(2.0)))
    assert float(cell[0, 0]) == pytest.approx(1.6931757)
    assert float(hidden[0, 0]) == pytest.approx(0.2689414 * 0.9345500, rel=1e-5)


@pytest.mark.parametrize("step", [SimpleStep(), GRUStep(), LSTMStep()], ids=lambda step: type(step).__name__)
def test_the_written_derivative_is_the_slope(step):
    random = np.random.default_rng(0)
    units, number = 2, 2 if isinstance(step, LSTMStep) else 1
    projected, recurrent = random.normal(size=(2, 1, step.gates * units))
    states = tuple(random.normal(size=(number, 1, units)))
    weights = random.normal(size=(number, 1, units))

    def loss(projected, recurrent, states):
        result = step.forward(projected, recurrent, states)
        return sum(float(np.sum(w * np.asarray(s))) for w, s in zip(weights, result.states))

    result = step.forward(projected, recurrent, states)
    found = step.backward(tuple(weights), result.states, result.saved, states)
    assert len(result.saved) == step.saves and len(found.gates) == step.gate_gradients

    def slope(arrays, place, position):
        ends = []
        for sign in (1, -1):
            moved = [array.copy() for array in arrays]
            moved[place][position] += sign * 1e-4
            ends.append(loss(moved[0], moved[1], tuple(moved[2:])))
        return (ends[0] - ends[1]) / 2e-4

    arrays = [projected, recurrent, *states]
    gradients = [found.gates[0], found.gates[-1], *found.states]
    for place, gradient in enumerate(gradients):
        for position in np.ndindex(*arrays[place].shape):
            expected = slope(arrays, place, position)
            assert float(np.asarray(gradient)[position]) == pytest.approx(expected, abs=2e-3), (
                place,
                position,
            )
