"""The texts of an agreement proof with what Keras says to each: made once, kept beside the export."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
        labels: the true labels, where they are known.
    """

    unit: bytes
    times: int = 1
    awkward: str | None = None
    labels: tuple[str, ...] | None = None

    @property
    def content(self) -> bytes:
        """The whole text."""
        return self.unit * self.times


@dataclasses.dataclass(frozen=True)
class Proof:
    """What every copy is held against.

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

    def write(self, version: Path) -> Path:
        """Writes the proof below a version folder: one JSON object a text, gzipped.

        Each line is `{"text": ... | "base64": ..., "times"?, "awkward"?, "labels"?, "scores": [...]}`.
        """
        lines = "".join(
            json.dumps({**_row(text), "scores": scores}, ensure_ascii=False) + "\n"
            for text, scores in zip(self.texts, self.scores.tolist(), strict=True)
        )
        return write_bytes_atomically(version / PROOF_FILE, gzip.compress(lines.encode("utf-8"), mtime=0))

    @classmethod
    def read(cls, version: Path, labels: Sequence[str], multi_label: bool) -> Proof:
        """Reads what `write` wrote.

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
            return cls(
                texts=[_from_row(row) for row in rows],
                scores=np.asarray([row["scores"] for row in rows], np.float32),
                labels=list(labels),
                multi_label=multi_label,
            )
        except FileNotFoundError as error:
            raise UserError(
                f"`{path}` is missing: without the proof's texts nothing can be verified. Export anew."
            ) from error
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise UserError(f"`{path}` is damaged ({error}). Export the model anew.") from error


def make_proof(
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
        *(ProofText(_bytes(text), labels=truth) for text, truth in zip(texts, truths, strict=True)),
        *(ProofText(text.unit, text.times, awkward=text.name) for text in AWKWARD_TEXTS),
    ]
    # The CPU: beside a GPU, TensorFloat-32 alone would move the scores by more than the tolerance.
    with portable(task), tf.device("/CPU:0"):
        scores = np.asarray(task.predict([text.content for text in proof]), np.float32)
    return Proof(proof, scores, list(task.labels), bool(task.multi_label))


def _names(label: str | Sequence[str]) -> tuple[str, ...]:
    return (label,) if isinstance(label, str) else tuple(label)


def _bytes(text: str | bytes) -> bytes:
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
    return row


def _from_row(row: dict[str, Any]) -> ProofText:
    unit = row["text"].encode("utf-8") if "text" in row else base64.b64decode(row["base64"])
    labels = row.get("labels")
    return ProofText(unit, row.get("times", 1), row.get("awkward"), None if labels is None else tuple(labels))
