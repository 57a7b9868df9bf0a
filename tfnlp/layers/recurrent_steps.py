"""One step of each recurrent network and its derivative, as equations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

from keras import ops

States = tuple[Any, ...]


class Step(NamedTuple):
    """What one step leaves behind.

    Attributes:
        states: the new states, each `[batch, units]`; the first is the output.
        saved: tensors, each `[batch, any]`, that the derivative needs beside the states.
    """

    states: States
    saved: States


class StepGradient(NamedTuple):
    """What the derivative of one step gives.

    Attributes:
        gates: gradients, each `[batch, gates * units]`: of what came from the input, then of what came from the
            state; one tensor where both are the same.
        states: gradients of the previous states, but for the way through the recurrent product.
    """

    gates: States
    states: States


class RecurrentStep(ABC):
    """A network's step: how it goes on, and how a gradient comes back through it.

    Attributes:
        gates: how many times `units` wide the products are that a step reads.
        saves: how many tensors `forward` saves.
        gate_gradients: how many gradients of gates `backward` gives.
    """

    gates: ClassVar[int]
    saves: ClassVar[int]
    gate_gradients: ClassVar[int]

    @abstractmethod
    def forward(self, projected: Any, recurrent: Any, states: States) -> Step:
        """Takes the step.

        Args:
            projected: float `[batch, gates * units]`. The input's product with its kernel, bias added.
            recurrent: float `[batch, gates * units]`. The state's product with its kernel.
            states: the states before the step, each float `[batch, units]`; the first is the output.
        """

    @abstractmethod
    def backward(self, gradients: States, states: States, saved: States, previous: States) -> StepGradient:
        """Derives the step: from the gradients of the new states to those of all that it read.

        Args:
            gradients: of the loss by each new state, float `[batch, units]`.
            states: the new states.
            saved: what `forward` saved.
            previous: the states before the step.
        """


class SimpleStep(RecurrentStep):
    """Elman's: `h' = tanh(x + a)`, where `x` came from the input and `a` from `h`.

    Reference: Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1
    """

    gates, saves, gate_gradients = 1, 0, 1

    def forward(self, projected: Any, recurrent: Any, states: States) -> Step:
        """Takes the step."""
        hidden = ops.tanh(projected + recurrent)
        return Step((hidden,), ())

    def backward(self, gradients: States, states: States, saved: States, previous: States) -> StepGradient:
        """Derives the step."""
        slope = gradients[0] * (1 - ops.square(states[0]))
        return StepGradient((slope,), (ops.zeros_like(slope),))


class GRUStep(RecurrentStep):
    """Cho's, with the reset gate after the product, as cuDNN has it.

    `z = σ(x_z + a_z)`, `r = σ(x_r + a_r)`, `n = tanh(x_n + r a_n)`, `h' = z h + (1 - z) n`; gates stand in the
    order update, reset, new.

    Reference: Cho et al., 2014, https://arxiv.org/abs/1406.1078
    """

    gates, saves, gate_gradients = 3, 4, 2

    def forward(self, projected: Any, recurrent: Any, states: States) -> Step:
        """Takes the step."""
        x_update, x_reset, x_new = ops.split(projected, 3, axis=-1)
        a_update, a_reset, a_new = ops.split(recurrent, 3, axis=-1)
        update = ops.sigmoid(x_update + a_update)
        reset = ops.sigmoid(x_reset + a_reset)
        new = ops.tanh(x_new + reset * a_new)
        return Step((update * states[0] + (1 - update) * new,), (update, reset, new, a_new))

    def backward(self, gradients: States, states: States, saved: States, previous: States) -> StepGradient:
        """Derives the step."""
        update, reset, new, a_new = saved
        hidden = gradients[0]
        d_new = hidden * (1 - update) * (1 - ops.square(new))
        d_update = hidden * (previous[0] - new) * update * (1 - update)
        d_reset = d_new * a_new * reset * (1 - reset)
        return StepGradient(
            (
                ops.concatenate([d_update, d_reset, d_new], axis=-1),
                ops.concatenate([d_update, d_reset, d_new * reset], axis=-1),
            ),
            (hidden * update,),
        )


class LSTMStep(RecurrentStep):
    """Hochreiter and Schmidhuber's, with a forget gate.

    `i, f, o = σ(x + a)`, `g = tanh(x_g + a_g)`, `c' = f c + i g`, `h' = o tanh(c')`; gates stand in the order
    input, forget, cell, output.

    Reference: Hochreiter and Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735; Gers et al., 2000,
    https://doi.org/10.1162/089976600300015015
    """

    gates, saves, gate_gradients = 4, 4, 1

    def forward(self, projected: Any, recurrent: Any, states: States) -> Step:
        """Takes the step."""
        into, forget, candidate, out = ops.split(projected + recurrent, 4, axis=-1)
        into, forget, out = ops.sigmoid(into), ops.sigmoid(forget), ops.sigmoid(out)
        candidate = ops.tanh(candidate)
        cell = forget * states[1] + into * candidate
        return Step((out * ops.tanh(cell), cell), (into, forget, candidate, out))

    def backward(self, gradients: States, states: States, saved: States, previous: States) -> StepGradient:
        """Derives the step."""
        into, forget, candidate, out = saved
        hidden, cell = gradients
        squashed = ops.tanh(states[1])
        cell = cell + hidden * out * (1 - ops.square(squashed))
        gates = ops.concatenate(
            [
                cell * candidate * into * (1 - into),
                cell * previous[1] * forget * (1 - forget),
                cell * into * (1 - ops.square(candidate)),
                hidden * squashed * out * (1 - out),
            ],
            axis=-1,
        )
        return StepGradient((gates,), (ops.zeros_like(hidden), cell * forget))
