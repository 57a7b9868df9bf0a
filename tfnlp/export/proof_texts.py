"""The texts of an agreement proof with what Keras says to each: made once, kept beside the export.

What all tasks share of it, and a classifier's.
"""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tfnlp.errors import UserError
from tfnlp.export.awkward_texts import AWKWARD_TEXTS
from tfnlp.export.portable import portable
from tfnlp.files import write_bytes_atomically

PROOF_FILE = Path("assets.extra") / "agreement_texts.jsonl.gz"


@dataclasses.dataclass(frozen=True)
class ProofText:
    """A text, told as `unit` repeated `times`.

    Attributes:
        unit: bytes, not always UTF-8.
        times: how often the unit comes.
        awkward: what is awkward about it; None for a validation text.
        labels: the true labels, where they are known; of a tagger's sentence, one a token.
        tokens: the tokens, where a tagger is asked about a sentence that is cut already.
    """

    unit: bytes
    times: int = 1
    awkward: str | None = None
    labels: tuple[str, ...] | None = None
    tokens: tuple[str, ...] | None = None

    @property
    def content(self) -> bytes:
        """The whole text."""
        return self.unit * self.times


@dataclasses.dataclass(frozen=True)
class Proof:
    """What every copy of a classifier is held against; an answer is a score for each text and label.

    The methods are those of `tfnlp.export.task_export.Proof`.

    Attributes:
        texts: validation texts first, the awkward ones behind them.
        scores: float32 `[texts, classes]`, Keras's, computed on the CPU in float32.
        labels: the label names in the order of the scores.
        multi_label: whether each label is scored for itself.
    """

    texts: list[ProofText]
    scores: np.ndarray
    labels: list[str]
    multi_label: bool

    tolerance: ClassVar[float] = 1e-5
    asker: ClassVar[Path] = Path(__file__).with_name("ask_classifier.py")

    @property
    def own(self) -> np.ndarray:
        """Keras's scores."""
        return self.scores

    def job(self) -> dict[str, Any]:
        """The script needs nothing but the texts."""
        return {}

    def read_answers(self, found: Any) -> tuple[list[str], np.ndarray, str]:
        """What the script found: labels, scores, and what is wrong beside the scores."""
        complaint = ""
        if found["label_errors"].size:
            count = found["label_errors"].size
            complaint = f"`label` or `score` is not that of the highest score in {count} texts"
        elif not np.allclose(found["scores"], found["classify_scores"], rtol=0, atol=1e-6, equal_nan=True):
            complaint = "the signatures `serving_default` and `classify` give different scores"
        return [str(label) for label in found["labels"]], found["scores"], complaint

    def ask_lite(self, path: Path) -> tuple[list[str], np.ndarray, Callable[[bytes], Any]]:
        """Asks a `.tflite` file, text by text."""
        from tfnlp.edge import EdgeClassifier

        classifier = EdgeClassifier(path)
        scores = classifier.scores([text.content for text in self.texts])
        return classifier.labels, scores, lambda text: classifier.scores([text])

    def differences(self, answers: np.ndarray) -> tuple[np.ndarray, float]:
        """Per text the greatest difference of a score, and the mean of all; NaN if shapes differ."""
        if answers.shape != self.scores.shape:
            return np.asarray([np.nan]), float("nan")
        difference = np.abs(answers - self.scores)
        return difference.max(axis=-1, initial=0.0), float(difference.mean()) if difference.size else 0.0

    def equal(self, answers: np.ndarray, tie: float) -> np.ndarray:
        """Per text whether it gets the label that Keras gives it, or one that ties with it: bool `[texts]`."""
        if answers.shape != self.scores.shape:
            return np.zeros(len(self.texts), bool)
        if self.multi_label:
            same = (answers >= 0.5) == (self.scores >= 0.5)
            return (same | (np.abs(self.scores - 0.5) <= tie)).all(axis=-1)
        chosen = np.take_along_axis(self.scores, answers.argmax(axis=-1)[:, np.newaxis], axis=-1)[:, 0]
        return self.scores.max(axis=-1) - chosen <= tie

    def accuracy(self, answers: np.ndarray) -> float | None:
        """Share of the labelled texts that get exactly their true label or labels."""
        known = [(row, text.labels) for row, text in enumerate(self.texts) if text.labels is not None]
        if not known or answers.shape != self.scores.shape:
            return None
        right = 0
        for row, truth in known:
            if self.multi_label:
                given = {
                    label for label, score in zip(self.labels, answers[row], strict=True) if score >= 0.5
                }
            else:
                given = {self.labels[int(answers[row].argmax())]}
            right += given == set(truth)
        return right / len(known)

    def perplexity(self, answers: np.ndarray) -> None:
        """It foretells no text."""

    def write(self, version: Path) -> Path:
        """Writes the proof below a version folder: one JSON object a text, gzipped.

        Each line is `{"text": ... | "base64": ..., "times"?, "awkward"?, "labels"?, "scores": [...]}`.
        """
        return write_proof(version, self.texts, ({"scores": scores} for scores in self.scores.tolist()))

    @classmethod
    def read(cls, version: Path, labels: Sequence[str], multi_label: bool) -> Proof:
        """Reads what `write` wrote.

        Raises:
            UserError: if the file is missing or damaged.
        """
        texts, rows = read_proof_file(version, ("scores",))
        return cls(
            texts=texts,
            scores=np.asarray([row["scores"] for row in rows], np.float32),
            labels=list(labels),
            multi_label=multi_label,
        )


def write_proof(version: Path, texts: Iterable[ProofText], answers: Iterable[dict[str, Any]]) -> Path:
    """Writes texts, and what was answered to each, below a version folder: one JSON object a text, gzipped."""
    lines = "".join(
        json.dumps({**_row(text), **answer}, ensure_ascii=False) + "\n"
        for text, answer in zip(texts, answers, strict=True)
    )
    return write_bytes_atomically(version / PROOF_FILE, gzip.compress(lines.encode("utf-8"), mtime=0))


def read_proof_file(version: Path, wanted: Sequence[str]) -> tuple[list[ProofText], list[dict[str, Any]]]:
    """Reads what `write_proof` wrote: the texts, and the rows, each with the keys `wanted`.

    Raises:
        UserError: if the file is missing or damaged.
    """
    path = version / PROOF_FILE
    try:
        rows = [
            json.loads(line)
            for line in gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
            if line
        ]
        for row in rows:
            for key in wanted:
                row[key]
        return [_from_row(row) for row in rows], rows
    except FileNotFoundError as error:
        raise UserError(
            f"`{path}` is missing: without the proof's texts nothing can be verified. Export anew."
        ) from error
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise UserError(f"`{path}` is damaged ({error}). Export the model anew.") from error


def make_classifier_proof(
    task: Any, texts: Sequence[str | bytes], labels: Sequence[str] | Sequence[Sequence[str]] | None = None
) -> Proof:
    """Asks Keras about the validation texts and the awkward ones.

    Args:
        task: a trained `TextClassifier`.
        texts: validation texts; may be empty.
        labels: their true labels (lists of labels for a multi-label task), or None.

    Raises:
        UserError: if there are not as many labels as texts.
    """
    import tensorflow as tf

    if labels is not None and len(labels) != len(texts):
        raise UserError(
            f"`labels` must be one a text. Received: {len(labels)} labels for {len(texts)} texts."
        )
    truths = [None] * len(texts) if labels is None else [_names(label) for label in labels]
    proof = [
        *(ProofText(as_bytes(text), labels=truth) for text, truth in zip(texts, truths, strict=True)),
        *awkward_proof_texts(),
    ]
    # The CPU: beside a GPU, TensorFloat-32 alone would move the scores by more than the tolerance.
    with portable(task), tf.device("/CPU:0"):
        scores = np.asarray(task.predict([text.content for text in proof]), np.float32)
    return Proof(proof, scores, list(task.labels), bool(task.multi_label))


def _names(label: str | Sequence[str]) -> tuple[str, ...]:
    return (label,) if isinstance(label, str) else tuple(label)


def awkward_proof_texts() -> list[ProofText]:
    """The awkward texts, as a proof holds them."""
    return [ProofText(text.unit, text.times, awkward=text.name) for text in AWKWARD_TEXTS]


def as_bytes(text: str | bytes) -> bytes:
    """A text in UTF-8."""
    # A lone surrogate has no UTF-8; as the bytes it would have had, it is one more broken text.
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _row(text: ProofText) -> dict[str, Any]:
    try:
        row: dict[str, Any] = {"text": text.unit.decode("utf-8")}
    except UnicodeDecodeError:
        row = {"base64": base64.b64encode(text.unit).decode("ascii")}
    if text.times != 1:
        row["times"] = text.times
    if text.awkward is not None:
        row["awkward"] = text.awkward
    if text.labels is not None:
        row["labels"] = list(text.labels)
    if text.tokens is not None:
        row["tokens"] = list(text.tokens)
    return row


def _from_row(row: dict[str, Any]) -> ProofText:
    unit = row["text"].encode("utf-8") if "text" in row else base64.b64decode(row["base64"])
    labels, tokens = (None if row.get(key) is None else tuple(row[key]) for key in ("labels", "tokens"))
    return ProofText(unit, row.get("times", 1), row.get("awkward"), labels, tokens)
