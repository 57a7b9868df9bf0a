"""What a task gives for its export: the one place where `tfnlp.export` tells tasks apart."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from tfnlp.errors import UserError
from tfnlp.export.metadata import AssociatedFile, TensorDescription
from tfnlp.export.proof_texts import ProofText

_MODULES = {
    "text_classifier": "tfnlp.export.classifier_export",
    "token_tagger": "tfnlp.export.tagger_export",
    "language_model": "tfnlp.export.language_model_export",
}


@dataclasses.dataclass(frozen=True)
class LiteNetwork:
    """A task's network as a `.tflite` file holds it.

    Attributes:
        inputs: `tf.TensorSpec`s of full static shapes; their names are the inputs'.
        function: takes tensors in this order and returns a dict of tensors of static shapes.
        title: what it is, for people.
        does: what it does, in half a sentence.
        input_descriptions: one for each input.
        output_descriptions: one for each output, in the order of their names.
        files: what belongs to the model as a whole, beside `tokenizer.json`.
    """

    inputs: Sequence[Any]
    function: Callable[..., dict[str, Any]]
    title: str
    does: str
    input_descriptions: Sequence[TensorDescription]
    output_descriptions: Sequence[TensorDescription]
    files: Sequence[AssociatedFile] = ()


class Proof(Protocol):
    """Texts, what Keras says to each, and how another copy's answers are held against that.

    What an answer is, only the proof knows: it asks, and it compares.

    Attributes:
        texts: what was asked: validation texts first, the awkward ones behind them.
        labels: the names of the labels, in the order of their numbers.
        tolerance: how far a score of a copy in float32 may be off.
        own: Keras's answers.
        asker: a script whose `ask` asks a SavedModel in a process without tfnlp; see `fresh_process.py`.
    """

    @property
    def texts(self) -> list[ProofText]: ...  # noqa: D102 - see above

    @property
    def labels(self) -> list[str]: ...  # noqa: D102

    @property
    def tolerance(self) -> float: ...  # noqa: D102

    @property
    def own(self) -> Any: ...  # noqa: D102

    @property
    def asker(self) -> Path: ...  # noqa: D102

    def job(self) -> dict[str, Any]:
        """What the script is told beside the texts: plain JSON."""

    def read_answers(self, found: Any) -> tuple[list[str], Any, str]:
        """What the script found, name -> array: labels, answers, and what is wrong beside these (nothing: `""`)."""

    def ask_lite(self, path: Path) -> tuple[list[str], Any, Callable[[bytes], Any]]:
        """Asks a `.tflite` file: its labels, its answers, and a function that answers one text."""

    def differences(self, answers: Any) -> tuple[np.ndarray, float]:
        """Greatest difference of a score in each text, float `[texts]`, and the mean of all; NaN for nonsense."""

    def equal(self, answers: Any, tie: float) -> np.ndarray:
        """Whether each text is labelled as Keras does, or so that the two tie within `tie`: bool `[texts]`."""

    def accuracy(self, answers: Any) -> float | None:
        """Share of what has a true label that gets it, 0 to 1; None where nothing has."""

    def perplexity(self, answers: Any) -> float | None:
        """Perplexity of the validation texts, for what foretells texts; None for other tasks."""

    def write(self, version: Path) -> Path:
        """Writes the proof below a version folder."""


class TaskExport(Protocol):
    """What each task's module has."""

    # Files that must be among the SavedModel's assets.
    ASSETS: tuple[str, ...]

    def labels_of(self, task: Any) -> list[str]:
        """The names of the labels, in the order of their numbers."""

    def settings_of(self, task: Any) -> dict[str, Any]:
        """What a copy must know beside labels and preprocessor: plain JSON, for `model.json` and `tokenizer.json`."""

    def serving(self, task: Any, scratch: Path) -> tuple[Any, dict[str, Any]]:
        """The `tf.Module` to save, and its signatures, name -> `tf.function`; files go to `scratch`."""

    def warm_up(self, model_name: str) -> Iterable[Any]:
        """The `PredictionLog`s that a server replays when it loads a version."""

    def lite_network(self, task: Any) -> LiteNetwork:
        """The network as a `.tflite` file holds it."""

    def make_proof(self, task: Any, texts: Sequence[Any], labels: Any) -> Proof:
        """Asks the trained task about validation texts and awkward ones."""

    def read_proof(self, version: Path, settings: dict[str, Any]) -> Proof:
        """Reads what the proof wrote; `settings` are those of `model.json`."""


def export_of_task(task: Any) -> TaskExport:
    """Returns what exports a task.

    Raises:
        UserError: if its kind cannot be exported.
    """
    return export_of_kind(getattr(task, "kind", type(task).__name__))


def export_of_kind(kind: str) -> TaskExport:
    """Returns what exports the tasks that `model.json` calls `kind`; raises UserError if there is nothing."""
    if kind not in _MODULES:
        raise UserError(
            f"`{kind}` cannot be exported; a task is one of {', '.join(_MODULES)}. A newer tfnlp may know it."
        )
    return cast(TaskExport, importlib.import_module(_MODULES[kind]))
