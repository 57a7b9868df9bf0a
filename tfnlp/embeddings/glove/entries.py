"""Reading the co-occurrence matrix in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfnlp.embeddings.counts.cooccurrence import Cooccurrences
from tfnlp.embeddings.mapped_pages import forget_pages

# Entries of the matrix that are read at once, where their order does not matter.
_ENTRIES_OF_A_BLOCK = 1 << 18


def taken(cooccurrences: Cooccurrences, entries: slice) -> list[np.ndarray]:
    """Rows, columns and values of some entries, copied; no page of the files stays in memory."""
    parts = []
    for array in (cooccurrences.rows, cooccurrences.columns, cooccurrences.values):
        parts.append(np.array(array[entries]))
        forget_pages(array)
    return parts


def in_blocks(cooccurrences: Cooccurrences) -> Iterator[list[np.ndarray]]:
    """Rows, columns and values of all entries, in their order, block by block."""
    for start in range(0, len(cooccurrences), _ENTRIES_OF_A_BLOCK):
        yield taken(cooccurrences, slice(start, start + _ENTRIES_OF_A_BLOCK))
