"""N-grams as sorted arrays: a word for each, and for each the range of those that go on from it."""

from __future__ import annotations

import dataclasses

import numpy as np

# Every vocabulary begins with these.
UNKNOWN_ID, START_ID, END_ID = 0, 1, 2
UNKNOWN, START, END = "<unk>", "<s>", "</s>"
SPECIAL = (UNKNOWN, START, END)
NOT_FOUND = -1


@dataclasses.dataclass(frozen=True)
class NgramTrie:
    """All n-grams of a text, order by order, each told by its number within its order.

    Numbers follow the alphabet of ids: the n-grams of an order are sorted by their words. Those that begin with the
    same n-gram of the order below (their parent, the context) so lie side by side. A unigram's number is its word's id.

    Attributes:
        size: number of words, the special ones included.
        words: for the orders from 2 on, the last word of each n-gram, unsigned integers `[ngrams]`.
        starts: for the orders from 2 on, where each parent's n-grams begin, `[parents + 1]`, the end behind.
    """

    size: int
    words: list[np.ndarray]
    starts: list[np.ndarray]

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return len(self.words) + 1

    def count(self, order: int) -> int:
        """How many n-grams of an order there are."""
        return self.size if order == 1 else len(self.words[order - 2])

    def find(self, order: int, parents: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Numbers of n-grams.

        Args:
            order: of the n-grams, at least 2.
            parents: integers `[n]`, numbers in the order below, or `NOT_FOUND`.
            words: integers `[n]`, the last words.

        Returns:
            int64 `[n]`, `NOT_FOUND` for those that are not there.
        """
        starts, sorted_words = self.starts[order - 2], self.words[order - 2]
        found = np.full(len(parents), NOT_FOUND, np.int64)
        asked = np.flatnonzero(np.asarray(parents) >= 0)
        parent, wanted = parents[asked], np.asarray(words)[asked].astype(sorted_words.dtype)
        low, high = starts[parent].astype(np.int64), starts[parent + 1].astype(np.int64)
        # Binary search in all ranges at once; what has been found or ruled out leaves the race.
        while len(asked):
            racing = low < high
            if not racing.all():
                asked, wanted, low, high = asked[racing], wanted[racing], low[racing], high[racing]
                if not len(asked):
                    break
            middle = (low + high) >> 1
            seen = sorted_words[middle]
            hit = seen == wanted
            found[asked[hit]] = middle[hit]
            below = seen < wanted
            low = np.where(below, middle + 1, low)
            high = np.where(below, high, middle)
            high[hit] = low[hit]
        return found

    def children(self, order: int, parent: int) -> slice:
        """Where the n-grams of an order stand that begin with one of the order below."""
        starts = self.starts[order - 2]
        return slice(int(starts[parent]), int(starts[parent + 1]))

    def parents(self, order: int) -> np.ndarray:
        """The number of each n-gram's context, int64 `[ngrams]`."""
        starts = self.starts[order - 2].astype(np.int64)
        lengths = starts[1:] - starts[:-1]
        return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)

    def suffixes(self, order: int, parents: np.ndarray, suffixes_below: np.ndarray) -> np.ndarray:
        """The number, in the order below, of each n-gram without its first word.

        Args:
            order: at least 2.
            parents: what `parents` gives for this order.
            suffixes_below: what this gave for the order below; not asked for order 2.

        Returns:
            int64 `[ngrams]`.
        """
        if order == 2:
            return self.words[order - 2].astype(np.int64)
        return self.find(order - 1, suffixes_below[parents], self.words[order - 2])

    def spell(self, order: int, numbers: np.ndarray) -> np.ndarray:
        """The words of n-grams, int64 `[n, order]`."""
        spelt = np.empty((len(numbers), order), np.int64)
        for level in range(order, 1, -1):
            spelt[:, level - 1] = self.words[level - 2][numbers]
            numbers = np.searchsorted(self.starts[level - 2], numbers, "right") - 1
        spelt[:, 0] = numbers
        return spelt

    def filtered(self, keep: list[np.ndarray]) -> NgramTrie:
        """The n-grams that a mask of each order from 2 on keeps; the parents of what is kept must be kept."""
        words, starts = [], []
        kept_parents = np.ones(self.size, bool)
        for level, mask in enumerate(keep):
            kept = np.bincount(self.parents(level + 2)[mask], minlength=len(kept_parents))[kept_parents]
            words.append(np.asarray(self.words[level])[mask])
            starts.append(range_starts(kept))
            kept_parents = mask
        return NgramTrie(self.size, words, starts)


def range_starts(lengths: np.ndarray) -> np.ndarray:
    """Where ranges of these lengths begin, the end of the last behind, in as few bytes as will do."""
    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return ends.astype(np.uint32 if ends[-1] < 1 << 32 else np.int64)


def word_type(size: int) -> np.dtype:
    """The type of a word's id in a vocabulary of this size."""
    return np.dtype(np.uint16 if size <= 1 << 16 else np.uint32)
