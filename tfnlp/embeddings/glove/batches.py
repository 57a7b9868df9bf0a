"""The co-occurrence matrix cut into batches on the disk, each of which is quick to train on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from tfnlp.embeddings.counts.cooccurrence import Cooccurrences
from tfnlp.embeddings.glove.entries import in_blocks, taken
from tfnlp.files import disk_errors_explained

# Words of a band. Bands of frequent words are narrow: their tiles are full, and a word is moved once a tile.
_FIRST_BAND, _LAST_BAND, _GROWTH = 128, 2048, 1.1
_FIRST_BANDS = 16  # a small vocabulary is cut into about so many at least
# A tile with at least this share of its cells filled is cheaper by matrix products over all of them.
DENSE_SHARE = 0.02
# Entries of a batch that is reckoned entry by entry.
_SPARSE_ENTRIES = 8192
# Of a band of rows, which is sorted at once; takes some 40 bytes of memory for each.
_ENTRIES_OF_A_BAND = 1 << 20
_PIECES = 3  # int32 row, int32 column, float32 value


class Batch(NamedTuple):
    """Some entries of the matrix.

    Attributes:
        start: where its entries begin, among all.
        entries: how many they are.
        dense: whether they lie in one tile that is worth matrix products.
        row: first of the tile's rows.
        rows: how many rows the tile has.
        column: first of the tile's columns.
        columns: how many columns the tile has.
    """

    start: int
    entries: int
    dense: bool
    row: int
    rows: int
    column: int
    columns: int


class BatchFile:
    """The matrix's entries, batch by batch; the file has no name and is gone when nobody holds it any more.

    Rows and columns are cut into bands, narrow ones for frequent words. Where two bands cross lies a tile. Zipf's law
    fills the tiles of frequent words so well that matrix products over all of their cells cost less than looking up
    two rows for each entry: on 17 million words of Wikipedia, 4 % of the cells hold 80 % of the entries. Such a tile is
    a batch. The entries of the other tiles in a band of rows are dealt into batches at random. Which entries are
    together hangs on the seed alone, not on the epoch; the order of the batches is the trainer's.

    Memory does not grow with the matrix, as long as a single row does not: a band of rows is sorted at a time.

    Args:
        cooccurrences: the matrix, sorted by rows.
        folder: where the file is made; it takes 12 bytes an entry.
        seed: of the dealing.
    """

    def __init__(self, cooccurrences: Cooccurrences, folder: Path, seed: int):
        self.entries = len(cooccurrences)
        self.batches: list[Batch] = []
        generator = np.random.default_rng([seed, 0])
        starts = _row_starts(cooccurrences)
        bands = _bands(cooccurrences.words)
        with disk_errors_explained(folder):
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as this
            for first, last in zip(*_split_at(bands, starts)):
                band = taken(cooccurrences, slice(starts[first], starts[last]))
                self._write(band, (int(first), int(last)), bands, generator)

    def read(self, batch: Batch) -> np.ndarray:
        """Int32 `[3, entries]`: rows, columns (both of the whole matrix), and the bits of the float32 values."""
        self._file.seek(4 * _PIECES * batch.start)
        return np.fromfile(self._file, np.int32, _PIECES * batch.entries).reshape(_PIECES, -1)

    def close(self) -> None:
        """Gives the disk's space back."""
        self._file.close()

    def _write(
        self,
        band: list[np.ndarray],
        rows: tuple[int, int],
        bands: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        if not len(band[0]):
            return
        first, height = rows[0], rows[1] - rows[0]
        tiles = np.searchsorted(bands, band[1], side="right") - 1
        filled = np.bincount(tiles, minlength=len(bands) - 1)
        widths = np.diff(bands)
        dense = filled > DENSE_SHARE * height * widths
        size = int(np.clip(self.entries // 200, 16, _SPARSE_ENTRIES))
        # Each tile begins at a batch's number; a tile of few entries begins at the one before's.
        numbers, parts = _deal(filled, dense, size)
        of_entry = numbers[tiles]
        of_entry += (generator.random(len(tiles), np.float32) * parts[tiles]).astype(of_entry.dtype)
        # Stable: within a batch the entries stay sorted by rows. Small numbers are sorted by radix, many times as fast.
        small = of_entry.max() <= np.iinfo(np.uint16).max
        order = np.argsort(of_entry.astype(np.uint16) if small else of_entry, kind="stable")
        band = [part[order] for part in band]
        sizes = np.bincount(of_entry)
        tile_of = {int(numbers[tile]): int(tile) for tile in np.flatnonzero(dense)}
        ends = np.cumsum(sizes)
        start = self.batches[-1].start + self.batches[-1].entries if self.batches else 0
        for number in np.flatnonzero(sizes):
            here = slice(ends[number] - sizes[number], ends[number])
            tile = tile_of.get(int(number))
            place = (0, 0) if tile is None else (int(bands[tile]), int(widths[tile]))
            self.batches.append(Batch(start, int(sizes[number]), tile is not None, first, height, *place))
            start += int(sizes[number])
            for part in band:
                part[here].tofile(self._file)


def _bands(words: int) -> np.ndarray:
    """Edges of the bands of words, int64, from 0 to `words`."""
    width = float(np.clip(words // _FIRST_BANDS, 4, _FIRST_BAND))
    edges = [0]
    while edges[-1] < words:
        edges.append(min(words, edges[-1] + int(width)))
        width = min(_GROWTH * width, _LAST_BAND)
    return np.array(edges)


def _row_starts(cooccurrences: Cooccurrences) -> np.ndarray:
    """Where each row's entries begin, int64 `[words + 1]`."""
    counts = np.zeros(cooccurrences.words, np.int64)
    for rows, _, _ in in_blocks(cooccurrences):
        counts += np.bincount(rows, minlength=len(counts))
    return np.concatenate([[0], np.cumsum(counts)])


def _split_at(bands: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last row of the bands of rows: the bands of words, cut again where they hold too many entries."""
    edges = [0]
    for end in bands[1:]:
        while edges[-1] < end:
            most = np.searchsorted(starts, starts[edges[-1]] + _ENTRIES_OF_A_BAND, side="right") - 1
            edges.append(int(min(end, max(edges[-1] + 1, most))))
    return np.array(edges[:-1]), np.array(edges[1:])


def _deal(filled: np.ndarray, dense: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each tile of a band of rows its first batch, int64, and among how many its entries are dealt out.

    A dense tile is a batch. The other tiles are put together, one behind the other, until they fill a batch.
    """
    numbers, parts = np.zeros(len(filled), np.int64), np.ones(len(filled), np.int64)
    numbers[dense] = np.arange(dense.sum())
    number, together, gathered = int(dense.sum()), [], 0
    sparse = np.flatnonzero(~dense)
    for tile in sparse:
        together.append(tile)
        gathered += filled[tile]
        if gathered >= size or tile == sparse[-1]:
            numbers[together] = number
            parts[together] = max(1, round(gathered / size))
            number += int(parts[tile])
            together, gathered = [], 0
    return numbers, parts
