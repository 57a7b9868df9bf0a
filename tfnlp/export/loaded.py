"""One face for every exported copy: a SavedModel's folder and a `.tflite` file answer alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tfnlp.errors import UserError
from tfnlp.text.tagged_text import TaggerAnswers, TagNumbers, are_texts

# Rows of ready tokens that the padded rows of one request may hold.
_TOKENS_AT_ONCE = 1 << 16


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
    if is_lite(path):
        from tfnlp.edge import EdgeClassifier

        return EdgeClassifier(path)
    return SavedModelClassifier(path)


def load_tagger(path: str | os.PathLike[str]) -> TaggerAnswers:
    """Loads an exported tagger.

    Args:
        path: as for `load_classifier`.

    Returns:
        an object with `tags`, `scheme`, `tag(texts)`, `predict(texts)` and `predict_spans(texts)`, as `TokenTagger` has
        them.

    Raises:
        UserError: if the path is no exported tagger.
    """
    if is_lite(path):
        from tfnlp.edge import EdgeTagger

        return EdgeTagger(path)
    return SavedModelTagger(path)


def kind_of_export(path: str | os.PathLike[str]) -> str:
    """Which task an export is of: `"text_classifier"`, `"token_tagger"` or `"language_model"`.

    Raises:
        UserError: if the path is no export.
    """
    if is_lite(path):
        from tfnlp.edge import ModelFile

        return ModelFile.read(path).task
    from tfnlp.export.exporter import read_model_file
    from tfnlp.export.versions import version_folder

    return str(read_model_file(version_folder(path)).get("task", "text_classifier"))


def is_lite(path: str | os.PathLike[str]) -> bool:
    """Whether an export's path is that of a `.tflite` file; raises UserError if it can be no export's."""
    path = Path(path)
    if path.suffix != ".tflite" and not path.is_dir():
        raise UserError(
            f"`{path}` is no exported model: expected a folder that `tfnlp export` wrote, or a `.tflite`."
        )
    return path.suffix == ".tflite"


class SavedModelExport:
    """A SavedModel with its settings.

    Args:
        path: a version folder, or a model's folder (its highest version is taken).
        kind: the task that is wanted.

    Raises:
        UserError: if there is no export at the path, it is of another task, or it cannot be loaded.
    """

    def __init__(self, path: str | os.PathLike[str], kind: str):
        import tensorflow as tf

        from tfnlp.export.exporter import read_model_file
        from tfnlp.export.versions import version_folder

        self.folder = version_folder(path)
        self.settings = read_model_file(self.folder)
        found = self.settings.get("task", kind)
        if found != kind:
            raise UserError(f"`{self.folder}` is a {found}, not a {kind}.")
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


class SavedModelClassifier(SavedModelExport):
    """Labels texts with a SavedModel, through its `serving_default` signature.

    Args:
        path: a version folder, or a model's folder (its highest version is taken).
        batch_size: texts a batch.

    Raises:
        UserError: if there is no export at the path, or it cannot be loaded.
    """

    def __init__(self, path: str | os.PathLike[str], batch_size: int = 64):
        super().__init__(path, "text_classifier")
        self.labels: list[str] = self.settings["labels"]
        self.multi_label: bool = self.settings["multi_label"]
        self.batch_size = batch_size

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


class SavedModelTagger(TaggerAnswers, SavedModelExport):
    """Tags texts with a SavedModel, through `serving_default`, and ready tokens through `tag_tokens`.

    Args:
        path: a version folder, or a model's folder (its highest version is taken).

    Attributes:
        tags: the tags by number.
        scheme: theirs, one of `tfnlp.data.tagging.SCHEMES`.

    Raises:
        UserError: if there is no export of a tagger at the path, or it cannot be loaded.
    """

    def __init__(self, path: str | os.PathLike[str]):
        super().__init__(path, "token_tagger")
        self.tags: list[str] = self.settings["labels"]
        self.scheme: str = self.settings["scheme"]
        self._numbers = {tag.encode(): number for number, tag in enumerate(self.tags)}

    def tag_rows(self, x: Any, *, batch_size: int = 64) -> list[TagNumbers]:
        """Tags texts or sentences by number; see `TokenTagger.tag_rows`."""
        from tfnlp.data.tagging.encoding import batches_by_size
        from tfnlp.data.tagging.tagged_rows import joined_row, rows_of

        if are_texts(x):
            rows: list[Any] = [utf8(text) for text in x]
            ask: Callable[[list[Any]], Any] = self._ask_texts
            texts = None
        else:
            rows = rows_of(x)
            spaced = self.settings["preprocessor"]["kind"] != "char"
            ask, texts = self._ask_tokens, [joined_row(tokens, spaced) for tokens in rows]
        found: list[Any] = [None] * len(rows)
        lengths = np.asarray([len(row) for row in rows], np.int64)
        for chosen in batches_by_size(lengths, batch_size, _TOKENS_AT_ONCE):
            answer = {name: tensor.numpy() for name, tensor in ask([rows[row] for row in chosen]).items()}
            for place, row in enumerate(chosen):
                length = answer["lengths"][place] if texts is None else lengths[row]
                tags = [self._numbers[tag] for tag in answer["tags"][place, :length]]
                if texts is None:
                    text, starts, ends = (
                        x[row],
                        *(answer[name][place, :length] for name in ("starts", "ends")),
                    )
                else:
                    text, starts, ends = texts[row]
                scores = answer["scores"][place, :length]
                found[row] = TagNumbers(
                    text, np.asarray(tags, np.int32), scores, np.asarray(starts), np.asarray(ends)
                )
        return found

    def _ask_texts(self, texts: list[bytes]) -> Any:
        import tensorflow as tf

        return self._serve(text=tf.constant(texts, tf.string))

    def _ask_tokens(self, rows: list[Sequence[str]]) -> Any:
        import tensorflow as tf

        longest = max(map(len, rows))
        padded = [[*map(utf8, row), *[b""] * (longest - len(row))] for row in rows]
        return self._model.signatures["tag_tokens"](
            tokens=tf.reshape(tf.constant(padded, tf.string), [len(rows), longest]),
            lengths=tf.constant([len(row) for row in rows], tf.int32),
        )


def utf8(text: str | bytes) -> bytes:
    """A text in UTF-8; bytes as they are."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
