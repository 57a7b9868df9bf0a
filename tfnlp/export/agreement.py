"""The agreement proof: every copy of a model must say what the trained one said."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfnlp.errors import WorkError
from tfnlp.export.copies import CopyAnswers, ask_saved_model, ask_tflite
from tfnlp.export.ops import check_ops
from tfnlp.export.task_export import Proof, export_of_task

if TYPE_CHECKING:
    from rich.table import Table

# Copies that compute what Keras computes, in the same float32.
EXACT_COPIES = ("saved_model", "float32")
# A float16 weight keeps 11 bits, so scores move by about a thousandth; a label may change only
# where Keras itself was all but undecided.
FLOAT16_TIE = 1e-2
_TIMED_TEXTS = 200
_TIMED_BYTES = 4096


class AgreementError(WorkError):
    """A copy does not say what the trained model says.

    Attributes:
        agreement: what was measured.
    """

    def __init__(self, message: str, agreement: Agreement):
        super().__init__(message)
        self.agreement = agreement


@dataclasses.dataclass(frozen=True)
class CopyAgreement:
    """One copy beside Keras: a row of the table.

    Attributes:
        copy: `"saved_model"`, `"float32"`, `"float16"` or `"int8"`.
        max_difference: greatest absolute difference of a score, over all texts and labels.
        mean_difference: the mean of them.
        equal_labels: share of the texts, 0 to 1, that get the same label (multi-label: the same set
            at 0.5). Scores that lie within 1e-5 of each other (of 0.5) tie, and either label counts
            as the same.
        bytes: size of what has to be shipped.
        median_ms: milliseconds for one text, from string to scores; None if no text was timed.
        p99_ms: the 99th percentile of the same.
        accuracy: share of the labelled texts, 0 to 1, that get the true label (multi-label: exactly
            the true set); None without true labels.
        problem: why the copy fails; empty if it agrees.
        texts_per_second: how many texts the SavedModel answers in batches of 32; None for the other copies, and
            if no text was timed.
        perplexity: of a language model on the validation texts; None without any, and for other tasks.
    """

    copy: str
    max_difference: float
    mean_difference: float
    equal_labels: float
    bytes: int
    median_ms: float | None
    p99_ms: float | None
    accuracy: float | None
    problem: str = ""
    texts_per_second: float | None = None
    perplexity: float | None = None


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How well the copies of one export agree with Keras.

    Attributes:
        texts: number of validation texts.
        awkward_texts: number of awkward ones.
        keras_accuracy: Keras's own accuracy on the labelled texts, 0 to 1, or None.
        max_accuracy_drop: what an int8 or float16 copy may lose, in percentage points; of a language model, by how
            many percent its perplexity may rise.
        rows: one row a copy.
        tolerance: how far a score of a copy in float32 may be off.
        keras_perplexity: Keras's own on the validation texts, of a language model; None for other tasks.
    """

    texts: int
    awkward_texts: int
    keras_accuracy: float | None
    max_accuracy_drop: float
    rows: list[CopyAgreement]
    tolerance: float = 1e-5
    keras_perplexity: float | None = None

    @property
    def problems(self) -> list[str]:
        """What is wrong, one sentence a copy; empty if all agree."""
        return [f"{row.copy}: {row.problem}" for row in self.rows if row.problem]

    def require(self) -> None:
        """Raises AgreementError, which says what is wrong, unless every copy agrees."""
        if self.problems:
            raise AgreementError(
                f"not every copy agrees with the trained model. {'. '.join(self.problems)}.", self
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**dataclasses.asdict(self), "agrees": not self.problems}


def prove_agreement(
    task: Any,
    export_dir: Path,
    lite_files: Mapping[str, Path],
    texts: Sequence[str | bytes],
    labels: Sequence[str] | Sequence[Sequence[str]] | None = None,
    max_accuracy_drop: float = 1.0,
) -> Agreement:
    """Runs the validation texts and the awkward ones through Keras and every copy.

    Args:
        task: the trained `TextClassifier`.
        export_dir: the version folder with the SavedModel.
        lite_files: precision -> `.tflite` file.
        texts: validation texts; may be empty.
        labels: their true labels, or None.
        max_accuracy_drop: percentage points that int8 and float16 may lose.

    Returns:
        the agreement.

    Raises:
        AgreementError: if a copy does not agree; see `compare_copies`.
    """
    proof = make_proof(task, texts, labels)
    agreement = compare_copies(proof, export_dir, lite_files, max_accuracy_drop)
    agreement.require()
    return agreement


def make_proof(task: Any, texts: Sequence[Any], labels: Any = None) -> Proof:
    """Asks Keras about the validation texts and the awkward ones.

    Args:
        task: a trained task.
        texts: validation texts; may be empty.
        labels: what is true of them, or None; see `tfnlp.export.export`.

    Raises:
        UserError: if there are not as many labels as texts.
    """
    return export_of_task(task).make_proof(task, texts, labels)


def compare_copies(
    proof: Proof, version: Path, lite_files: Mapping[str, Path], max_accuracy_drop: float = 1.0
) -> Agreement:
    """Asks every copy and holds its answers against the proof's.

    - SavedModel and float32: every score within 1e-5 of Keras's, every label the same.
    - float16: halved weights cannot hold 1e-5, so the difference is only reported; every label must
      be the same but where Keras's scores lie within 1e-2 of each other, and the accuracy may drop
      by no more than the limit.
    - int8: the accuracy may drop by no more than the limit. Without true labels, Keras's stand in
      for them: no more than that many texts in a hundred may change their label.

    A language model's label is what follows a prompt, its score the mean log-probability of a text's tokens; float16
    and int8 may raise its perplexity by no more percent than the limit.

    Args:
        proof: texts and Keras's scores.
        version: the version folder.
        lite_files: precision -> `.tflite` file.
        max_accuracy_drop: percentage points, 0 to 100.

    Returns:
        the agreement, with its problems; nothing is raised for them.

    Raises:
        UserError: if the SavedModel holds an op that a stock model server lacks, or does not run.
    """
    ops = check_ops(version)
    timed = _timed_rows(proof)
    rows = []
    with tempfile.TemporaryDirectory(prefix="tfnlp-") as scratch:
        answers = ask_saved_model(
            proof, version.resolve(), timed, Path(scratch), text_ops=bool(ops["tensorflow_text"])
        )
    rows.append(_row("saved_model", proof, answers, max_accuracy_drop))
    for precision, path in lite_files.items():
        rows.append(_row(precision, proof, ask_tflite(proof, path, timed), max_accuracy_drop))
    awkward = sum(text.awkward is not None for text in proof.texts)
    return Agreement(
        # A tagger is asked about a sentence twice: as a text, and as its tokens.
        texts=sum(text.awkward is None and text.tokens is None for text in proof.texts),
        awkward_texts=awkward,
        keras_accuracy=proof.accuracy(proof.own),
        max_accuracy_drop=max_accuracy_drop,
        rows=rows,
        tolerance=proof.tolerance,
        keras_perplexity=proof.perplexity(proof.own),
    )


def agreement_table(agreement: Agreement) -> Table:
    """The agreement as a table to print with rich; it fits 80 columns."""
    from rich import box
    from rich.table import Table

    caption = f"{agreement.texts:,} validation texts and {agreement.awkward_texts} awkward ones, beside Keras"
    if agreement.keras_accuracy is not None:
        caption += f" (accuracy {agreement.keras_accuracy:.2%})"
    foretells = agreement.keras_perplexity is not None
    if foretells:
        caption += f" (perplexity {agreement.keras_perplexity:,.2f})"
    table = Table(
        title="Do the copies agree?", caption=caption, box=box.SIMPLE, pad_edge=False, collapse_padding=True
    )
    table.add_column("copy", no_wrap=True)
    judged = ("texts", "perplexity") if foretells else ("labels", "accuracy")
    for heading in ("max diff", "mean diff", *judged, "KiB", "ms", "p99"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("ok", no_wrap=True)
    for row in agreement.rows:
        table.add_row(
            row.copy,
            f"{row.max_difference:.1e}",
            f"{row.mean_difference:.1e}",
            f"{row.equal_labels:.1%}",
            _judged(row),
            f"{row.bytes / 1024:,.0f}",
            "-" if row.median_ms is None else f"{row.median_ms:.2f}",
            "-" if row.p99_ms is None else f"{row.p99_ms:.2f}",
            "[red]no[/red]" if row.problem else "[green]yes[/green]",
        )
    return table


def _judged(row: CopyAgreement) -> str:
    if row.perplexity is not None:
        return f"{row.perplexity:,.2f}"
    return "-" if row.accuracy is None else f"{row.accuracy:.2%}"


def _row(copy: str, proof: Proof, answers: CopyAnswers, max_drop: float) -> CopyAgreement:
    difference, mean = proof.differences(answers.answers)
    equal = proof.equal(answers.answers, proof.tolerance)
    timed = answers.milliseconds.size > 0
    return CopyAgreement(
        copy=copy,
        max_difference=float(difference.max(initial=0.0)),
        mean_difference=mean,
        equal_labels=float(equal.mean()) if equal.size else 1.0,
        bytes=answers.size,
        median_ms=float(np.median(answers.milliseconds)) if timed else None,
        p99_ms=float(np.quantile(answers.milliseconds, 0.99)) if timed else None,
        accuracy=proof.accuracy(answers.answers),
        problem=_problem(copy, proof, answers, difference, equal, max_drop),
        texts_per_second=answers.texts_per_second,
        perplexity=proof.perplexity(answers.answers),
    )


def _problem(
    copy: str, proof: Proof, answers: CopyAnswers, difference: np.ndarray, equal: np.ndarray, max_drop: float
) -> str:
    """Why a copy fails, or nothing."""
    if answers.labels != proof.labels:
        return f"its labels are {answers.labels}, the model's are {proof.labels}"
    if answers.complaint:
        return answers.complaint
    if not np.isfinite(difference).all():
        return "its scores are not numbers, or not as many as the model's"
    if copy in EXACT_COPIES:
        if difference.max(initial=0.0) > proof.tolerance:
            worst = int(difference.argmax())
            return f"a score is off by {difference.max():.1e}, more than {proof.tolerance}, for {_shown(proof, worst)}"
        return _other_labels(proof, equal)
    rise = _rise(proof, answers.answers)
    if rise is not None:
        if rise > max_drop:
            return (
                f"perplexity rises by {rise:.2f} percent, more than max_accuracy_drop = {max_drop:g}; leave this "
                "precision out, or allow more"
            )
        return ""
    if copy == "float16":
        other = _other_labels(proof, proof.equal(answers.answers, FLOAT16_TIE))
        if other:
            return other
    drop = _drop(proof, answers.answers, equal)
    if drop > max_drop:
        return (
            f"accuracy drops by {drop:.2f} points, more than max_accuracy_drop = {max_drop:g}; leave this "
            "precision out, or allow a greater drop"
        )
    return ""


def _other_labels(proof: Proof, equal: np.ndarray) -> str:
    if equal.all():
        return ""
    return f"{int((~equal).sum())} texts get another label, first {_shown(proof, int(equal.argmin()))}"


def _rise(proof: Proof, answers: Any) -> float | None:
    """By how many percent the perplexity rises; None where there is none."""
    before, after = proof.perplexity(proof.own), proof.perplexity(answers)
    return None if before is None or after is None else round(100 * (after / before - 1), 9)


def _drop(proof: Proof, answers: Any, equal: np.ndarray) -> float:
    """Lost accuracy in percentage points; without true labels, what share of the texts changed theirs."""
    before, after = proof.accuracy(proof.own), proof.accuracy(answers)
    if before is not None and after is not None:
        return round(100 * (before - after), 9)  # 0.8 - 0.6 is a hair above 0.2
    validation = np.asarray([text.awkward is None for text in proof.texts])
    return round(100 * float(1 - equal[validation].mean()), 9) if validation.any() else 0.0


def _timed_rows(proof: Proof) -> list[int]:
    """Rows of texts to be timed, spread evenly: validation texts; where there are none, awkward ones."""
    rows = [row for row, text in enumerate(proof.texts) if text.awkward is None]
    if not rows:
        rows = [row for row, text in enumerate(proof.texts) if len(text.unit) * text.times <= _TIMED_BYTES]
    picks = np.linspace(0, max(len(rows) - 1, 0), num=min(len(rows), _TIMED_TEXTS))
    return [rows[int(pick)] for pick in picks]


def _shown(proof: Proof, row: int) -> str:
    text = proof.texts[row]
    return f"the text {text.unit[:60]!r}" + (f" ({text.awkward})" if text.awkward else "")
