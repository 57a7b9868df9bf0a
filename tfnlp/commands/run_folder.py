"""The run: one folder that holds all that a training was given and all that it gave."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from tfnlp.errors import UserError, did_you_mean
from tfnlp.files import write_bytes_atomically, write_text_atomically
from tfnlp.recipe import Recipe, load_recipe


class RunFolder:
    """Where the files of a run stand.

    ```
    runs/reviews/20261121-093000/
      recipe.toml       the recipe with every default filled in
      model.keras       the kept weights, vocabulary and labels; there once training has finished
      checkpoint/       what --resume goes on from
      metrics.json  history.csv  report.html  plots/  tensorboard/  gradient_health.json
      validation.jsonl  what picked the best epoch, texts and labels or tokens and tags; every export is proved on it
    ```
    """

    def __init__(self, path: Path):
        self.path = path

    recipe = property(lambda self: self.path / "recipe.toml")
    model = property(lambda self: self.path / "model.keras")
    start = property(lambda self: self.path / "checkpoint" / "start.keras")
    checkpoint = property(lambda self: self.path / "checkpoint" / "state.npz")
    vectors = property(lambda self: self.path / "checkpoint" / "vectors.json")
    metrics = property(lambda self: self.path / "metrics.json")
    history = property(lambda self: self.path / "history.csv")
    report = property(lambda self: self.path / "report.html")
    plots = property(lambda self: self.path / "plots")
    gradient_health = property(lambda self: self.path / "gradient_health.json")
    tensorboard = property(lambda self: self.path / "tensorboard")
    validation = property(lambda self: self.path / "validation.jsonl")

    @staticmethod
    def fresh_path(name: str, root: Path) -> Path:
        """Returns `root/<name>/<time>`, numbered if a run of the same second is there."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path, number = root / name / stamp, 1
        while path.exists():
            number += 1
            path = root / name / f"{stamp}-{number}"
        return path

    @classmethod
    def create(cls, recipe: Recipe, path: Path) -> RunFolder:
        """Makes a run folder, and writes the resolved recipe into it.

        Raises:
            UserError: if something is there already, or the folder cannot be made.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            taken = any(path.iterdir())
        except OSError as error:
            raise UserError(f"cannot make the run folder {path}: {error.strerror}") from None
        if taken:
            raise UserError(f"{path} is not empty; name a new folder, so that no run overwrites another")
        run = cls(path)
        write_text_atomically(run.recipe, tomli_w.dumps(_without_none(recipe.model_dump())))
        return run

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """Opens a run folder: the folder itself, or its parent for the newest run in it.

        Raises:
            UserError: if there is no run.
        """
        path = Path(path)
        if (path / "recipe.toml").is_file():
            return cls(path)
        runs = sorted(path.glob("*/recipe.toml"))
        if runs:
            return cls(runs[-1].parent)
        siblings = [p.name for p in path.parent.iterdir() if p.is_dir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, siblings)
        raise UserError(
            f"no run at {path}: a run is a folder with a recipe.toml, as `tfnlp train` makes it.{hint}"
        )

    def load_recipe(self) -> Recipe:
        """Reads the resolved recipe."""
        return load_recipe(self.recipe)

    def write_validation(self, rows: Iterable[dict[str, Any]]) -> None:
        """Keeps what was validated on, one JSON object a line."""
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        write_bytes_atomically(self.validation, "".join(line + "\n" for line in lines).encode("utf-8"))

    def validation_rows(self) -> list[dict[str, Any]]:
        """Returns the rows that `write_validation` wrote."""
        if not self.validation.is_file():
            return []
        with self.validation.open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def read_validation(self) -> tuple[list[str], Any]:
        """Returns a classifier's validation texts and their labels."""
        rows = self.validation_rows()
        return [row["text"] for row in rows], [row["label"] for row in rows]

    def write_history(self, history: Sequence[dict[str, float]]) -> None:
        """Writes a row of figures for each epoch as CSV."""
        columns = list(history[0]) if history else []
        lines = [
            ",".join(columns),
            *(",".join(str(row.get(column, "")) for column in columns) for row in history),
        ]
        write_text_atomically(self.history, "\n".join(lines) + "\n")

    def read_history(self) -> list[dict[str, float]]:
        """Returns the rows that `write_history` wrote."""
        with self.history.open(encoding="utf-8", newline="") as file:
            return [
                {key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)
            ]


def _without_none(value: Any) -> Any:
    """TOML has no null: an absent key says the same."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
