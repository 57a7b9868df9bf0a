"""What every system hands back, the two figures it is judged by, and how a cost grows."""

from collections.abc import Mapping, Sequence
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


def growth(milliseconds: Mapping[int, float]) -> float:
    """The power by which time grows with a number, over the larger half of the numbers.

    Args:
        milliseconds: number (of tokens, of tags) -> milliseconds.

    Returns:
        float, the slope of log milliseconds by log number: 1 is linear, 2 quadratic.
    """
    numbers = sorted(milliseconds)[len(milliseconds) // 2 :]
    return float(np.polyfit(np.log(numbers), np.log([milliseconds[number] for number in numbers]), 1)[0])
