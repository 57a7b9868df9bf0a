"""A recurrent network's loop in TensorFlow with its derivative written out.

TensorFlow can derive such a loop by itself, but then every step projects its input alone and multiplies and sums
the kernels' gradients. Here one product over all steps does each of these, before or after the loop, and about
two thirds of the time on a CPU remain. Other backends use Keras's own loop.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfnlp.layers.recurrent_steps import RecurrentStep

States = tuple[tf.Tensor, ...]


def recurrence(
    step: RecurrentStep,
    projected: tf.Tensor,
    states: States,
    recurrent_kernel: tf.Tensor,
    recurrent_bias: tf.Tensor | None = None,
    keep: tf.Tensor | None = None,
) -> tuple[tf.Tensor, States]:
    """Reads a sequence with a recurrent network.

    Args:
        step: one of `recurrent_steps`.
        projected: float tensor `[time, batch, gates * units]`: each input's product with the kernel, bias added.
        states: first states, each float `[batch, units]`.
        recurrent_kernel: float tensor `[units, gates * units]`.
        recurrent_bias: float tensor `[gates * units]`, added to the recurrent product, or None.
        keep: float tensor `[batch, units]` that the state is multiplied by before that product, or None. It is
            drawn once a sequence, not learnt: dropout of the recurrence as in Gal and Ghahramani, 2016,
            https://arxiv.org/abs/1512.05287.

    Returns:
        the output after every step, `[time, batch, units]`, and the last states.
    """
    biases = () if recurrent_bias is None else (recurrent_bias,)

    @tf.custom_gradient
    def run(projected: tf.Tensor, kernel: tf.Tensor, *rest: tf.Tensor):
        first, bias = rest[: len(states)], rest[len(states) :]
        last, arrays, saved = _read_on(step, projected, first, kernel, bias, keep)
        outputs = arrays[0].stack()

        def gradient(d_sequence: tf.Tensor, *d_last: tf.Tensor) -> States:
            d_projected, d_recurrent, d_first = _read_back(
                step, d_sequence, d_last, arrays, saved, kernel, keep
            )
            before = tf.reshape(_dropped(outputs[:-1], keep), (-1, kernel.shape[0]))
            flat = tf.reshape(d_recurrent, (-1, kernel.shape[1]))
            d_kernel = tf.matmul(before, flat, transpose_a=True)
            d_bias = [tf.reduce_sum(flat, axis=0) for _ in bias]
            return (d_projected, d_kernel, *d_first, *d_bias)

        return (outputs[1:], *last), gradient

    sequence, *last = run(projected, recurrent_kernel, *states, *biases)
    return sequence, tuple(last)


def _read_on(
    step: RecurrentStep,
    projected: tf.Tensor,
    first: States,
    kernel: tf.Tensor,
    bias: States,
    keep: tf.Tensor | None,
) -> tuple[States, list[tf.TensorArray], list[tf.TensorArray]]:
    """From the first step to the last: the last states, all states (the first ones at 0), what each step saved."""
    time = tf.shape(projected)[0]
    inputs = _unstacked(projected)

    def advance(now: tf.Tensor, current: States, states: list, saved: list) -> tuple:
        recurrent = sum(bias, tf.matmul(_dropped(current[0], keep), kernel))
        result = step.forward(inputs.read(now), recurrent, current)
        states = [array.write(now + 1, state) for array, state in zip(states, result.states)]
        saved = [array.write(now, value) for array, value in zip(saved, result.saved)]
        return now + 1, result.states, states, saved

    states = [_array(time + 1, state).write(0, state) for state in first]
    saved = [_array(time, first[0]) for _ in range(step.saves)]
    _, last, states, saved = tf.while_loop(
        lambda now, *_: now < time, advance, (0, tuple(first), states, saved), parallel_iterations=1
    )
    return last, states, saved


def _read_back(
    step: RecurrentStep,
    d_sequence: tf.Tensor,
    d_last: States,
    states: list[tf.TensorArray],
    saved: list[tf.TensorArray],
    kernel: tf.Tensor,
    keep: tf.Tensor | None,
) -> tuple[tf.Tensor, tf.Tensor, States]:
    """From the last step to the first: the gradients of the inputs, the recurrent products and the first states."""
    time = tf.shape(d_sequence)[0]
    incoming = _unstacked(d_sequence)
    transposed = tf.transpose(kernel)

    def retreat(now: tf.Tensor, gradients: States, written: list) -> tuple:
        result = step.backward(
            (gradients[0] + incoming.read(now), *gradients[1:]),
            tuple(array.read(now + 1) for array in states),
            tuple(array.read(now) for array in saved),
            tuple(array.read(now) for array in states),
        )
        written = [array.write(now, gate) for array, gate in zip(written, result.gates)]
        through_state = _dropped(tf.matmul(result.gates[-1], transposed), keep)
        return now - 1, (result.states[0] + through_state, *result.states[1:]), written

    row = tf.TensorSpec([None, kernel.shape[1]], kernel.dtype)
    _, d_first, written = tf.while_loop(
        lambda now, *_: now >= 0,
        retreat,
        (time - 1, tuple(d_last), [_array(time, row) for _ in range(step.gate_gradients)]),
        parallel_iterations=1,
    )
    d_gates = [array.stack() for array in written]
    return d_gates[0], d_gates[-1], d_first


def _dropped(values: tf.Tensor, keep: tf.Tensor | None) -> tf.Tensor:
    return values if keep is None else values * keep


def _array(size: tf.Tensor, like: Any) -> tf.TensorArray:
    return tf.TensorArray(like.dtype, size, element_shape=like.shape, clear_after_read=False)


def _unstacked(values: tf.Tensor) -> tf.TensorArray:
    array = tf.TensorArray(values.dtype, tf.shape(values)[0], element_shape=values.shape[1:])
    return array.unstack(values)
