"""Which modules do for each task what no other task does."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any, Protocol, cast

from tfnlp.commands.run_folder import RunFolder
from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.recipe import Recipe

_MODULES = {
    "text_classifier": "tfnlp.commands.classifying",
    "token_tagger": "tfnlp.commands.tagging",
    "language_model": "tfnlp.commands.language_modeling",
}


class TaskCommands(Protocol):
    """What `tfnlp train` asks of a task's module.

    Corpora come as `"train"` and, where there are any, `"valid"` and `"test"`.
    """

    def corpora_of(self, recipe: Recipe) -> dict[str, Any]:
        """Reads a recipe's corpora."""

    def log_rows(self, corpora: dict[str, Any]) -> None:
        """Logs how much there is of each part."""

    def build_task(self, recipe: Recipe, train: Any) -> Any:
        """Makes the untrained task: vocabulary learnt, weights drawn."""

    def compile_task(self, task: Any, recipe: Recipe, train: Any) -> None:
        """Gives the task its loss and its optimizer."""

    def encoded(self, task: Any, recipe: Recipe, train: Any) -> Any:
        """The token ids of what is trained on: int32 ragged `[rows, (tokens)]`."""

    def pads(self, task: Any) -> bool:
        """Whether the training's rows are padded to the longest of their batch."""

    def fit_data(self, recipe: Recipe, corpora: dict[str, Any]) -> dict[str, Any]:
        """The arguments of `Trainer.fit`."""

    def monitor(self, recipe: Recipe, corpora: dict[str, Any]) -> str:
        """Which figure picks the best epoch."""

    def validation_rows(self, valid: Any) -> Iterable[dict[str, Any]]:
        """What a run keeps of its validation corpus, or of None."""

    def judge(self, task: Any, recipe: Recipe, corpora: dict[str, Any]) -> Any:
        """Judges the trained task on what was held out; its `as_dict` goes into `metrics.json`."""

    def write_pages(
        self,
        recipe: Recipe,
        run: RunFolder,
        corpora: dict[str, Any],
        progress: Any,
        judgement: Any,
        metrics: dict[str, Any],
        gradients: GradientSection | None = None,
    ) -> None:
        """Draws the pictures and writes the report."""


def task_commands(kind: str) -> TaskCommands:
    """Returns the module of the task that a recipe calls `kind`."""
    return cast(TaskCommands, importlib.import_module(_MODULES[kind]))
