"""Texts as code points in the graph: decode, classify by the frozen table, find where tokens start and end.

Core ops alone, and all of them work on whole batches of characters at once. A token stays a pair of places in one
flat vector of code points until somebody asks for its string.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfnlp.text.unicode_table import CODE_POINTS, IGNORE, SINGLE, SPACE, WORD, load_table

_PAGE_BITS = 8
_PAGE = 1 << _PAGE_BITS


class CodePoints(NamedTuple):
    """The characters of a batch of texts, one after the other, each text ended by one space of our own.

    Attributes:
        values: int32 `[characters]`. Code points, lower-cased if asked.
        classes: int32 `[characters]`. WORD, SPACE or SINGLE; what the table ignores is gone.
        row_splits: int64 `[batch + 1]`. Text `i` is `values[row_splits[i]:row_splits[i + 1]]`.
        byte_starts: int64 `[characters]` or None. Where each character starts in its text, in bytes.
        byte_ends: int64 `[characters]` or None. Where it ends.
    """

    values: tf.Tensor
    classes: tf.Tensor
    row_splits: tf.Tensor
    byte_starts: tf.Tensor | None
    byte_ends: tf.Tensor | None


class Spans(NamedTuple):
    """Tokens as places in the flat vector of code points.

    Attributes:
        starts: int64 `[tokens]`. First character of each token.
        ends: int64 `[tokens]`. One past its last character.
        row_starts: int64 `[batch]`. First token of each text.
        row_lengths: int64 `[batch]`. Number of tokens of each text.
    """

    starts: tf.Tensor
    ends: tf.Tensor
    row_starts: tf.Tensor
    row_lengths: tf.Tensor


def decode(texts: tf.Tensor, *, lowercase: bool, with_offsets: bool = False) -> CodePoints:
    """Decodes UTF-8 texts and looks every character up in the frozen table.

    Args:
        texts: string tensor `[batch]`. Broken UTF-8 is dropped, as the replacement character U+FFFD is.
        lowercase: whether to lower-case.
        with_offsets: whether to keep byte offsets.

    Returns:
        the characters of the batch.
    """
    # The space at the end keeps the words of neighbouring texts apart, and gives the last character an end.
    ended = tf.strings.join([texts, tf.constant(" ")])
    arguments = {"input": ended, "input_encoding": "UTF-8", "errors": "replace", "replacement_char": 0xFFFD}
    byte_starts = byte_ends = None
    if with_offsets:
        row_splits, values, byte_starts = tf.raw_ops.UnicodeDecodeWithOffsets(**arguments)
        byte_ends = tf.concat(
            [byte_starts[1:], byte_starts[:1]], 0
        )  # wrong for our own spaces, which are no token
    else:
        row_splits, values = tf.raw_ops.UnicodeDecode(**arguments)
    packed = _packed_table().look_up(values)
    classes = tf.bitwise.bitwise_and(packed, 3)
    if lowercase:
        values += tf.bitwise.right_shift(packed, 2)
    return _drop_ignored(CodePoints(values, classes, row_splits, byte_starts, byte_ends))


def word_spans(points: CodePoints) -> Spans:
    """Finds the words: runs of WORD characters, and each SINGLE character by itself."""
    word = tf.equal(points.classes, WORD)
    single = tf.equal(points.classes, SINGLE)
    outside = tf.constant([False])
    starts = single | (word & ~tf.concat([outside, word[:-1]], 0))
    ends = single | (word & ~tf.concat([word[1:], outside], 0))
    starts, ends = _places(starts), _places(ends) + 1
    row_splits = split_at(starts, points.row_splits)
    return Spans(starts, ends, row_splits[:-1], row_splits[1:] - row_splits[:-1])


def character_spans(points: CodePoints) -> Spans:
    """Finds the characters and the runs of white space between them; white space at either end is no token."""
    space = tf.equal(points.classes, SPACE)
    starts = _places(~(space & tf.concat([[True], space[:-1]], 0)))
    row_splits = split_at(starts, points.row_splits)
    # Every text that holds a character ends in one white-space token too many, our own space included.
    row_lengths = tf.maximum(row_splits[1:] - row_splits[:-1] - 1, 0)
    return Spans(starts, starts + 1, row_splits[:-1], row_lengths)


def span_strings(points: CodePoints, starts: tf.Tensor, ends: tf.Tensor) -> tf.Tensor:
    """Writes tokens as strings: string `[tokens]`, UTF-8."""
    places = tf.ragged.range(starts, ends)
    characters = tf.gather(points.values, places.values)
    return tf.raw_ops.UnicodeEncode(
        input_values=characters, input_splits=places.row_splits, output_encoding="UTF-8", errors="replace"
    )


def row_strings(points: CodePoints) -> tf.Tensor:
    """Writes each text without what the table ignores: string `[batch]`, UTF-8."""
    # What ends each row is a space of our own.
    return span_strings(points, points.row_splits[:-1], points.row_splits[1:] - 1)


def split_at(places: tf.Tensor, row_splits: tf.Tensor) -> tf.Tensor:
    """Turns the row splits of all characters into those of the characters at `places` (ascending)."""
    return tf.searchsorted(places, row_splits, out_type=tf.int64)


def kept_tokens(
    row_starts: tf.Tensor, row_lengths: tf.Tensor, max_tokens: int | None, truncate: str
) -> tf.RaggedTensor:
    """Lists which tokens stay when each text is cut to `max_tokens`.

    Args:
        row_starts: int64 `[batch]`. First token of each text.
        row_lengths: int64 `[batch]`. Tokens of each text.
        max_tokens: greatest number of tokens that stay, or None for all.
        truncate: "tail", "head", "both" or "middle", see `tfnlp.text.truncation`.

    Returns:
        int64 ragged `[batch, (kept)]`: places of the tokens that stay, in order.
    """
    if max_tokens is None:
        return tf.ragged.range(row_starts, row_starts + row_lengths)
    surplus = tf.maximum(row_lengths - max_tokens, 0)
    kept = row_lengths - surplus
    if truncate == "middle":
        front = tf.where(surplus > 0, tf.constant((max_tokens + 1) // 2, tf.int64), kept)
        second = row_starts + front + surplus
        halves = tf.ragged.range(
            tf.reshape(tf.stack([row_starts, second], 1), [-1]),
            tf.reshape(tf.stack([row_starts + front, row_starts + row_lengths], 1), [-1]),
        )
        return tf.RaggedTensor.from_row_lengths(halves.values, kept, validate=False)
    if truncate == "head":
        row_starts += surplus
    elif truncate == "both":
        row_starts += surplus // 2
    return tf.ragged.range(row_starts, row_starts + kept)


def _drop_ignored(points: CodePoints) -> CodePoints:
    """Removes the characters that the table ignores; most batches hold none and pass as they are."""
    ignored = tf.equal(points.classes, IGNORE)
    columns = [
        c for c in (points.values, points.classes, points.byte_starts, points.byte_ends) if c is not None
    ]

    def compact() -> list[tf.Tensor]:
        kept = _places(~ignored)
        return [*(tf.gather(column, kept) for column in columns), split_at(kept, points.row_splits)]

    *columns, row_splits = tf.cond(tf.reduce_any(ignored), compact, lambda: [*columns, points.row_splits])
    values, classes, byte_starts, byte_ends = [*columns, None, None][:4]
    return CodePoints(values, classes, row_splits, byte_starts, byte_ends)


def _places(mask: tf.Tensor) -> tf.Tensor:
    return tf.where(mask)[:, 0]


class PagedTable:
    """A number for each code point, kept in pages of 256 of them, equal pages once: 121 KiB instead of 4 MiB.

    Args:
        numbers: int32 `[0x110000]`.
    """

    def __init__(self, numbers: np.ndarray):
        pages, index = np.unique(
            numbers.reshape(CODE_POINTS // _PAGE, _PAGE).astype(np.int32), axis=0, return_inverse=True
        )
        self._pages = pages.reshape(-1)
        # for `code_point >> 8` the place in `_pages` where its page begins
        self._index = (index.reshape(-1) * _PAGE).astype(np.int32)

    def look_up(self, code_points: tf.Tensor) -> tf.Tensor:
        """Returns the number of each code point, both int32."""
        page = tf.gather(tf.constant(self._index), tf.bitwise.right_shift(code_points, _PAGE_BITS))
        return tf.gather(tf.constant(self._pages), page + tf.bitwise.bitwise_and(code_points, _PAGE - 1))


@functools.cache
def _packed_table() -> PagedTable:
    """Packs the frozen table into one number a code point: `(lower - code_point) * 4 + class`."""
    table = load_table()
    packed = np.frombuffer(table.classes, np.uint8).astype(np.int32)
    code_points = np.fromiter(table.lower.keys(), np.int32)
    packed[code_points] += (np.fromiter(table.lower.values(), np.int32) - code_points) * 4
    return PagedTable(packed)
