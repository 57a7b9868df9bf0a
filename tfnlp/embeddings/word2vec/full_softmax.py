"""Full softmax: every word of the vocabulary competes for each pair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfnlp.embeddings.word2vec.curvature_steps import safe_steps


class FullSoftmax:
    """The loss of a pair is -log p(target | hidden), with p the softmax over the whole vocabulary.

    The exact loss that the others spare themselves; its time grows with the vocabulary. A hidden row's normaliser is
    computed once, whatever the number of its targets, and block after block, so that no more than one block's logits,
    float32 `[rows, words]`, are ever held.

    Args:
        counts: int64 `[words]`, how often each word stands in the corpus.
        dimension: int, width of the vectors.

    Reference:
        Mikolov et al., 2013, equation 2, https://arxiv.org/abs/1310.4546
    """

    def __init__(self, counts: np.ndarray, dimension: int):
        self.table = tf.Variable(tf.zeros([len(counts), dimension]), trainable=False)

    @property
    def variables(self) -> list[tf.Variable]:
        """The output rows of the words, float32 `[words, dimension]`."""
        return [self.table]

    def draw(self, generator: np.random.Generator, steps: int, blocks: int) -> np.ndarray:
        """Nothing is random here."""
        return np.zeros((steps, blocks, 0), np.int32)

    def step(
        self,
        hidden: tf.Tensor,
        targets: tf.Tensor,
        weights: tf.Tensor,
        drawn: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> tuple[Callable[[], tf.Tensor], tf.Tensor]:
        """One descent; see `Objective`."""
        if weights.shape.rank == 3:
            pairs = tf.reduce_sum(weights, axis=1)  # of each hidden row: [blocks, rows]
            of_targets = tf.matmul(weights, hidden)  # the hidden rows that predict each target, summed
        else:
            pairs = weights
            of_targets = weights[..., None] * hidden
        table = self.table.read_value()
        target_rows = tf.gather(table, targets)  # [blocks, targets, dimension]
        normalisers, pull, push, curvature = self._competition(table, hidden, pairs)
        loss = normalisers - tf.reduce_sum(of_targets * target_rows)
        attraction = (
            tf.matmul(weights, target_rows, transpose_a=True)
            if weights.shape.rank == 3
            else (weights[..., None] * target_rows)
        )
        gradient = tf.tensor_scatter_nd_sub(
            push, tf.reshape(targets, [-1, 1]), tf.reshape(of_targets, [-1, self.table.shape[1]])
        )
        self.table.assign_sub(gradient * safe_steps(curvature, learning_rate)[:, None])
        return lambda: loss, pull - attraction

    def _competition(self, table, hidden, pairs):
        """What all words' logits do, a block at a time.

        Returns:
            the sum of the pairs' log-normalisers; its gradients, `[blocks, rows, dimension]` for `hidden` and
            `[words, dimension]` for the table; and the table's curvatures, `[words]`.
        """
        blocks = tf.shape(hidden)[0]

        def one(block, loss, d_hidden, d_table, curvature):
            rows, times = hidden[block], pairs[block]
            logits = tf.matmul(rows, table, transpose_b=True)  # [rows, words]
            expected = tf.nn.softmax(logits) * times[:, None]
            # The softmax's own second derivative, diag(p) - p p', is nowhere above diag(p).
            bend = tf.linalg.matvec(expected, tf.reduce_sum(tf.square(rows), axis=1), transpose_a=True)
            return (
                block + 1,
                loss + tf.reduce_sum(times * tf.reduce_logsumexp(logits, axis=1)),
                d_hidden.write(block, tf.matmul(expected, table)),
                d_table + tf.matmul(expected, rows, transpose_a=True),
                curvature + bend,
            )

        start = (0, 0.0, tf.TensorArray(tf.float32, blocks), tf.zeros_like(table), tf.zeros_like(table[:, 0]))
        # One block at a time, for the memory's sake; the products within use all cores.
        _, loss, d_hidden, d_table, curvature = tf.while_loop(
            lambda block, *_: block < blocks, one, start, parallel_iterations=1
        )
        return loss, tf.reshape(d_hidden.stack(), tf.shape(hidden)), d_table, curvature
