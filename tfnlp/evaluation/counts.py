"""Counts that add up: fed batch by batch, they give the figures of the whole."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfnlp.errors import UserError, did_you_mean
from tfnlp.evaluation.readable import readable_text

CALIBRATION_BINS = 10
# A wrong answer given with certainty would cost infinitely much; Keras clips at the same value.
_LEAST_SCORE = 1e-7


@dataclass(frozen=True)
class WrongAnswer:
    """One example that the model got wrong.

    Attributes:
        index: position of the example in the evaluated data, from 0.
        text: the text, shortened and made safe to show (`readable_text`); `""` where none was given.
        true: the label, or the list of labels of a multi-label example.
        predicted: the label or labels the model gave.
        score_predicted: the model's score of its answer, 0 to 1. Multi-label: the highest score of
            a label wrongly given, 0 if there is none.
        score_true: the model's score of the truth, 0 to 1. Multi-label: the lowest score of a label
            wrongly withheld, 1 if there is none.
        confidence: how sure the model was of its mistake, 0 to 1. `score_predicted`; multi-label:
            the greater of `score_predicted` and `1 - score_true`.
    """

    index: int
    text: str
    true: str | list[str]
    predicted: str | list[str]
    score_predicted: float
    score_true: float
    confidence: float


class ClassificationCounts:
    """Counts right and wrong answers over batches, so that any split into batches gives the same result.

    Example:
        >>> counts = ClassificationCounts(["negative", "positive"])
        >>> counts.update([0, 1, 1], np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]))
        >>> counts.confusion
        array([[1, 0],
               [1, 1]])

    Args:
        labels: names of the classes, in the order of the scores.
        multi_label: whether an example may bear any number of labels.
        threshold: multi-label: the least score at which a label is given, 0 to 1.
        worst: how many wrong answers to keep, those of greatest confidence.

    Attributes:
        examples: int. Examples seen.
        exact: int. Examples with the right label, or with exactly the right set of labels.
        true_positives, predicted, support: int64 arrays `[classes]`.
        loss_sum: float. Sum over examples of the cross-entropy in nats; multi-label: of the mean
            binary cross-entropy over classes.
        calibration: float array `[bins, 3]`: answers whose score falls in the bin, the sum of their
            scores, and how many were right. One answer an example; multi-label: one a label.

    Raises:
        ValueError: if `threshold` is outside 0 to 1, or `labels` is empty or repeats a name.
    """

    def __init__(
        self, labels: Sequence[str], *, multi_label: bool = False, threshold: float = 0.5, worst: int = 20
    ) -> None:
        self.labels = [str(label) for label in labels]
        if not self.labels or len(set(self.labels)) != len(self.labels):
            raise ValueError(f"`labels` must be one or more different names. Received: labels={self.labels}")
        if not 0.0 <= threshold <= 1.0:
            raise ValueError(f"`threshold` must lie in 0 to 1. Received: threshold={threshold}")
        self.multi_label = multi_label
        self.threshold = threshold
        self.worst = worst
        classes = len(self.labels)
        self.examples = 0
        self.exact = 0
        self.true_positives = np.zeros(classes, np.int64)
        self.predicted = np.zeros(classes, np.int64)
        self.support = np.zeros(classes, np.int64)
        self._confusion = np.zeros((0, 0) if multi_label else (classes, classes), np.int64)
        self.loss_sum = 0.0
        self.calibration = np.zeros((CALIBRATION_BINS, 3))
        self._ids = {label: index for index, label in enumerate(self.labels)}
        self._heap: list[tuple[float, int, WrongAnswer]] = []  # least confident first

    @property
    def confusion(self) -> np.ndarray | None:
        """int64 array `[classes, classes]`, truth in rows, answers in columns; `None` if multi-label."""
        return None if self.multi_label else self._confusion

    def update(self, true: Any, scores: Any, texts: Sequence[str | bytes] | None = None) -> None:
        """Adds a batch.

        Args:
            true: the truth of each example: class ids (int `[batch]`) or label names. Multi-label:
                a 0/1 array `[batch, classes]`, or a list of label names for each example.
            scores: float array `[batch, classes]`, 0 to 1: softmax, or sigmoid if multi-label.
            texts: the texts of the batch, for the list of wrong answers.

        Raises:
            UserError: if a label is not among `labels`.
            ValueError: if the shapes do not fit, or a score is not a finite number.
        """
        scores = np.asarray(scores, np.float64)
        classes = len(self.labels)
        if scores.ndim != 2 or scores.shape[1] != classes:
            raise ValueError(f"`scores` must have the shape [batch, {classes}]. Received: {scores.shape}")
        if not np.isfinite(scores).all():
            bad = int((~np.isfinite(scores)).any(axis=1).sum())
            raise ValueError(
                f"{bad} of {len(scores)} examples have scores that are not finite numbers: the weights "
                "of the model are broken. Train with a lower learning rate, with clipping, or in float32."
            )
        truth = self._truth_matrix(true) if self.multi_label else self._truth_ids(true)
        if len(truth) != len(scores):
            raise ValueError(f"{len(truth)} truths for {len(scores)} rows of scores.")
        if texts is not None and len(texts) != len(scores):
            raise ValueError(f"{len(texts)} texts for {len(scores)} rows of scores.")
        if self.multi_label:
            self._add_multi_label(truth, scores, texts)
        else:
            self._add_single_label(truth, scores, texts)
        self.examples += len(scores)

    def wrong_answers(self) -> list[WrongAnswer]:
        """The wrong answers of greatest confidence, the surest first, equals in the order of the data."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: (-entry[0], -entry[1]))]

    def _add_single_label(self, truth: np.ndarray, scores: np.ndarray, texts: Any) -> None:
        rows, classes = np.arange(len(scores)), len(self.labels)
        answer = scores.argmax(axis=1)
        cells = np.bincount(truth * classes + answer, minlength=classes**2)
        self._confusion += cells.reshape(classes, classes)
        self.support += np.bincount(truth, minlength=classes)
        self.predicted += np.bincount(answer, minlength=classes)
        right = truth == answer
        self.true_positives += np.bincount(truth[right], minlength=classes)
        self.exact += int(right.sum())
        of_truth, of_answer = scores[rows, truth], scores[rows, answer]
        self.loss_sum -= float(np.log(np.clip(of_truth, _LEAST_SCORE, 1.0)).sum())
        self._add_calibration(of_answer, right)
        for row in self._candidates(np.flatnonzero(~right), of_answer):
            true, predicted = self.labels[truth[row]], self.labels[answer[row]]
            self._keep(row, texts, true, predicted, of_answer[row], of_truth[row], of_answer[row])

    def _add_multi_label(self, truth: np.ndarray, scores: np.ndarray, texts: Any) -> None:
        given = scores >= self.threshold
        self.true_positives += (given & truth).sum(axis=0)
        self.predicted += given.sum(axis=0)
        self.support += truth.sum(axis=0)
        right = (given == truth).all(axis=1)
        self.exact += int(right.sum())
        of_truth = np.clip(np.where(truth, scores, 1.0 - scores), _LEAST_SCORE, 1.0)
        self.loss_sum -= float(np.log(of_truth).mean(axis=1).sum())
        self._add_calibration(scores.ravel(), truth.ravel())
        wrongly_given = np.where(given & ~truth, scores, 0.0).max(axis=1)
        wrongly_withheld = np.where(truth & ~given, scores, 1.0).min(axis=1)
        confidence = np.maximum(wrongly_given, 1.0 - wrongly_withheld)
        for row in self._candidates(np.flatnonzero(~right), confidence):
            true, predicted = self._names(truth[row]), self._names(given[row])
            self._keep(
                row, texts, true, predicted, wrongly_given[row], wrongly_withheld[row], confidence[row]
            )

    def _add_calibration(self, scores: np.ndarray, right: np.ndarray) -> None:
        bins = np.clip((scores * CALIBRATION_BINS).astype(int), 0, CALIBRATION_BINS - 1)
        for column, weights in enumerate((None, scores, right)):
            self.calibration[:, column] += np.bincount(bins, weights, CALIBRATION_BINS)

    def _candidates(self, wrong: np.ndarray, confidence: np.ndarray) -> list[int]:
        """The wrong rows of a batch that could be among the worst, in the order of the data."""
        if self.worst < 1:
            return []
        surest_first = wrong[np.argsort(-confidence[wrong], kind="stable")]
        return sorted(surest_first[: self.worst].tolist())

    def _keep(self, row: int, texts: Any, true: Any, predicted: Any, *scores: float) -> None:
        index = self.examples + row
        confidence = float(scores[-1])
        if len(self._heap) == self.worst and confidence <= self._heap[0][0]:
            return
        text = "" if texts is None else readable_text(texts[row], 500)
        item = WrongAnswer(index, text, true, predicted, *map(float, scores))
        push = heapq.heappushpop if len(self._heap) == self.worst else heapq.heappush
        push(self._heap, (confidence, -index, item))

    def _names(self, flags: np.ndarray) -> list[str]:
        return [self.labels[index] for index in np.flatnonzero(flags)]

    def _id(self, label: Any) -> int:
        if isinstance(label, bytes):
            label = label.decode("utf-8", errors="replace")
        if str(label) not in self._ids:
            known = ", ".join(self.labels[:10]) + (", …" if len(self.labels) > 10 else "")
            raise UserError(
                f"The label `{label}` is unknown to the model, which knows: {known}."
                f"{did_you_mean(str(label), self.labels)} Correct the label or leave such rows out."
            )
        return self._ids[str(label)]

    def _truth_ids(self, true: Any) -> np.ndarray:
        array = np.asarray(true)
        if array.ndim != 1:
            raise ValueError(f"`true` must hold one label an example. Received the shape {array.shape}")
        if array.dtype.kind not in "iu":
            return np.array([self._id(label) for label in true], np.int64)
        if len(array) and not (array.min() >= 0 and array.max() < len(self.labels)):
            raise ValueError(
                f"Class ids must lie in 0 to {len(self.labels) - 1}. Received: {array.min()} to {array.max()}"
            )
        return array.astype(np.int64)

    def _truth_matrix(self, true: Any) -> np.ndarray:
        classes = len(self.labels)
        if isinstance(true, np.ndarray) and true.dtype.kind in "biuf":
            if true.ndim != 2 or true.shape[1] != classes:
                raise ValueError(f"`true` must have the shape [batch, {classes}]. Received: {true.shape}")
            return true.astype(bool)
        matrix = np.zeros((len(true), classes), bool)
        for row, names in enumerate(true):
            if isinstance(names, str | bytes):
                raise ValueError(f"A multi-label truth must be a list of label names. Received: {names!r}")
            for name in names:
                matrix[row, self._id(name)] = True
        return matrix
