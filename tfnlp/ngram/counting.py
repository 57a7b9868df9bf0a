"""Counts every n-gram of a text of any size in bounded memory."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tfnlp.embeddings.counts.sorted_runs import CodeBuffer, merged, summed, write_run
from tfnlp.embeddings.counts.triples import check_memory
from tfnlp.embeddings.encoded_corpus import SENTENCE_END
from tfnlp.embeddings.mapped_pages import forget_pages
from tfnlp.errors import UserError
from tfnlp.ngram.trie import END_ID, NOT_FOUND, START_ID, NgramTrie, range_starts, word_type

_CHUNK = 1 << 16  # tokens worked on at a time: they fit the processor's cache


@dataclasses.dataclass(frozen=True)
class NgramCounts:
    """How often each n-gram stands in a text.

    Every sentence counts as `<s>`, its words, `</s>`; no n-gram reaches over its ends.

    Attributes:
        trie: the n-grams.
        counts: for each order, int64 `[ngrams]`.
        longest: tokens of the longest sentence, `<s>` and `</s>` among them.
    """

    trie: NgramTrie
    counts: list[np.ndarray]
    longest: int


def count_ngrams(
    ids: np.ndarray,
    new_ids: np.ndarray,
    size: int,
    folder: Path,
    *,
    order: int,
    memory_bytes: int = 1 << 30,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> NgramCounts:
    """Counts the n-grams of all orders up to `order`.

    An n-gram is told by the number of the one it begins with and by its last word, so one 64-bit number will do for any
    order. These are gathered, sorted, summed and spilled to the disk as `tfnlp.embeddings.counts` does, one order after
    the other; of each token the disk keeps the number of the n-gram that begins there.

    Args:
        ids: the stream of an `EncodedCorpus`.
        new_ids: integers `[words]`: the id in the model's vocabulary for each id of the stream.
        size: number of words of that vocabulary.
        folder: a work folder; what is returned is mapped from files in it.
        order: length of the longest n-grams, at least 1.
        memory_bytes: memory for the n-grams that are being counted, at least 1 MiB. The counts do not depend on it.
        on_progress: called now and then with the order, the tokens read for it, and how many there are.

    Returns:
        the counts; orders of which no sentence is long enough are left out.

    Raises:
        UserError: if `order` is no length or the memory is too little.
    """
    if order < 1:
        raise UserError(f"`order` must be at least 1. Received: {order}")
    check_memory(memory_bytes)
    tokens, longest = _write_tokens(ids, new_ids, folder)
    unigrams = np.zeros(size, np.int64)
    for start in range(0, len(tokens), _CHUNK):
        unigrams += np.bincount(tokens[start : start + _CHUNK], minlength=size)
    trie, counts = NgramTrie(size, [], []), [unigrams]
    numbers = tokens  # of the n-gram that begins at each token
    for length in range(2, min(order, longest) + 1):
        told = (lambda done, k=length: on_progress(k, done, len(tokens))) if on_progress else None
        words, starts, sums = _count_order(trie, tokens, numbers, length, folder, memory_bytes, told)
        trie = NgramTrie(size, [*trie.words, words], [*trie.starts, starts])
        counts.append(sums)
        if length < min(order, longest):
            numbers = _write_numbers(trie, tokens, numbers, length, folder)
    return NgramCounts(trie, counts, longest)


def _write_tokens(ids: np.ndarray, new_ids: np.ndarray, folder: Path) -> tuple[np.ndarray, int]:
    """The corpus in the model's ids, with `<s>` and `</s>` around each sentence; and the longest sentence's length."""
    longest, length = 0, 0
    at_start = True
    path = folder / "tokens"
    with path.open("wb") as file:
        for begin in range(0, len(ids), _CHUNK):
            chunk = np.asarray(ids[begin : begin + _CHUNK])
            ends = chunk == SENTENCE_END
            tokens = np.where(ends, END_ID, new_ids[np.where(ends, 0, chunk)])
            # The sentence's start goes before its first word, which stands behind the end of the one before.
            firsts = np.concatenate([[at_start], ends[:-1]])
            at_start = bool(ends[-1])
            tokens = np.insert(tokens, np.flatnonzero(firsts), START_ID)
            stops = np.flatnonzero(tokens == END_ID) + 1
            lengths = np.diff(stops, prepend=-length)
            longest = max(longest, int(lengths.max(initial=0)))
            length = len(tokens) - int(stops[-1]) if len(stops) else length + len(tokens)
            tokens.astype(np.int32).tofile(file)
            forget_pages(ids)
    return np.memmap(path, np.int32, "r"), longest


def _extensible(
    tokens: np.ndarray, numbers: np.ndarray, length: int
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Pieces of the text: where one begins, the (length-1)-gram at each token or `NOT_FOUND`, and the word behind it.

    A sentence's end goes on into nothing.
    """
    reach = length - 1
    for start in range(0, max(len(tokens) - reach, 0), _CHUNK):
        stop = min(start + _CHUNK, len(tokens) - reach)
        begun = np.asarray(numbers[start:stop]).astype(np.int64)
        last = np.asarray(tokens[start + reach - 1 : stop + reach - 1])
        yield (
            start,
            np.where(last == END_ID, NOT_FOUND, begun),
            np.asarray(tokens[start + reach : stop + reach]),
        )
        forget_pages(tokens)
        forget_pages(numbers)


def _count_order(
    trie: NgramTrie,
    tokens: np.ndarray,
    numbers: np.ndarray,
    length: int,
    folder: Path,
    memory_bytes: int,
    told: Callable[[int], None] | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Last words, starts and counts of one order."""
    bits = (trie.size - 1).bit_length()
    run_numbers = itertools.count(1000 * length)
    runs = []

    def spill(full: np.ndarray) -> None:
        full.sort()
        runs.append(write_run(folder, next(run_numbers), summed(full)))

    buffer = CodeBuffer(min(max(_CHUNK, memory_bytes // 16), len(tokens)), spill)
    for start, begun, words in _extensible(tokens, numbers, length):
        there = begun >= 0
        buffer.add(begun[there] << bits | words[there])
        if told:
            told(start + len(begun))
    buffer.flush()
    lengths = np.zeros(trie.count(length - 1), np.int64)
    word_file, sum_file = folder / f"{length}.words", folder / f"{length}.counts"
    with word_file.open("wb") as to_words, sum_file.open("wb") as to_sums:
        for keys, sums in merged(runs, memory_bytes):
            (keys & ((1 << bits) - 1)).astype(word_type(trie.size)).tofile(to_words)
            sums.tofile(to_sums)
            parents, starts = np.unique(keys >> bits, return_index=True)
            lengths[parents] += np.diff(starts, append=len(keys))
    for run in runs:
        run.keys.unlink()
        run.sums.unlink()
    words = np.memmap(word_file, word_type(trie.size), "r")
    return words, range_starts(lengths), np.memmap(sum_file, np.int64, "r")


def _write_numbers(
    trie: NgramTrie, tokens: np.ndarray, numbers: np.ndarray, length: int, folder: Path
) -> np.ndarray:
    """The number of the n-gram of this length that begins at each token."""
    path = folder / f"{length}.numbers"
    with path.open("wb") as file:
        for _, begun, words in _extensible(tokens, numbers, length):
            trie.find(length, begun, words).tofile(file)
    if length > 2:
        (folder / f"{length - 1}.numbers").unlink()
    return np.memmap(path, np.int64, "r")
