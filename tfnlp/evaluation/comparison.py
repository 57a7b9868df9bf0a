"""Several encoders on the same texts: their figures over the seeds, and which one to take."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

# Two shares of the same texts that differ by less than this differ by rounding alone.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Spread:
    """Mean and spread of a figure over the seeds.

    Attributes:
        mean: the mean.
        deviation: the sample standard deviation (over `count - 1`); None of a single seed.
        count: how many seeds.
    """

    mean: float
    deviation: float | None
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        deviation = statistics.stdev(values) if len(values) > 1 else None
        return cls(statistics.fmean(values), deviation, len(values))


@dataclass(frozen=True)
class Training:
    """One encoder trained with one seed.

    Attributes:
        seed: the seed.
        accuracy: share of the judged texts answered rightly, 0 to 1; multi-label: with exactly the right set.
        macro_f1: mean F1 over classes, 0 to 1.
        valid_accuracy: accuracy on the validation texts, 0 to 1; None without any.
        parameters: number of weights.
        epochs: epochs trained.
        best_epoch: the one whose weights were kept, from 1.
        epoch_seconds: of each epoch, validation included.
        steps_seconds: of each epoch, validation left out.
        run: the run's folder.
    """

    seed: int
    accuracy: float
    macro_f1: float
    valid_accuracy: float | None
    parameters: int
    epochs: int
    best_epoch: int
    epoch_seconds: list[float]
    steps_seconds: list[float]
    run: str


@dataclass(frozen=True)
class Serving:
    """One encoder's exported copies, measured.

    Attributes:
        saved_model_bytes: what a server loads.
        int8_bytes: the `.tflite` file with weights in 8 bits.
        lite_ms: median milliseconds of that file for one text on one thread, from string to scores; None if no text
            was timed.
        texts_per_second: texts that the SavedModel answers in batches of 32 on the CPU; None if none was timed.
        int8_drop: points of accuracy that the int8 file loses on the validation texts; None without labels.
    """

    saved_model_bytes: int
    int8_bytes: int
    lite_ms: float | None
    texts_per_second: float | None
    int8_drop: float | None = None


@dataclass(frozen=True)
class EncoderFigures:
    """One encoder, or one variant of an encoder: a row of the table.

    Attributes:
        encoder: its name in the registry, or the variant's in the recipe.
        trainings: one a seed that was trained to its end.
        train_texts: texts of an epoch.
        serving: its copies' figures; None if they were not measured.
        failure: why it failed, in a line; empty if it did not.
        settings: its resolved settings; `type` is its name in the registry.
    """

    encoder: str
    trainings: list[Training] = field(default_factory=list)
    train_texts: int = 0
    serving: Serving | None = None
    failure: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def accuracy(self) -> Spread | None:
        """Accuracy over the seeds; None if no training came to its end."""
        return self._spread("accuracy")

    @property
    def macro_f1(self) -> Spread | None:
        """Macro F1 over the seeds."""
        return self._spread("macro_f1")

    @property
    def parameters(self) -> int | None:
        """Number of weights."""
        return self.trainings[0].parameters if self.trainings else None

    @property
    def epochs(self) -> float | None:
        """Epochs trained, the mean over the seeds: early stopping may end one before another."""
        return statistics.fmean(item.epochs for item in self.trainings) if self.trainings else None

    @property
    def epoch_seconds(self) -> float | None:
        """Seconds an epoch, validation included: the median over epochs and seeds, without each first epoch."""
        return self._median("epoch_seconds")

    @property
    def train_texts_per_second(self) -> float | None:
        """Texts a second in training, validation left out, input pipeline included; of the same epochs."""
        seconds = self._median("steps_seconds")
        return self.train_texts / seconds if seconds else None

    @property
    def lite_ms(self) -> float | None:
        """Milliseconds for one text on LiteRT."""
        return self.serving.lite_ms if self.serving else None

    @property
    def best_training(self) -> Training | None:
        """The seed with the best validation accuracy: chosen without a look at the test texts."""
        return max(self.trainings, key=lambda item: item.valid_accuracy or 0.0, default=None)

    def _spread(self, name: str) -> Spread | None:
        return Spread.of([getattr(item, name) for item in self.trainings]) if self.trainings else None

    def _median(self, name: str) -> float | None:
        # TensorFlow traces its graphs in the first epoch; only a run of one epoch has nothing else to show.
        seconds = [s for item in self.trainings for s in (getattr(item, name)[1:] or getattr(item, name))]
        return statistics.median(seconds) if seconds else None


@dataclass(frozen=True)
class Comparison:
    """All rows, and what follows from them.

    Attributes:
        name: of the recipe.
        judged_on: `"test"` or `"valid"`: which texts the accuracy is of.
        texts: how many of each part there are: `"train"`, `"valid"`, `"test"`.
        device: what it all ran on, in words.
        seeds: the seeds.
        rows: one an encoder, in the order asked for.
        multi_label: whether a text may bear several labels.
        baseline: `{"name", "accuracy", "macro_f1", "seconds"}` of the baseline, or None.
    """

    name: str
    judged_on: str
    texts: dict[str, int]
    device: str
    seeds: list[int]
    rows: list[EncoderFigures]
    multi_label: bool = False
    baseline: dict[str, Any] | None = None

    @property
    def failed(self) -> list[EncoderFigures]:
        """Rows of encoders that failed."""
        return [row for row in self.rows if row.failure]

    @property
    def best(self) -> EncoderFigures | None:
        """The most accurate encoder of those that did not fail; of equals the fastest."""
        return max(
            self._candidates, key=lambda row: (round(_mean(row), 9), -(row.lite_ms or 0)), default=None
        )

    @property
    def standard_error(self) -> float | None:
        """How far the best mean accuracy may be off by chance, 0 to 1: the greater of two.

        Over the seeds it is `deviation / sqrt(seeds)`. But the seeds share their texts: that a share `p` was measured
        on `n` texts alone moves it by `sqrt(p (1 - p) / n)`. One seed has only the second.
        """
        best = self.best
        if best is None or best.accuracy is None:
            return None
        accuracy = best.accuracy
        # Rounding may take a mean of ones a hair above 1.
        of_texts = math.sqrt(max(accuracy.mean * (1 - accuracy.mean), 0.0) / self.texts[self.judged_on])
        of_seeds = (accuracy.deviation or 0.0) / math.sqrt(accuracy.count)
        return max(of_texts, of_seeds)

    @property
    def recommended(self) -> EncoderFigures | None:
        """The fastest on LiteRT of those within one standard error of the best; of equals the more accurate.

        The rule of one standard error is Breiman et al.'s, 1984, Classification and Regression Trees, section 3.4.3:
        of models that the data cannot tell apart take the cheapest.
        """
        best, error = self.best, self.standard_error
        if best is None or error is None:
            return None
        near = [row for row in self._candidates if _mean(row) >= _mean(best) - error - _ROUNDING]
        return min(near, key=lambda row: (row.lite_ms, -_mean(row)))

    @property
    def pareto_front(self) -> list[EncoderFigures]:
        """Rows that no other beats in accuracy without being slower, or in speed without being less accurate."""
        return [
            row
            for row in self._candidates
            if not any(_dominates(other, row) for other in self._candidates if other is not row)
        ]

    @property
    def verdict(self) -> str:
        """The recommendation and its reason in plain words, one sentence or two."""
        best, error, choice = self.best, self.standard_error, self.recommended
        if best is None or error is None or choice is None:
            return "No encoder came to its end, so none is recommended."
        said = f"{_points(_mean(best))} %"
        if choice is best:
            return (
                f"Recommended: {choice.encoder}. It is the most accurate ({said}), and none that is faster on LiteRT "
                f"comes within one standard error ({_points(error)} points) of it."
            )
        return (
            f"Recommended: {choice.encoder}, the fastest on LiteRT ({choice.lite_ms:.2g} ms a text) of those whose "
            f"accuracy ({_points(_mean(choice))} %) is within one standard error ({_points(error)} points) of the "
            f"best, {best.encoder} ({said})."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON: the figures of every row, every training behind them, and the recommendation."""
        choice, front = self.recommended, self.pareto_front
        return {
            "name": self.name,
            "judged_on": self.judged_on,
            "texts": self.texts,
            "multi_label": self.multi_label,
            "device": self.device,
            "seeds": self.seeds,
            "recommended": choice.encoder if choice else None,
            "best": self.best.encoder if self.best else None,
            "standard_error": self.standard_error,
            "verdict": self.verdict,
            "baseline": self.baseline,
            "encoders": [
                {
                    "encoder": row.encoder,
                    "failure": row.failure or None,
                    "recommended": row is choice,
                    "on_pareto_front": row in front,
                    "accuracy": asdict(row.accuracy) if row.accuracy else None,
                    "macro_f1": asdict(row.macro_f1) if row.macro_f1 else None,
                    "parameters": row.parameters,
                    "epochs": row.epochs,
                    "epoch_seconds": row.epoch_seconds,
                    "train_texts_per_second": row.train_texts_per_second,
                    "serving": asdict(row.serving) if row.serving else None,
                    "settings": row.settings,
                    "trainings": [asdict(item) for item in row.trainings],
                }
                for row in self.rows
            ],
        }

    @property
    def _candidates(self) -> list[EncoderFigures]:
        """Rows that have all it takes to be chosen."""
        return [row for row in self.rows if not row.failure and row.accuracy and row.lite_ms is not None]


def _mean(row: EncoderFigures) -> float:
    return row.accuracy.mean if row.accuracy else math.nan


def _dominates(one: EncoderFigures, other: EncoderFigures) -> bool:
    """Whether one is at least as accurate and as fast as the other, and more of one."""
    ours, theirs = (_mean(one), -(one.lite_ms or 0.0)), (_mean(other), -(other.lite_ms or 0.0))
    return ours[0] >= theirs[0] and ours[1] >= theirs[1] and ours != theirs


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
