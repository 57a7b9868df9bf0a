"""AdamW's step on a large weight as one loop over it, in place."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf


class Rates(NamedTuple):
    """What one step of AdamW depends on; float tensors without dimensions."""

    learning: Any  # corrected for the moments' start at zero
    beta_1: Any
    beta_2: Any
    epsilon: Any
    decay: Any  # share by which the weight shrinks
    average: Any  # share by which its average moves towards it; unused where there is none


def compiled_step() -> Any:
    """`step` as one loop without a temporary copy.

    As single operations it is a dozen, most of which write a copy, and memory that is new to the process costs more
    than the arithmetic. A function holds on to the variables it was traced with: who makes one keeps it no longer
    than them.
    """
    return tf.function(step, jit_compile=True, autograph=False)


def step(state: list[tf.Variable], gradient: tf.Tensor, rates: Rates) -> None:
    """Moves a weight, its two moments and, if there is one, its average.

    Args:
        state: the weight, its first and its second moment, and its average or not; float variables of one shape.
        gradient: float tensor of that shape.
        rates: of this step.
    """
    weight, first, second, *average = (tf.convert_to_tensor(variable) for variable in state)
    first = rates.beta_1 * first + (1 - rates.beta_1) * gradient
    second = rates.beta_2 * second + (1 - rates.beta_2) * gradient * gradient
    weight = weight * (1 - rates.decay) - rates.learning * first / (tf.sqrt(second) + rates.epsilon)
    moved = [weight, first, second, *(each + rates.average * (weight - each) for each in average)]
    for variable, value in zip(state, moved, strict=True):
        variable.assign(value)
