"""A model from wherever it lies: a run, a `.keras` file, an export folder, a `.tflite` file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tfnlp.commands.run_folder import RunFolder
from tfnlp.errors import UserError, did_you_mean
from tfnlp.export.quiet import native_stderr_turned_away


class Classifier(Protocol):
    """What every copy of a model can do."""

    labels: list[str]
    multi_label: bool

    def predict(self, texts: Any) -> np.ndarray:
        """Scores texts: float32 `[texts, classes]`."""


class _Copy:
    """An exported copy, asked as the trained model is."""

    def __init__(self, copy: Any):
        self.labels: list[str] = list(copy.labels)
        self.multi_label: bool = copy.multi_label
        self._copy = copy

    def predict(self, texts: Any) -> np.ndarray:
        return self._copy.scores(texts)


def load_model(path: str | Path) -> Any:
    """Loads a model: a `Classifier`, or any copy of a tagger.

    Args:
        path: a run folder (or the folder of a recipe's runs, for the newest), a `.keras` file, an export
            folder (or one version of it), or a `.tflite` file.

    Raises:
        UserError: if nothing of the kind is there; the message says what is accepted.
    """
    path = Path(path)
    if path.is_file() and path.suffix == ".keras":
        return load_keras(path)
    if path.is_dir() and is_run(path):
        return load_keras(finished_model(RunFolder.open(path)))
    if (path.is_file() and path.suffix == ".tflite") or (path.is_dir() and is_export(path)):
        from tfnlp.export.loaded import kind_of_export, load_classifier, load_tagger

        with native_stderr_turned_away():  # LiteRT announces its delegate there
            kind = kind_of_export(path)
            if kind == "token_tagger":
                return load_tagger(path)
            if kind == "language_model":
                from tfnlp.export.loaded_language_model import load_language_model

                return load_language_model(path)
            return _Copy(load_classifier(path))
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    there = "no model in" if path.exists() else "no"
    raise UserError(
        f"{there} {path}: MODEL is a run folder, a .keras file, an export folder or a .tflite file."
        f"{did_you_mean(path.name, siblings) if not path.exists() else ''}"
    )


def is_tagger(model: Any) -> bool:
    """Whether a loaded model tags tokens; what it is asked and answers is then another."""
    return hasattr(model, "scheme")


def is_language_model(model: Any) -> bool:
    """Whether a loaded model foretells texts."""
    return getattr(model, "kind", "") == "language_model"


def refuse_language_model(model: Any, verb: str) -> None:
    """Raises UserError if a verb that asks for labels is asked about a language model."""
    if is_language_model(model):
        raise UserError(
            f"`tfnlp {verb}` asks for labels or tags, and this model foretells texts; `tfnlp perplexity` and `tfnlp "
            "generate` take it"
        )


def require_classifier(model: Any, verb: str) -> None:
    """Raises UserError if a verb that knows classifiers only is asked about another model."""
    refuse_language_model(model, verb)
    if is_tagger(model):
        raise UserError(
            f"`tfnlp {verb}` knows classifiers only, and this model tags tokens; `tfnlp predict`, `tfnlp evaluate` and "
            "`tfnlp export` take it"
        )


def is_run(path: Path) -> bool:
    """Whether a folder is a run or holds runs."""
    return (path / "recipe.toml").is_file() or any(path.glob("*/recipe.toml"))


def is_export(path: Path) -> bool:
    """Whether a folder is an export's version or holds some."""
    return (path / "saved_model.pb").is_file() or any(path.glob("*/saved_model.pb"))


def finished_model(run: RunFolder) -> Path:
    """Returns the run's `.keras` file; raises UserError while there is none."""
    if not run.model.is_file():
        raise UserError(
            f"{run.path}: training has not finished; go on with `tfnlp train {run.recipe} --resume {run.path}`"
        )
    return run.model


def load_keras(path: Path) -> Any:
    """Loads a trained task from its `.keras` file."""
    import zipfile

    import keras

    import tfnlp.tasks  # noqa: F401  (registers the classes that the file names)

    if not zipfile.is_zipfile(path):
        raise UserError(f"{path}: not a .keras file (those are zip archives); was it written to the end?")
    return keras.saving.load_model(path, compile=False)
