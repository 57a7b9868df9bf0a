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


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """A text classifier's file, taken apart.

    Attributes:
        model: the whole file, for the interpreter.
        name: the model's name.
        labels: the labels in the order of the scores.
        multi_label: whether each label is scored for itself.
        vocabulary: the tokens in the order of their ids.
        preprocessor: settings of `tfnlp.text.twin.PythonPreprocessor`.
    """

    model: bytes
    name: str
    labels: list[str]
    multi_label: bool
    vocabulary: list[str]
    preprocessor: dict[str, Any]

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
            return cls(
                model=model,
                name=settings["name"],
                labels=_lines(files["labels.txt"]),
                multi_label=settings["multi_label"],
                vocabulary=_lines(files["vocab.txt"]),
                preprocessor=preprocessor,
            )
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise UserError(
                f"`{path}` lacks its vocabulary, labels or tokenizer settings ({error}). Expected a file "
                "written by `tfnlp export --lite`; if it was copied, copy it anew."
            ) from error


def _lines(content: bytes) -> list[str]:
    # Not `splitlines`: a token may be one of the other line ends of Unicode.
    return content.decode("utf-8").split("\n")[:-1]
