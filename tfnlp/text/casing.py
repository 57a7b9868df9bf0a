"""How a word is written, whatever it says: in capitals, small, with a capital in front, in digits."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from tfnlp.text.casing_names import CASINGS, DIGIT_RANGES
from tfnlp.text.code_points import CodePoints, PagedTable
from tfnlp.text.padding import row_numbers
from tfnlp.text.unicode_table import CODE_POINTS, load_table

_LOWER, _UPPER, _TITLE, _MIXED, _DIGITS, _OTHER = range(1, len(CASINGS))
# What a character is.
_IS_UPPER, _IS_LOWER, _IS_DIGIT = 1, 2, 3


def casing_ids(points: CodePoints) -> tf.Tensor:
    """Tells the casing of each row of characters, one word a row, not lower-cased: int32 `[rows]`.

    The letters of a word that has some decide: `lower` if all are small, `title` if the first alone is a capital,
    `upper` if all of several are, else `mixed`. Without letters that have two cases it is `digits` if there is a
    digit, else `other`: punctuation, Chinese.
    """
    kinds = _kinds().look_up(points.values)
    places = tf.range(tf.size(kinds))
    cased = tf.equal(kinds, _IS_UPPER) | tf.equal(kinds, _IS_LOWER)
    rows, number = row_numbers(points.row_splits), tf.size(points.row_splits) - 1

    def count(kind: int) -> tf.Tensor:
        return tf.math.unsorted_segment_sum(tf.cast(tf.equal(kinds, kind), tf.int32), rows, number)

    upper, lower, digits = count(_IS_UPPER), count(_IS_LOWER), count(_IS_DIGIT)
    last = tf.size(kinds) - 1  # the space that ends each row has no case, so it can stand for "none"
    first = tf.math.unsorted_segment_min(tf.where(cased, places, last), rows, number)
    capital_first = tf.equal(tf.gather(kinds, tf.minimum(first, last)), _IS_UPPER)
    of_letters = tf.where(
        tf.equal(upper, 0),
        _LOWER,
        tf.where(tf.equal(upper, 1) & capital_first, _TITLE, tf.where(tf.equal(lower, 0), _UPPER, _MIXED)),
    )
    without = tf.where(digits > 0, _DIGITS, _OTHER)
    return tf.where(upper + lower > 0, of_letters, without)


@functools.cache
def _kinds() -> PagedTable:
    """What each code point is, by the frozen table: what has a small form is a capital, the small form is small."""
    table = load_table()
    kinds = np.zeros(CODE_POINTS, np.int32)
    for first, end in DIGIT_RANGES:
        kinds[first:end] = _IS_DIGIT
    kinds[np.fromiter(table.lower.values(), np.int32)] = _IS_LOWER
    kinds[np.fromiter(table.lower.keys(), np.int32)] = _IS_UPPER
    return PagedTable(kinds)
