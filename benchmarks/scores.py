"""What every system hands back, and the two figures it is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean, stdev

import numpy as np


@dataclass(frozen=True)
class Result:
    """One system trained once on one data set (and fold, and seed).

    `train_seconds` is wall time from texts to a trained model; `texts_per_second` counts training texts
    through the median epoch, so that one disturbed epoch does not tell.
    """

    dataset: str
    fold: int
    system: str
    seed: int
    accuracy: float
    macro_f1: float
    train_seconds: float
    texts_per_second: float | None = None
    speed_ratio: float | None = None  # to PyTorch: above 1 is faster than PyTorch
    details: dict = field(default_factory=dict)


def accuracy(truth: Sequence[int], predicted: Sequence[int]) -> float:
    """Share of equal labels, in percent."""
    return 100.0 * float(np.mean(np.asarray(truth) == np.asarray(predicted)))


def macro_f1(truth: Sequence[int], predicted: Sequence[int]) -> float:
    """Plain mean over the classes of `truth` of their F1, in percent."""
    actual, answer = np.asarray(truth), np.asarray(predicted)
    per_class = []
    for label in np.unique(actual):
        hits = np.sum((actual == label) & (answer == label))
        per_class.append(2.0 * hits / (np.sum(actual == label) + np.sum(answer == label)))
    return 100.0 * float(np.mean(per_class))


def spread(values: Sequence[float]) -> str:
    """`mean ± standard deviation`, or the value alone where there is one."""
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{mean(values):.1f} ± {stdev(values):.1f}"
