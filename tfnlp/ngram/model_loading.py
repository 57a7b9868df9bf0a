"""Loads models of n-grams, whatever format they are in."""

from __future__ import annotations

import os
from pathlib import Path

from tfnlp.embeddings.files.byte_stream import GZIP_MAGIC
from tfnlp.errors import UserError
from tfnlp.ngram.arpa_reader import read_arpa
from tfnlp.ngram.model import NgramModel
from tfnlp.ngram.model_file import MAGIC

_ARPA_ENDINGS = (".arpa", ".arpa.gz", ".lm", ".lm.gz")


def load_ngram_model(path: str | os.PathLike[str], *, level: str = "word") -> NgramModel:
    """Loads a model that `NgramModel.save` or `write_arpa`, or another program in ARPA's format, wrote.

    Args:
        path: the file; its content says which.
        level: `"word"` or `"char"`, for ARPA's format, which does not say.

    Raises:
        UserError: if the file is missing, broken, or of neither kind.
    """
    return read_arpa(path, level=level) if is_arpa(path) else NgramModel.load(path)


def is_arpa(path: str | os.PathLike[str]) -> bool:
    """Whether a file is to be read as ARPA's format: by its content, a missing one by its ending."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(len(MAGIC))
    except IsADirectoryError:
        raise UserError(f"{path} is a folder; name the model's file") from None
    except OSError:
        return names_arpa(path)
    # Another version of our own format is our own loader's to refuse.
    return start[:5] != MAGIC[:5] and (
        start.startswith(GZIP_MAGIC) or names_arpa(path) or start.lstrip().startswith(b"\\data\\")
    )


def names_arpa(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name ends as one in ARPA's format does."""
    return str(path).endswith(_ARPA_ENDINGS)
