"""`tfnlp export` and `tfnlp verify`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfnlp.commands.models import finished_model, is_language_model, is_tagger, load_keras
from tfnlp.commands.run_folder import RunFolder
from tfnlp.data.tagging.sentence import TaggedSentence
from tfnlp.export.agreement import Agreement
from tfnlp.export.exporter import ExportResult, export, verify

# A `.keras` file alone comes without a recipe: what a recipe without an [export] section would ask for.
_DEFAULTS: dict[str, Any] = {"lite": ["float32", "int8"], "max_accuracy_drop": 1.0}


def export_model(
    source: Path, out: Path, *, lite: Sequence[str] | None = None, max_accuracy_drop: float | None = None
) -> ExportResult:
    """Exports a run, proved on its validation texts, or a `.keras` file, proved on awkward texts alone.

    Args:
        source: a finished run or a `.keras` file.
        out: the model's folder; the version is the next free number in it.
        lite: precisions of the `.tflite` files; None for the recipe's, `["none"]` for no file.
        max_accuracy_drop: points, of a language model percent of perplexity; None for the recipe's.

    Raises:
        UserError: if there is no finished model, or a precision is unknown.
        AgreementError: if a copy does not agree.
    """
    settings = _DEFAULTS
    texts: list[Any] = []
    labels: list[Any] = []
    if source.suffix == ".keras" and source.is_file():
        task = load_keras(source)
    else:
        run = RunFolder.open(source)
        settings = run.load_recipe().export.model_dump()
        task = load_keras(finished_model(run))
        if is_language_model(task):
            texts = [row["text"] for row in run.validation_rows()]
        elif is_tagger(task):
            texts = [_sentence(row) for row in run.validation_rows()]
        else:
            texts, labels = run.read_validation()
    return export(
        task,
        out,
        lite=[name for name in (settings["lite"] if lite is None else lite) if name != "none"],
        texts=texts,
        labels=labels or None,
        max_accuracy_drop=settings["max_accuracy_drop"] if max_accuracy_drop is None else max_accuracy_drop,
    )


def _sentence(row: dict[str, Any]) -> TaggedSentence:
    """A tagger's validation sentence, as a run keeps it; without its text where that is not made of its tokens."""
    tokens, tags, text = tuple(row["tokens"]), tuple(row["tags"]), row["text"]
    starts: list[int] = []
    place = 0
    for token in tokens:
        place = text.find(token, place)
        if place < 0:
            return TaggedSentence(tokens, tags)
        starts.append(place)
        place += len(token)
    return TaggedSentence(tokens, tags, text=text, starts=tuple(starts))


def verify_export(folder: Path) -> Agreement:
    """Asks every copy in an export again; raises AgreementError if one no longer agrees."""
    return verify(folder)
