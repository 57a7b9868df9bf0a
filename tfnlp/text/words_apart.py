"""Texts with a space between their words, from the tags of their characters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfnlp.text.tag_schemes import OUTSIDE, split_tag


class WordBorders:
    """Tells from tags where words begin.

    Args:
        tags: names of a span scheme with letters `B`, `M` or `I`, `E`, `S`, bare or with a type behind them; tag `i`
            is `tags[i]`.

    Attributes:
        opens: bool `[tags]`, whether a tag begins a word whatever stands before it.
        closes: bool `[tags]`, whether a tag ends a word whatever follows.
        types: int32 `[tags]`, the number of a tag's type; a word has one type.
    """

    def __init__(self, tags: Sequence[str]):
        letters, labels = zip(*(("", tag) if tag == OUTSIDE else split_tag(tag) for tag in tags))
        self.opens = np.isin(letters, ["B", "S", ""])
        self.closes = np.isin(letters, ["E", "S", ""])
        self.types = np.unique(labels, return_inverse=True)[1].astype(np.int32)

    def first_tokens(self, numbers: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Which tokens begin a word, by the same rules as `tfnlp.text.tag_schemes.spans_of`: bool `[tokens]`.

        Args:
            numbers: int `[tokens]`, the tags of all texts, one text after the other.
            lengths: int `[texts]`, how many tokens each text has.
        """
        opens, closes, labels = self.opens[numbers], self.closes[numbers], self.types[numbers]
        first = np.ones(len(numbers), bool)
        first[1:] = opens[1:] | closes[:-1] | (labels[1:] != labels[:-1])
        row_starts = np.cumsum(lengths) - lengths
        first[row_starts[lengths > 0]] = True
        return first


def words_apart(
    texts: Sequence[bytes], lengths: np.ndarray, starts: np.ndarray, first: np.ndarray
) -> list[bytes]:
    """Puts a space before each word of each text.

    Runs of white space of any kind become one space; at both ends there is none. Nothing else changes: what is no
    token, such as an invisible character or broken UTF-8, stays where it was, with the word before it.

    Args:
        texts: UTF-8, broken or not.
        lengths: int `[texts]`, how many tokens each has.
        starts: int `[tokens]`, the byte of its text that each token begins at, text after text.
        first: bool `[tokens]`, whether it begins a word.
    """
    stops = np.cumsum(lengths)
    spaced = []
    for text, stop, length in zip(texts, stops, lengths):
        row = slice(stop - length, stop)
        places = [0, *starts[row][first[row]][1:].tolist()]
        apart = b" ".join(text[start:end] for start, end in zip(places, [*places[1:], len(text)]))
        words = apart.decode("utf-8", "surrogateescape").split()
        spaced.append(" ".join(words).encode("utf-8", "surrogateescape"))
    return spaced
