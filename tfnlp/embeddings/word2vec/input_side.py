"""Where a word's vector comes from: a row of its own, or the mean of its own and its n-grams' rows."""

from __future__ import annotations

from typing import Protocol

import tensorflow as tf

from tfnlp.embeddings.word2vec.row_table import RowTable

_FLOATS_OF_A_REGISTER = 8


class InputSide(Protocol):
    """The vectors of input words; runs inside the trainer's compiled step, as `Objective` does."""

    # Whether XLA can compile it: all shapes are static, and all operations known to XLA.
    compilable: bool

    @property
    def variables(self) -> list[tf.Variable]:
        """All that is learnt here; the trainer writes these into the checkpoint, in this order."""

    def look_up(self, ids: tf.Tensor) -> tf.Tensor:
        """Int32 ids of words, any shape → their vectors, float32 `[..., padded_width(dimension)]`."""

    def descend(
        self, ids: tf.Tensor, gradients: tf.Tensor, pairs: tf.Tensor, learning_rate: tf.Tensor
    ) -> None:
        """Moves what the vectors of `ids` are made of; arguments as of `RowTable.descend`."""


def padded_width(dimension: int) -> int:
    """The width of the rows that vectors of a dimension are kept in: whole registers, which multiply quicker."""
    return -(-dimension // _FLOATS_OF_A_REGISTER) * _FLOATS_OF_A_REGISTER


def starting_rows(rows: int, dimension: int, seed: int) -> tf.Tensor:
    """Where input rows start: even in `(-0.5, 0.5) / dimension` as in word2vec's C code, and 0 beyond `dimension`.

    Zeros stay zeros: the output rows, which start at 0, are so there too, and neither side gets a gradient.

    Returns:
        float32 `[rows, padded_width(dimension)]`.
    """
    bound = 0.5 / dimension
    start = tf.random.stateless_uniform([rows, dimension], [seed, 0], minval=-bound, maxval=bound)
    return tf.pad(start, [[0, 0], [0, padded_width(dimension) - dimension]])


class WordRows:
    """One row a word: word2vec's input side.

    Args:
        words: how many words there are.
        dimension: width of a vector.
        seed: the same seed gives the same start.
    """

    compilable = True

    def __init__(self, words: int, dimension: int, seed: int):
        self.table = RowTable(starting_rows(words, dimension, seed))

    @property
    def variables(self) -> list[tf.Variable]:
        """The table: float32 `[words, padded_width(dimension)]`."""
        return [self.table.values]

    def look_up(self, ids: tf.Tensor) -> tf.Tensor:
        """Int32 ids of words, any shape → their vectors, float32 `[..., padded_width(dimension)]`."""
        return self.table.look_up(ids)

    def descend(
        self, ids: tf.Tensor, gradients: tf.Tensor, pairs: tf.Tensor, learning_rate: tf.Tensor
    ) -> None:
        """Moves the rows of `ids`; arguments as of `RowTable.descend`."""
        self.table.descend(ids, gradients, pairs, learning_rate)
