"""Learning rates that move with the step."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

SCHEDULES = ("constant", "step", "warmup_cosine", "inverse_sqrt")


@keras.saving.register_keras_serializable(package="tfnlp")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """Climbs in a straight line to the peak, then falls with the square root of the step.

    `rate(s) = peak * min(s / w, sqrt(w / s))` at step `s = 1, 2, …`, `w` being the warm-up's steps.

    Args:
        peak: float, the greatest rate, reached at step `warmup_steps`.
        warmup_steps: int, at least 1.

    Reference:
        Vaswani et al., 2017, section 5.3, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, peak: float, warmup_steps: int):
        if warmup_steps < 1:
            raise ValueError(f"`warmup_steps` must be at least 1. Received: warmup_steps={warmup_steps}")
        self.peak = peak
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        """The rate at a step counted from 0, float32."""
        s = ops.cast(step, "float32") + 1.0
        w = float(self.warmup_steps)
        return self.peak * ops.minimum(s / w, ops.sqrt(w / s))

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"peak": self.peak, "warmup_steps": self.warmup_steps}


@keras.saving.register_keras_serializable(package="tfnlp")
class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Holds the rate, then multiplies it by a factor again and again.

    `rate(s) = peak` for `s < h` and `peak * factor ** (1 + floor((s - h) / e))` from there on, `h` being the steps that
    the rate is held, `e` those between two drops.

    Args:
        peak: float, the rate at first.
        hold_steps: int, at least 0. Steps before the first drop.
        every_steps: int, at least 1. Steps from one drop to the next.
        factor: float in `(0, 1]`.

    Reference:
        Zaremba et al., 2014, section 4.1, https://arxiv.org/abs/1409.2329 (held for some epochs, then divided
        after each)
    """

    def __init__(self, peak: float, hold_steps: int, every_steps: int, factor: float):
        if every_steps < 1:
            raise ValueError(f"`every_steps` must be at least 1. Received: every_steps={every_steps}")
        self.peak = peak
        self.hold_steps = hold_steps
        self.every_steps = every_steps
        self.factor = factor

    def __call__(self, step: Any) -> Any:
        """The rate at a step counted from 0, float32."""
        after = ops.cast(step, "float32") - self.hold_steps
        drops = ops.maximum(ops.floor(after / self.every_steps) + 1.0, 0.0)
        return self.peak * ops.power(self.factor, drops)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "peak": self.peak,
            "hold_steps": self.hold_steps,
            "every_steps": self.every_steps,
            "factor": self.factor,
        }


def learning_rate(
    schedule: str,
    peak: float,
    *,
    steps_per_epoch: int,
    epochs: int,
    warmup_share: float = 0.1,
    step_epochs: int = 2,
    step_factor: float = 0.5,
    step_hold: int | None = None,
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Makes the learning rate that a recipe names.

    Args:
        schedule: `"constant"`; `"step"` (times `step_factor` after `step_hold` epochs, and then each `step_epochs`
            epochs); `"warmup_cosine"` (a straight climb, then half a cosine down to 0 at the last step); or
            `"inverse_sqrt"`.
        peak: float, the greatest rate.
        steps_per_epoch: int.
        epochs: int.
        warmup_share: float in `[0, 1)`, the climb's share of all steps.
        step_epochs: int, at least 1.
        step_factor: float in `(0, 1]`.
        step_hold: int, at least 0, or None for `step_epochs`.

    Raises:
        ValueError: if the schedule is unknown.
    """
    schedules = keras.optimizers.schedules
    total = steps_per_epoch * epochs
    warmup = round(total * warmup_share)
    if schedule == "constant":
        return peak
    if schedule == "step":
        hold = step_epochs if step_hold is None else step_hold
        return StepDecay(peak, hold * steps_per_epoch, step_epochs * steps_per_epoch, step_factor)
    if schedule == "inverse_sqrt":
        return InverseSquareRoot(peak, max(warmup, 1))
    if schedule == "warmup_cosine":
        if not warmup:
            return schedules.CosineDecay(peak, total)
        return schedules.CosineDecay(0.0, max(total - warmup, 1), warmup_target=peak, warmup_steps=warmup)
    raise ValueError(f"`schedule` must be one of {SCHEDULES}. Received: schedule={schedule!r}")
