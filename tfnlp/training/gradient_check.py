"""Gradients held against what the loss does when a weight is moved."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tfnlp.training.loss_probe import LossProbe

# Relative differences that pass: of what computes in double precision, and in single.
TOLERANCES = {"float64": 1e-5, "float32": 2e-2}
# So many times the loss's last digit is what its value is uncertain by.
_ROUNDING = 16


@dataclasses.dataclass(frozen=True)
class WeightCheck:
    """One weight.

    Attributes:
        index: its place in its variable.
        derived: the gradient that training follows.
        measured: the loss's central difference.
        difference: the two's, relative to the larger, or to what rounding alone makes of it if that is larger.
    """

    index: tuple[int, ...]
    derived: float
    measured: float
    difference: float


@dataclasses.dataclass(frozen=True)
class VariableCheck:
    """A sample of a variable's weights.

    Attributes:
        name: the variable's path.
        shape: its shape.
        connected: bool. Whether the loss depends on it.
        largest: the greatest size of its gradient.
        weights: the sample.
    """

    name: str
    shape: tuple[int, ...]
    connected: bool
    largest: float
    weights: list[WeightCheck]

    @property
    def worst(self) -> float:
        """The greatest difference."""
        return max((check.difference for check in self.weights), default=0.0)


@dataclasses.dataclass(frozen=True)
class GradientCheck:
    """What a check found.

    Attributes:
        precision: `"float64"` or `"float32"`, what was computed in.
        tolerance: the greatest relative difference that passes.
        loss: of the batch.
        variables: all that are trained.
    """

    precision: str
    tolerance: float
    loss: float
    variables: list[VariableCheck]

    @property
    def wrong(self) -> list[VariableCheck]:
        """Those of which a weight disagrees."""
        return [variable for variable in self.variables if not variable.worst <= self.tolerance]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**dataclasses.asdict(self), "agree": not self.wrong}


def check_gradients(
    probe: LossProbe, *, weights: int = 5, seed: int = 0, tolerance: float | None = None
) -> GradientCheck:
    """Moves single weights up and down and holds the loss's slope against its gradient.

    First every weight is moved by a little noise: at zero, where biases start, a ReLU has no one slope, and much that
    is wrong shows nothing. Of each variable are taken the weight of the largest gradient, others that have one, and one
    that anything may be of. Where a slope disagrees it is measured again with a shorter and a longer step: a maximum
    that changes hands within the step is no mistake. The variables are changed; check a network that is of no other
    use.

    Args:
        probe: the batch, see `tfnlp.tasks.probes.probe_of`. It computes in double precision if its weights are float64.
        weights: int, at least 1. How many of each variable.
        seed: int, of the noise and of which weights are taken.
        tolerance: float, the greatest relative difference that passes; None for 1e-5 in double precision and 0.02 in
            single.

    Returns:
        a line for each variable.
    """
    random = np.random.default_rng(seed)
    precision = str(np.result_type(*[np.asarray(weight.value).dtype for weight in probe.weights]))
    for weight in probe.weights:
        start = np.asarray(weight.value)
        weight.assign(start + random.normal(0, 0.1, start.shape).astype(start.dtype))
    tolerance = TOLERANCES[precision] if tolerance is None else tolerance
    loss_of = tf.function(probe.loss, autograph=False)
    loss, gradients = _gradients(probe)
    variables = []
    for weight, gradient in zip(probe.weights, gradients):
        derived = np.zeros(weight.shape) if gradient is None else np.asarray(tf.convert_to_tensor(gradient))
        checks = [
            _check(weight, index, float(derived[index]), loss_of, precision, tolerance)
            for index in _sample(derived, weights, random)
        ]
        variables.append(
            VariableCheck(
                weight.path.partition("/")[2] or weight.path,
                tuple(weight.shape),
                gradient is not None,
                float(np.abs(derived).max(initial=0.0)),
                checks,
            )
        )
    return GradientCheck(precision, tolerance, loss, variables)


def _gradients(probe: LossProbe) -> tuple[float, list[Any]]:
    variables = [weight.value for weight in probe.weights]

    @tf.function(autograph=False)
    def run() -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            loss = tf.convert_to_tensor(probe.loss())
        return loss, tape.gradient(loss, variables)

    loss, gradients = run()
    return float(loss), gradients


def _sample(gradient: np.ndarray, count: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    """Places of the weights to check, each once."""
    flat = np.abs(gradient).ravel()
    if not flat.size:
        return []
    moving = random.permutation(np.flatnonzero(flat))[:count]
    chosen = [flat.argmax(), random.integers(flat.size), *moving, *random.integers(flat.size, size=count)]
    places = list(dict.fromkeys(map(int, chosen)))[:count]
    return [tuple(int(axis) for axis in np.unravel_index(place, gradient.shape)) for place in places]


def _check(
    weight: Any, index: tuple[int, ...], derived: float, loss_of: Any, precision: str, tolerance: float
) -> WeightCheck:
    """Measures one weight with a fitting step, and with others if that one disagrees."""
    digit = float(np.finfo(precision).eps)
    variable = weight.value
    start = float(np.asarray(variable)[index])
    fitting = digit ** (1 / 3) * max(1.0, abs(start))

    def at(value: float) -> float:
        variable.scatter_nd_update([list(index)], [value]) if index else variable.assign(value)
        return float(loss_of())

    best: WeightCheck | None = None
    for step in (fitting, fitting / 10, fitting * 10):
        above, below = at(start + step), at(start - step)
        measured = (above - below) / (2 * step)
        uncertain = _ROUNDING * digit * max(abs(above), 1.0) / step
        scale = max(abs(derived), abs(measured), uncertain / tolerance)
        found = WeightCheck(index, derived, measured, abs(derived - measured) / scale)
        if best is None or not best.difference <= found.difference:
            best = found
        if best.difference <= tolerance:
            break
    at(start)
    return best  # type: ignore[return-value]
