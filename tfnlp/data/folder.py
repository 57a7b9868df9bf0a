"""Reads a folder with one sub-folder per class, one text per file."""

from __future__ import annotations

import logging
from pathlib import Path

from tfnlp.data.corpus import Corpus
from tfnlp.data.reading import CorpusBuilder, DecodedLines, ReadOptions
from tfnlp.errors import UserError

logger = logging.getLogger(__name__)

ENDINGS = (".txt", ".txt.gz")


def read_folder(folder: Path, options: ReadOptions) -> Corpus:
    """Reads `FOLDER/CLASS/*.txt` (or `.txt.gz`): each file is one text, its folder's name the label.

    Classes and files come in the order of their names, so that the corpus is the same on every machine. The
    line end that closes a file is dropped.

    Raises:
        UserError: if there is no sub-folder with text files, or a file is not UTF-8 (its line is named).
    """
    builder = CorpusBuilder(str(folder), options)
    for class_folder in sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."):
        files = sorted(path for path in class_folder.iterdir() if path.name.lower().endswith(ENDINGS))
        if not files:
            logger.warning("%s holds no .txt file and is passed over", class_folder)
        for file in files:
            lines = DecodedLines(file, options.on_undecodable)
            text = "".join(lines).removesuffix("\n").removesuffix("\r")
            place = f"{class_folder.name}/{file.name}"
            builder.add(text, class_folder.name, place, undecodable=lines.undecodable > 0)
    if not builder.texts:
        raise UserError(
            f"{folder}: expected one sub-folder per class with .txt or .txt.gz files in it, as in "
            f"{folder}/positive/1.txt; found {_found(folder)}"
        )
    return builder.build()


def _found(folder: Path) -> str:
    names = sorted(path.name + ("/" if path.is_dir() else "") for path in folder.iterdir())
    if not names:
        return "an empty folder"
    return ", ".join(f"`{name}`" for name in names[:5]) + (
        f" and {len(names) - 5} more" if len(names) > 5 else ""
    )
