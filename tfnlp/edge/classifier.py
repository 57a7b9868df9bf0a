"""A text classifier on a small device: a `.tflite` file, NumPy and the LiteRT interpreter."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tfnlp.edge.model_file import CLASSIFIER, ModelFile
from tfnlp.errors import UserError
from tfnlp.text.twin import PythonPreprocessor


class EdgeClassifier:
    """Labels texts with a `.tflite` file alone.

    ```python
    classifier = EdgeClassifier("model.int8.tflite")
    classifier.predict(["这家店很好"])
    # [{"label": "positive", "score": 0.98, "scores": {"negative": 0.02, "positive": 0.98}}]
    ```

    Several threads may share one; they take turns.

    Args:
        path: a file written by `tfnlp export --lite`.
        num_threads: threads for one text, at least 1.

    Attributes:
        labels: the labels in the order of the scores.
        multi_label: whether each label is scored for itself.
        max_tokens: how many tokens of a text are read.
        settings: how a text becomes token ids.

    Raises:
        UserError: if the file is not such a file.
    """

    def __init__(self, path: str | os.PathLike[str], num_threads: int = 1):
        file = ModelFile.read(path)
        if file.task != CLASSIFIER:
            raise UserError(f"`{path}` is a {file.task}, not a classifier: load it with `EdgeTagger`.")
        self.name = file.name
        self.labels = file.labels
        self.multi_label = file.multi_label
        self.settings = file.preprocessor
        self._preprocess = PythonPreprocessor(file.preprocessor, file.vocabulary)
        self._lock = threading.Lock()
        try:
            self._interpreter = Interpreter(model_content=file.model, num_threads=num_threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise UserError(f"`{path}` could not be loaded by LiteRT: {error}. Export it anew.") from error
        entry, exit_ = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        self._input, self._output = entry["index"], exit_["index"]
        self.max_tokens = int(entry["shape"][1])
        if int(exit_["shape"][1]) != len(self.labels):
            raise UserError(
                f"`{path}` scores {exit_['shape'][1]} labels but names {len(self.labels)}. Export it anew."
            )

    def scores(self, texts: Sequence[str | bytes]) -> np.ndarray:
        """Scores texts one by one.

        Args:
            texts: `str`, or bytes that should be UTF-8 (what is not is read as U+FFFD).

        Returns:
            float32 `[len(texts), len(labels)]`, each from 0 to 1; a row sums to 1 unless `multi_label`.
        """
        if isinstance(texts, str | bytes):
            raise UserError("`texts` must be a list of texts. Received one text: put it in brackets.")
        scores = np.empty((len(texts), len(self.labels)), np.float32)
        for row, text in enumerate(texts):
            ids = self._preprocess(text)[: self.max_tokens]
            padded = np.zeros((1, self.max_tokens), np.int32)
            padded[0, : len(ids)] = ids
            with self._lock:
                self._interpreter.set_tensor(self._input, padded)
                self._interpreter.invoke()
                scores[row] = self._interpreter.get_tensor(self._output)[0]
        return scores

    def predict(self, texts: Sequence[str | bytes]) -> list[dict[str, Any]]:
        """Labels texts.

        Args:
            texts: as for `scores`.

        Returns:
            per text `{"label": the best, "score": its score, "scores": {label: score}}`; with
            `multi_label` also `"labels"`, all that score at least 0.5, best first.
        """
        return [answer(row, self.labels, self.multi_label) for row in self.scores(texts)]


def answer(scores: np.ndarray, labels: Sequence[str], multi_label: bool) -> dict[str, Any]:
    """One row of scores as the answer that `predict` gives."""
    best = int(np.argmax(scores))
    result: dict[str, Any] = {
        "label": labels[best],
        "score": float(scores[best]),
        "scores": {label: float(score) for label, score in zip(labels, scores, strict=True)},
    }
    if multi_label:
        result["labels"] = [labels[i] for i in np.argsort(-scores, kind="stable") if scores[i] >= 0.5]
    return result
