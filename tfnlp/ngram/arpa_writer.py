"""Writes n-grams in ARPA's format, as SRILM and KenLM read it."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfnlp.files import opened_atomically
from tfnlp.ngram.model import NgramModel
from tfnlp.ngram.trie import START_ID

# Stands for the logarithm of 0, which the format cannot write.
LOG_ZERO = -99.0
_NGRAMS_AT_A_TIME = 1 << 16


def write_arpa(model: NgramModel, path: str | os.PathLike[str]) -> Path:
    r"""Writes `\data\`, the counts, and a section for each order: log10 probability, tab, words, tab, log10 back-off
    weight.

    A back-off weight of 1 is left out, as SRILM does. `<s>`, which is never foretold, and what is impossible have
    -99. Every number is given with as many digits as float32 needs to be the same when it is read.

    Args:
        model: the model.
        path: where to; one that ends in `.gz` is gzipped.

    Returns:
        the path.

    Raises:
        UserError: if the disk is full or the place may not be written.
    """
    with opened_atomically(path) as file:
        if str(path).endswith(".gz"):
            # No time of day and no name within: the same model gives the same bytes.
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as zipped:
                zipped.writelines(_pieces(model))
        else:
            file.writelines(_pieces(model))
    return Path(path)


def _pieces(model: NgramModel) -> Iterator[bytes]:
    counts = "".join(f"ngram {order}={count}\n" for order, count in enumerate(model.ngrams, 1))
    yield f"\\data\\\n{counts}".encode()
    for order in range(1, model.order + 1):
        yield f"\n\\{order}-grams:\n".encode()
        for start in range(0, model.trie.count(order), _NGRAMS_AT_A_TIME):
            yield _lines(model, order, start)
    yield b"\n\\end\\\n"


def _lines(model: NgramModel, order: int, start: int) -> bytes:
    numbers = np.arange(start, min(start + _NGRAMS_AT_A_TIME, model.trie.count(order)))
    logs = np.array(model.scorer.log_probabilities[order - 1][numbers])
    if order == 1:
        logs[numbers == START_ID] = LOG_ZERO
    words = np.array(model.words, object)
    spelt = [" ".join(row) for row in words[model.trie.spell(order, numbers)].tolist()]
    backoffs = [""] * len(numbers)
    if order < model.order:
        weights = model.scorer.log_backoffs[order - 1][numbers]
        backoffs = [f"\t{text}" if text != "0.0" else "" for text in _texts(weights)]
    return "".join(
        [f"{log}\t{ngram}{backoff}\n" for log, ngram, backoff in zip(_texts(logs), spelt, backoffs)]
    ).encode()


def _texts(logs: np.ndarray) -> list[str]:
    """The shortest decimals that give the same float32 back."""
    finite = np.where(np.isneginf(logs), np.float32(LOG_ZERO), logs) + np.float32(0)  # no -0.0
    different, places = np.unique(
        finite, return_inverse=True
    )  # counts are small: most stand there many times
    return np.array(different.astype("U32").tolist(), object)[places].tolist()
