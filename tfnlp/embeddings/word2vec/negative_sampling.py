"""Negative sampling with noise words shared by a block."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfnlp.embeddings.word2vec.alias_table import AliasTable
from tfnlp.embeddings.word2vec.blocks import joined_transposes
from tfnlp.embeddings.word2vec.row_table import RowTable


class NegativeSampling:
    """Tells a pair of the corpus from pairs with noise words (Mikolov 2013, equation 4).

    The noise words are drawn once for a block and serve all its pairs, each weighted so that a pair meets
    `negatives` of them in expectation.

    Args:
        counts: int64 `[words]`, how often each word stands in the corpus.
        dimension: int, width of the vectors.
        negatives: noise words per pair.
        noise_power: noise is drawn in proportion to the counts to this power.
        shared: noise words drawn for a block.

    Reference:
        Mikolov et al., 2013, section 2.2, https://arxiv.org/abs/1310.4546; noise shared by many pairs: Ji et al., 2016,
        section 4, https://arxiv.org/abs/1604.04661
    """

    def __init__(
        self,
        counts: np.ndarray,
        dimension: int,
        *,
        negatives: int = 5,
        noise_power: float = 0.75,
        shared: int = 16,
    ):
        self.negatives = negatives
        self.shared = shared
        self.output = RowTable(tf.zeros([len(counts), dimension]))
        self._noise = AliasTable(counts.astype(np.float64) ** noise_power)

    @property
    def variables(self) -> list[tf.Variable]:
        """The output table: float32 `[words, dimension]`."""
        return [self.output.values]

    def draw(self, generator: np.random.Generator, steps: int, blocks: int) -> np.ndarray:
        """Noise words for each block: int32 `[steps, blocks, shared]`."""
        return self._noise.draw(generator, (steps, blocks, self.shared))

    def step(
        self,
        hidden: tf.Tensor,
        targets: tf.Tensor,
        weights: tf.Tensor,
        drawn: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> tuple[Callable[[], tf.Tensor], tf.Tensor]:
        """One descent of the output table; arguments and results as of `Objective.step`."""
        ids = tf.concat([targets, drawn], 1)
        rows = self.output.look_up(ids)  # [blocks, targets + shared, dimension]
        # Hidden rows first: the product that takes the longest then needs no transposed factor.
        if weights.shape.rank == 2:
            # Row by target for CBOW too, of which only the diagonal counts: one product of matrices more is faster than
            # a sum over each row's products.
            matrix = weights[:, :, None] * np.eye(weights.shape[1], dtype=np.float32)
            pairs_of_rows = pairs_of_targets = weights
        else:
            matrix = tf.transpose(weights, [0, 2, 1])
            pairs_of_rows, pairs_of_targets = tf.reduce_sum(weights, 1), tf.reduce_sum(weights, 2)
        loss, d_hidden, d_rows = self._logistic(hidden, rows, matrix, pairs_of_rows)
        # The noise words of a pair count as one more pair, not as so many: most of them are told from it already,
        # and pull little.
        noise_pairs = tf.reduce_sum(pairs_of_rows, 1, keepdims=True) / self.shared
        pairs = tf.concat([pairs_of_targets, noise_pairs * tf.ones([self.shared])], 1)
        self.output.descend(ids, d_rows, pairs, learning_rate)
        return loss, d_hidden

    def _logistic(self, hidden, rows, weights, pairs):
        """Tells targets from noise.

        Args:
            hidden: float32 `[blocks, hidden rows, dimension]`.
            rows: float32 `[blocks, targets + shared, dimension]`, those of the targets first.
            weights: float32 `[blocks, hidden rows, targets]`.
            pairs: float32 `[blocks, hidden rows]`, the weights summed.

        Returns:
            what computes the loss, and its gradients, shaped like `hidden` and `rows`.
        """
        targets = weights.shape[2]
        noise = pairs[:, :, None] * (self.negatives / self.shared) * tf.ones([self.shared])
        weights = tf.concat([weights, noise], 2)
        is_target = np.repeat(np.float32([1, 0]), [targets, self.shared])
        scores = tf.matmul(hidden, rows, transpose_b=True)
        gradient = (tf.sigmoid(scores) - is_target) * weights
        d_rows = tf.matmul(joined_transposes(tf.split(gradient, [targets, self.shared], 2), 1), hidden)

        def loss():
            return tf.reduce_sum(tf.nn.softplus(scores * (1.0 - 2.0 * is_target)) * weights)

        return loss, tf.matmul(gradient, rows), d_rows
