"""One step of each recurrent network and its derivative, as equations."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops


class Step(NamedTuple):
    """What one step leaves behind.

    Attributes:
        states: the new states, each `[batch, units]`; the first is the output.
        saved: tensors, each `[batch, any]`, that the derivative needs beside the states.
    """

    states: tuple[Any, ...]
    saved: tuple[Any, ...]


class StepGradient(NamedTuple):
    """What the derivative of one step gives.

    Attributes:
        gates: gradients, each `[batch, gates * units]`: of what came from the input, then of what came from the
            state; one tensor where both are the same.
        states: gradients of the previous states, but for the way through the recurrent product.
    """

    gates: tuple[Any, ...]
    states: tuple[Any, ...]


class SimpleStep:
    """Elman's: `h' = tanh(x + a)`, where `x` came from the input and `a` from `h`.

    Reference: Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1
    """

    gates, saves, gate_gradients = 1, 0, 1

    def forward(self, projected: Any, recurrent: Any, states: tuple[Any, ...]) -> Step:
        """Takes the step."""
        hidden = ops.tanh(projected + recurrent)
        return Step((hidden,), ())

    def backward(
        self,
        gradients: tuple[Any, ...],
        states: tuple[Any, ...],
        saved: tuple[Any, ...],
        previous: tuple[Any, ...],
    ) -> StepGradient:
        """From the gradients of the new states to those of all that the step read."""
        slope = gradients[0] * (1 - ops.square(states[0]))
        return StepGradient((slope,), (ops.zeros_like(slope),))


class GRUStep:
    """Cho's, with the reset gate after the product, as cuDNN has it.

    `z = σ(x_z + a_z)`, `r = σ(x_r + a_r)`, `n = tanh(x_n + r a_n)`, `h' = z h + (1 - z) n`; gates stand in the
    order update, reset, new.

    Reference: Cho et al., 2014, https://arxiv.org/abs/1406.1078
    """

    gates, saves, gate_gradients = 3, 4, 2

    def forward(self, projected: Any, recurrent: Any, states: tuple[Any, ...]) -> Step:
        """Takes the step."""
        x_update, x_reset, x_new = ops.split(projected, 3, axis=-1)
        a_update, a_reset, a_new = ops.split(recurrent, 3, axis=-1)
        update = ops.sigmoid(x_update + a_update)
        reset = ops.sigmoid(x_reset + a_reset)
        new = ops.tanh(x_new + reset * a_new)
        return Step((update * states[0] + (1 - update) * new,), (update, reset, new, a_new))

    def backward(
        self,
        gradients: tuple[Any, ...],
        states: tuple[Any, ...],
        saved: tuple[Any, ...],
        previous: tuple[Any, ...],
    ) -> StepGradient:
        """From the gradients of the new states to those of all that the step read."""
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


class LSTMStep:
    """Hochreiter and Schmidhuber's, with a forget gate.

    `i, f, o = σ(x + a)`, `g = tanh(x_g + a_g)`, `c' = f c + i g`, `h' = o tanh(c')`; gates stand in the order
    input, forget, cell, output.

    Reference: Hochreiter and Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735; Gers et al., 2000,
    https://doi.org/10.1162/089976600300015015
    """

    gates, saves, gate_gradients = 4, 4, 1

    def forward(self, projected: Any, recurrent: Any, states: tuple[Any, ...]) -> Step:
        """Takes the step."""
        into, forget, candidate, out = ops.split(projected + recurrent, 4, axis=-1)
        into, forget, out = ops.sigmoid(into), ops.sigmoid(forget), ops.sigmoid(out)
        candidate = ops.tanh(candidate)
        cell = forget * states[1] + into * candidate
        return Step((out * ops.tanh(cell), cell), (into, forget, candidate, out))

    def backward(
        self,
        gradients: tuple[Any, ...],
        states: tuple[Any, ...],
        saved: tuple[Any, ...],
        previous: tuple[Any, ...],
    ) -> StepGradient:
        """From the gradients of the new states to those of all that the step read."""
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
