"""The figures of a classifier: accuracy, F1, log loss, one row per class, and its worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tfnlp.errors import UserError
from tfnlp.evaluation.counts import ClassificationCounts, WrongAnswer

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class ClassFigures:
    """The figures of one class.

    Attributes:
        label: its name.
        precision: share of right answers among those that gave this label, 0 to 1; 0 if none did.
        recall: share of the examples bearing this label that were found, 0 to 1; 0 if none bears it.
        f1: harmonic mean of the two, 0 to 1.
        support: examples that bear the label.
        predicted: examples that were given the label.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True)
class ClassificationReport:
    """What an evaluation found.

    Attributes:
        examples: how many texts were judged.
        accuracy: share judged rightly, 0 to 1; multi-label: with exactly the right set of labels.
        macro_f1: mean of the classes' F1, 0 to 1, over the classes that occur in the truth or in
            the answers (as `sklearn.metrics.f1_score(average="macro")` takes them).
        micro_f1: F1 of all decisions taken together, 0 to 1; equals `accuracy` if not multi-label.
        log_loss: mean cross-entropy in nats; multi-label: mean binary cross-entropy over examples
            and classes. Scores are clipped at 1e-7.
        calibration_error: mean distance, 0 to 1, between the score given and the share that was
            right, over ten bins of score, weighted by their size (Guo et al., 2017, section 2,
            https://arxiv.org/abs/1706.04599).
        labels: names of the classes.
        classes: the figures of each class, in that order.
        confusion: counts, truth in rows, answers in columns; `None` if multi-label.
        calibration: for each bin of score: answers in it, their mean score, share that was right.
        worst_errors: the wrong answers of greatest confidence, the surest first.
        multi_label: whether an example may bear several labels.
        threshold: multi-label: the least score at which a label was given.
    """

    examples: int
    accuracy: float
    macro_f1: float
    micro_f1: float
    log_loss: float
    calibration_error: float
    labels: list[str]
    classes: list[ClassFigures]
    confusion: np.ndarray | None
    calibration: list[tuple[int, float, float]]
    worst_errors: list[WrongAnswer]
    multi_label: bool = False
    threshold: float = 0.5

    @classmethod
    def from_counts(cls, counts: ClassificationCounts) -> ClassificationReport:
        """Works the figures out from counts gathered over batches.

        Raises:
            UserError: if not one example was counted.
        """
        if not counts.examples:
            raise UserError("There is nothing to evaluate: the data holds not one example.")
        hits, predicted, support = counts.true_positives, counts.predicted, counts.support
        precision, recall = _ratio(hits, predicted), _ratio(hits, support)
        f1 = _ratio(2 * hits, predicted + support)
        occurs = predicted + support > 0
        answers, score_sums, right = counts.calibration.T
        return cls(
            examples=counts.examples,
            accuracy=counts.exact / counts.examples,
            macro_f1=float(f1[occurs].mean()) if occurs.any() else 0.0,
            micro_f1=float(_ratio(2 * hits.sum(), predicted.sum() + support.sum())),
            log_loss=counts.loss_sum / counts.examples,
            calibration_error=float(np.abs(score_sums - right).sum() / answers.sum()),
            labels=list(counts.labels),
            classes=[
                ClassFigures(label, float(p), float(r), float(f), int(s), int(n))
                for label, p, r, f, s, n in zip(counts.labels, precision, recall, f1, support, predicted)
            ],
            confusion=None if counts.confusion is None else counts.confusion.copy(),
            calibration=list(
                zip(
                    answers.astype(int).tolist(),
                    _ratio(score_sums, answers).tolist(),
                    _ratio(right, answers).tolist(),
                )
            ),
            worst_errors=counts.wrong_answers(),
            multi_label=counts.multi_label,
            threshold=counts.threshold,
        )

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON: `accuracy`, `macro_f1`, `examples`, then the rest."""
        figures: dict[str, Any] = {
            "examples": self.examples,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "micro_f1": self.micro_f1,
            "log_loss": self.log_loss,
            "calibration_error": self.calibration_error,
            "multi_label": self.multi_label,
        }
        if self.multi_label:
            figures["threshold"] = self.threshold
        figures["labels"] = list(self.labels)
        figures["classes"] = [asdict(item) for item in self.classes]
        if self.confusion is not None:
            figures["confusion"] = self.confusion.tolist()
        figures["calibration"] = [
            {"answers": answers, "mean_score": score, "share_right": right}
            for answers, score, right in self.calibration
        ]
        figures["worst_errors"] = [asdict(item) for item in self.worst_errors]
        return figures

    def table(self) -> Table:
        """The figures as a table for a terminal, to be printed by a `rich.console.Console`."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=f"{self.examples:,} examples", caption=self.summary(), caption_justify="left")
        table.add_column("class")
        for name in ("precision", "recall", "F1", "examples"):
            table.add_column(name, justify="right")
        for item in self.classes:
            figures = [f"{value:.3f}" for value in (item.precision, item.recall, item.f1)]
            if not item.support + item.predicted:
                figures = ["–"] * 3
            # `Text`, because a label may look like rich's own mark-up: "[red]".
            table.add_row(Text(item.label), *figures, f"{item.support:,}")
        return table

    def summary(self) -> str:
        """One line: `accuracy 86.1 %   macro F1 0.860   log loss 0.341`."""
        parts = [
            f"{'exact match' if self.multi_label else 'accuracy'} {self.accuracy:.1%}".replace("%", " %")
        ]
        parts.append(f"macro F1 {self.macro_f1:.3f}")
        if self.multi_label:
            parts.append(f"micro F1 {self.micro_f1:.3f}")
        return "   ".join([*parts, f"log loss {self.log_loss:.3f}"])


def classification_report(
    true: Any,
    scores: Any,
    labels: Sequence[str],
    *,
    multi_label: bool = False,
    texts: Sequence[str | bytes] | None = None,
    threshold: float = 0.5,
    worst: int = 20,
) -> ClassificationReport:
    """Judges scores against the truth.

    For data that does not fit in memory, feed a `ClassificationCounts` batch by batch and call
    `ClassificationReport.from_counts`: the figures are the same.

    Args:
        true: class ids (int `[examples]`) or label names. Multi-label: a 0/1 array
            `[examples, classes]`, or a list of label names for each example.
        scores: float array `[examples, classes]`, 0 to 1.
        labels: names of the classes, in the order of the scores.
        multi_label: whether an example may bear any number of labels.
        texts: the texts, shown with the worst mistakes.
        threshold: multi-label: the least score at which a label is given, 0 to 1.
        worst: how many mistakes to keep, those of greatest confidence.

    Returns:
        the report.

    Raises:
        UserError: if there is no example, or a label is not among `labels`.
        ValueError: if the shapes do not fit, or a score is not a finite number.
    """
    counts = ClassificationCounts(labels, multi_label=multi_label, threshold=threshold, worst=worst)
    counts.update(true, scores, texts)
    return ClassificationReport.from_counts(counts)


def _ratio(part: Any, whole: Any) -> np.ndarray:
    """`part / whole`, 0 where there is nothing to divide by."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
