"""Reads what travels inside a `.tflite` file: its words, its labels and how to cut a text."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

from tfnlp.errors import UserError

CLASSIFIER, TAGGER, LANGUAGE_MODEL = "text_classifier", "token_tagger", "language_model"
# The file that names the labels, by task; a language model has none.
_LABELS = {CLASSIFIER: "labels.txt", TAGGER: "tags.txt"}
_SETTINGS = {CLASSIFIER: ("multi_label",), TAGGER: ("scheme",), LANGUAGE_MODEL: ("context",)}


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """A task's file, taken apart.

    Attributes:
        model: the whole file, for the interpreter.
        name: the model's name.
        task: `"text_classifier"`, `"token_tagger"` or `"language_model"`.
        labels: the labels in the order of their numbers; a tagger's tags; none of a language model.
        vocabulary: the tokens in the order of their ids.
        characters: the characters in the order of their ids; empty where none are read.
        preprocessor: settings of `tfnlp.text.twin.PythonPreprocessor`, or of the task's own.
        settings: what else the task knows: a classifier's `multi_label`, a tagger's `scheme`, a language model's
            `context`.
    """

    model: bytes
    name: str
    task: str
    labels: list[str]
    vocabulary: list[str]
    characters: list[str]
    preprocessor: dict[str, Any]
    settings: dict[str, Any]

    @property
    def multi_label(self) -> bool:
        """Whether each label of a classifier is scored for itself."""
        return bool(self.settings["multi_label"])

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ModelFile:
        """Reads a file that `tfnlp export --lite` wrote.

        Raises:
            UserError: if there is no such file, it is no `.tflite` file, or one of another maker
                that lacks the words and labels.
        """
        path = Path(path)
        try:
            model = path.read_bytes()
        except (FileNotFoundError, IsADirectoryError) as error:
            raise UserError(
                f"`{path}` is not a file: expected a `.tflite` file written by `tfnlp export`."
            ) from error
        if model[4:8] != b"TFL3":
            raise UserError(f"`{path}` is not a TFLite model: its mark `TFL3` is missing. Export it anew.")
        try:
            with zipfile.ZipFile(io.BytesIO(model)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
            settings = json.loads(files["tokenizer.json"])
            preprocessor = dict(settings["preprocessor"])
            if "sentencepiece.model" in files:
                preprocessor["model"] = files["sentencepiece.model"]
            name, task = settings["name"], settings.get("task", CLASSIFIER)
            return cls(
                model=model,
                name=name,
                task=task,
                labels=[] if task == LANGUAGE_MODEL else _lines(files[_LABELS.get(task, "labels.txt")]),
                vocabulary=_lines(files["vocab.txt"]),
                characters=_lines(files["characters.txt"]) if "characters.txt" in files else [],
                preprocessor=preprocessor,
                settings={key: settings[key] for key in _SETTINGS.get(task, ())},
            )
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise UserError(
                f"`{path}` lacks its vocabulary, labels or tokenizer settings ({error}). Expected a file "
                "written by `tfnlp export --lite`; if it was copied, copy it anew."
            ) from error


def _lines(content: bytes) -> list[str]:
    # Not `splitlines`: a token may be one of the other line ends of Unicode.
    return content.decode("utf-8").split("\n")[:-1]
