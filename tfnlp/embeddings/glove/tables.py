"""Both tables of GloVe with their biases, and how AdaGrad moves the few rows that a batch touches."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfnlp.embeddings.glove.loss import dense_gradients, sparse_gradients
from tfnlp.embeddings.glove.settings import GloveSettings

# AdaGrad's sums of squares start here, as in the paper's own program: the first steps are no larger than the rate.
_FIRST_SQUARES = 1.0


class GloveTables:
    """Words and contexts, each with a bias in the last column, and AdaGrad's sums of squares.

    A row moves once a batch: the gradients of its entries are summed first, and the square of this sum is what
    AdaGrad adds up. (Adding up the squares entry by entry instead learnt far more slowly: a batch's entries are all
    taken at the same place, and their steps are not worth as many steps one after the other.)

    Args:
        words: how many there are.
        settings: dimension, learning rate, weights and seed.

    Attributes:
        words: float32 `[words, dimension + 1]`.
        contexts: float32 `[words, dimension + 1]`.
        word_squares: float32 `[words, dimension + 1]`.
        context_squares: float32 `[words, dimension + 1]`.
    """

    def __init__(self, words: int, settings: GloveSettings):
        self.settings = settings
        generator = np.random.default_rng(settings.seed)
        shape = (words, settings.dimension + 1)
        self.words, self.contexts = (
            tf.Variable((generator.random(shape, np.float32) - 0.5) / settings.dimension, trainable=False)
            for _ in range(2)
        )
        self.word_squares, self.context_squares = (
            tf.Variable(tf.fill(shape, _FIRST_SQUARES), trainable=False) for _ in range(2)
        )

    def set_biases(self, of_words: np.ndarray, of_contexts: np.ndarray) -> None:
        """Puts biases into the tables; float32 `[words]` each."""
        for table, biases in ((self.words, of_words), (self.contexts, of_contexts)):
            table.assign(tf.concat([table[:, :-1], biases[:, None]], 1))

    @property
    def variables(self) -> list[tf.Variable]:
        """All that training changes."""
        return [self.words, self.contexts, self.word_squares, self.context_squares]

    def vectors(self) -> np.ndarray:
        """Word plus context vector, float32 `[words, dimension]` (section 4.2 of the paper); without biases."""
        return self.words.numpy()[:, :-1] + self.contexts.numpy()[:, :-1]

    @tf.function(reduce_retracing=True, autograph=False)
    def dense_step(self, entries, row, rows, column, columns):
        """Trains on a tile by matrix products over all of its cells.

        Args:
            entries: int32 `[3, entries]`: rows, columns, and the bits of the float32 values.
            row: int32 scalar, the tile's first row.
            rows: int32 scalar, how many it has.
            column: int32 scalar, its first column.
            columns: int32 scalar, how many it has.

        Returns:
            float32 scalar, the loss summed over the entries, before the step.
        """
        return self._step(
            dense_gradients,
            row + tf.range(rows),
            column + tf.range(columns),
            entries[0] - row,
            entries[1] - column,
            entries[2],
        )

    @tf.function(reduce_retracing=True, autograph=False)
    def sparse_step(self, entries):
        """Trains on any entries, sorted by rows; the same shape and the same answer as `dense_step`."""
        word_ids, rows = tf.unique(entries[0])
        context_ids, columns = tf.unique(entries[1])
        return self._step(sparse_gradients, word_ids, context_ids, rows, columns, entries[2])

    def _step(self, gradients, word_ids, context_ids, rows, columns, value_bits):
        loss, d_words, d_contexts = gradients(
            tf.gather(self.words, word_ids),
            tf.gather(self.contexts, context_ids),
            rows,
            columns,
            tf.bitcast(value_bits, tf.float32),
            x_max=self.settings.x_max,
            alpha=self.settings.alpha,
        )
        self._move(self.words, self.word_squares, word_ids, d_words)
        self._move(self.contexts, self.context_squares, context_ids, d_contexts)
        return loss

    def _move(self, table, squares, ids, gradients):
        """AdaGrad (Duchi et al., 2011, https://jmlr.org/papers/v12/duchi11a.html) on rows that come once each."""
        summed = tf.gather(squares, ids) + tf.square(gradients)
        squares.scatter_update(tf.IndexedSlices(summed, ids))
        table.scatter_sub(
            tf.IndexedSlices(self.settings.learning_rate * gradients * tf.math.rsqrt(summed), ids)
        )
