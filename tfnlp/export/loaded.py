"""One face for every exported copy: a SavedModel's folder and a `.tflite` file answer alike."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tfnlp.errors import UserError


class LoadedClassifier(Protocol):
    """What every loaded classifier has."""

    labels: list[str]
    multi_label: bool

    def scores(self, texts: Sequence[str | bytes]) -> np.ndarray:
        """Float32 `[texts, labels]`."""

    def predict(self, texts: Sequence[str | bytes]) -> list[dict[str, Any]]:
        """Per text `{"label", "score", "scores"}`, and `"labels"` for multi-label."""


def load_classifier(path: str | os.PathLike[str]) -> LoadedClassifier:
    """Loads an exported classifier.

    Args:
        path: a version folder, a model's folder (its highest version is taken), or a `.tflite` file.

    Returns:
        an object with `labels`, `multi_label`, `scores(texts)` and `predict(texts)`.

    Raises:
        UserError: if the path is none of these, or was not written by tfnlp.
    """
    path = Path(path)
    if path.suffix == ".tflite":
        from tfnlp.edge import EdgeClassifier

        return EdgeClassifier(path)
    if not path.is_dir():
        raise UserError(
            f"`{path}` is no exported model: expected a folder that `tfnlp export` wrote, or a `.tflite`."
        )
    return SavedModelClassifier(path)


class SavedModelClassifier:
    """Labels texts with a SavedModel, through its `serving_default` signature.

    Args:
        path: a version folder, or a model's folder (its highest version is taken).
        batch_size: texts a batch.

    Raises:
        UserError: if there is no export at the path, or it cannot be loaded.
    """

    def __init__(self, path: str | os.PathLike[str], batch_size: int = 64):
        import tensorflow as tf

        from tfnlp.export.exporter import read_model_file
        from tfnlp.export.versions import version_folder

        self.folder = version_folder(path)
        self.settings = read_model_file(self.folder)
        self.labels: list[str] = self.settings["labels"]
        self.multi_label: bool = self.settings["multi_label"]
        self.batch_size = batch_size
        if self.settings["ops"]["tensorflow_text"]:
            import tensorflow_text  # noqa: F401 - registers the ops
        try:
            # Held on to: a signature alone does not keep the model's tables alive.
            self._model = tf.saved_model.load(str(self.folder))
            self._serve = self._model.signatures["serving_default"]
        except (OSError, KeyError, tf.errors.OpError) as error:
            raise UserError(
                f"`{self.folder}` could not be loaded: {error}. Export the model anew."
            ) from error

    def scores(self, texts: Sequence[str | bytes]) -> np.ndarray:
        """Scores texts; float32 `[len(texts), len(labels)]`, each from 0 to 1."""
        import tensorflow as tf

        if isinstance(texts, str | bytes):
            raise UserError("`texts` must be a list of texts. Received one text: put it in brackets.")
        rows = [np.zeros((0, len(self.labels)), np.float32)]
        for start in range(0, len(texts), self.batch_size):
            batch = tf.constant(list(texts[start : start + self.batch_size]), tf.string)
            rows.append(self._serve(text=batch)["scores"].numpy())
        return np.concatenate(rows)

    def predict(self, texts: Sequence[str | bytes]) -> list[dict[str, Any]]:
        """Labels texts; see `tfnlp.edge.EdgeClassifier.predict`."""
        from tfnlp.edge.classifier import answer

        return [answer(row, self.labels, self.multi_label) for row in self.scores(texts)]
