"""How often words stand near each other, counted over a corpus of any size in bounded memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tfnlp.embeddings.counts.sorted_runs import (
    CodeBuffer,
    SortedRun,
    merged,
    summed,
    write_run,
)
from tfnlp.embeddings.counts.triples import as_sparse, check_memory, read_triples, work_folder, write_triples
from tfnlp.embeddings.encoded_corpus import EncodedCorpus
from tfnlp.embeddings.mapped_pages import forget_pages
from tfnlp.errors import UserError

_NAME = "cooccurrences"
_PIECE = 1 << 16  # ids taken from the stream at a time; keeps the arithmetic in the processor's cache
# Sums are whole numbers, so that their order, and with it the memory limit, changes no bit. For 1/d one is this many
# units: finer than float32, and room for 2**31 neighbours of one pair.
_UNITS = 1 << 32


@dataclasses.dataclass(frozen=True)
class Cooccurrences:
    """A sparse matrix of words by words, as triples on the disk, sorted by row and then by column.

    Attributes:
        rows: int32 `[entries]`, mapped from the disk.
        columns: int32 `[entries]`, mapped from the disk.
        values: float32 `[entries]`, all above 0, mapped from the disk.
        words: how many words there are: ids run from 0 to `words - 1`.
        window: how many tokens to each side were looked at.
        symmetric: whether the words on both sides of a word count for its row, or only those behind it.
        weighting: `"none"`: each neighbour counts 1; `"distance"`: 1/d at a distance of d tokens.
    """

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    words: int
    window: int
    symmetric: bool
    weighting: str

    def __len__(self) -> int:
        return len(self.values)

    def to_sparse(self) -> Any:
        """The same as a `scipy.sparse.csr_array`, float32 `[words, words]`; columns and values stay on the disk."""
        return as_sparse(self.rows, self.columns, self.values, (self.words, self.words))


def count_cooccurrences(
    corpus: EncodedCorpus,
    folder: Path,
    *,
    window: int = 5,
    symmetric: bool = True,
    weighting: Literal["none", "distance"] = "none",
    memory_bytes: int = 1 << 30,
    on_progress: Callable[[int], None] | None = None,
) -> Cooccurrences:
    """Counts, for each word, the words that stand at most `window` tokens from it in the same sentence.

    Pairs are gathered as numbers until `memory_bytes` are full, sorted, summed and written out as a sorted run; at
    the end the runs are merged. The result does not depend on `memory_bytes`. What a stopped count leaves is
    cleared away; a result is seen whole or not at all.

    Args:
        corpus: the words, as ids.
        folder: where the result is written, as `cooccurrences.*`; may be the corpus's own. One count at a time.
        window: tokens to each side, at least 1.
        symmetric: True: row w counts the words before and behind w. False: only those behind it, so that
            the symmetric matrix is this one plus its transpose.
        weighting: `"none"` counts 1 for each neighbour, `"distance"` 1/d at a distance of d tokens, as GloVe
            does (Pennington et al., 2014, section 4.2, https://aclanthology.org/D14-1162).
        memory_bytes: memory for pairs, at least 1 MiB; what Python and its libraries take comes on top.
        on_progress: is told, now and then, how many ids of the stream have been read.

    Returns:
        the counts, mapped from the disk.

    Raises:
        UserError: if a setting is out of range, the corpus has too many words, no two words stand in one
            sentence, or the disk is full.
    """
    if window < 1:
        raise UserError(f"`window` must be at least 1 token. Received: {window}")
    if weighting not in ("none", "distance"):
        raise UserError(f"`weighting` must be 'none' or 'distance'. Received: {weighting!r}")
    check_memory(memory_bytes)
    codes = _PairCodes(len(corpus.words), window, weighting == "distance")
    with work_folder(folder, _NAME) as work:
        runs = _write_runs(corpus.ids, codes, symmetric, memory_bytes, work, on_progress)
        entries = write_triples(
            folder,
            _NAME,
            work,
            (codes.triples(keys, sums) for keys, sums in merged(runs, memory_bytes)),
            {
                "words": len(corpus.words),
                "window": window,
                "symmetric": symmetric,
                "weighting": weighting,
            },
        )
    if not entries:
        raise UserError(
            "No sentence of the corpus has two known words, so no word stands near another. Cure: one sentence a "
            "line with its words parted by spaces, or a lower `--min-count`."
        )
    return load_cooccurrences(folder)


def load_cooccurrences(folder: Path) -> Cooccurrences:
    """What `count_cooccurrences` wrote.

    Raises:
        UserError: if it is not there, or not whole.
    """
    return Cooccurrences(**read_triples(folder, _NAME))


class _PairCodes:
    """Two words, and their distance where it matters, as one number that sorts by first and second word."""

    def __init__(self, words: int, window: int, by_distance: bool):
        self.window = window
        self.word_bits = max(1, (words - 1).bit_length())
        self.distance_bits = (window - 1).bit_length() if by_distance else 0
        if 2 * self.word_bits + self.distance_bits > 63:
            raise UserError(
                f"{words:,} words with a window of {window:,} are too many to count; cure: a greater `--min-count`"
            )
        self.units, self.amounts = 1, None
        if by_distance:
            self.units = _UNITS
            distances = 1 + np.arange(1 << self.distance_bits)
            self.amounts = np.round(_UNITS / distances).astype(np.int64)

    def mirror(self, codes: np.ndarray) -> None:
        """Exchanges first and second word, in place."""
        mask, distances = (1 << self.word_bits) - 1, (1 << self.distance_bits) - 1
        for start in range(0, len(codes), _PIECE):
            part = codes[start : start + _PIECE]
            pairs = part >> self.distance_bits
            mirrored = (pairs & mask) << self.word_bits | pairs >> self.word_bits
            part[:] = mirrored << self.distance_bits | part & distances

    def triples(self, keys: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """First words, second words and values of codes without their distance."""
        return keys >> self.word_bits, keys & ((1 << self.word_bits) - 1), sums / self.units


def _write_runs(
    ids: np.ndarray,
    codes: _PairCodes,
    symmetric: bool,
    memory_bytes: int,
    folder: Path,
    on_progress: Callable[[int], None] | None,
) -> list[SortedRun]:
    runs: list[SortedRun] = []
    # A window so wide that one piece overflows the memory takes smaller pieces.
    piece = max(1, min(_PIECE, memory_bytes // (16 * codes.window)))
    room = min(memory_bytes // 8, len(ids) * codes.window)

    def write(full: np.ndarray) -> None:
        full.sort()
        runs.append(write_run(folder, len(runs), summed(full, codes.distance_bits, codes.amounts)))
        if symmetric:
            # Only here does a pair get its second direction: twice as many words fit into the buffer.
            codes.mirror(full)
            full.sort()
            runs.append(write_run(folder, len(runs), summed(full, codes.distance_bits, codes.amounts)))

    buffer = CodeBuffer(max(room, piece * codes.window), write)
    for done, pairs in _pair_codes(ids, codes, symmetric, piece):
        for part in pairs:
            buffer.add(part)
        if on_progress is not None:
            on_progress(done)
    buffer.flush()
    return runs


def _pair_codes(
    ids: np.ndarray, codes: _PairCodes, symmetric: bool, piece: int
) -> Iterator[tuple[int, Iterator[np.ndarray]]]:
    """Gives how far the stream has been read, and for each distance the pairs, int64 `[pairs]`."""
    tokens = np.empty(0, np.int64)
    sentences = np.empty(0, np.int64)
    sentence = 0
    for start in range(0, len(ids), piece):
        # The last words of the piece before are the neighbours of this one's first words.
        seen_tokens, seen_sentences = tokens[-codes.window :], sentences[-codes.window :]
        part = np.asarray(ids[start : start + piece])
        numbers = np.cumsum(part < 0) + sentence
        sentence = int(numbers[-1])
        known = part >= 0
        tokens = np.concatenate([seen_tokens, part[known].astype(np.int64)])
        sentences = np.concatenate([seen_sentences, numbers[known]])
        yield (
            min(start + piece, len(ids)),
            _pairs_by_distance(tokens, sentences, len(seen_tokens), codes, symmetric),
        )
        forget_pages(ids)


def _pairs_by_distance(
    tokens: np.ndarray, sentences: np.ndarray, new: int, codes: _PairCodes, symmetric: bool
) -> Iterator[np.ndarray]:
    """Pairs whose second word stands at `new` or behind it."""
    for distance in range(1, codes.window + 1):
        begin = max(new, distance)
        if begin >= len(tokens):
            return
        first, second = tokens[begin - distance : -distance], tokens[begin:]
        if symmetric:
            first, second = np.minimum(first, second), np.maximum(first, second)
        pairs = first << codes.word_bits
        pairs |= second
        if codes.distance_bits:
            pairs <<= codes.distance_bits
            pairs |= distance - 1
        together = sentences[begin - distance : -distance] == sentences[begin:]
        yield pairs if together.all() else pairs[together]
