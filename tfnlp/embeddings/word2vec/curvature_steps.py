"""Gradient descent on the rows of a logistic model, with steps that the loss's curvature keeps from overshooting."""

from __future__ import annotations

import tensorflow as tf


def descend_rows_by_curvature(
    table: tf.Variable,
    scratch: tf.Variable,
    ids: tf.Tensor,
    gradients: tf.Tensor,
    curvatures: tf.Tensor,
    learning_rate: tf.Tensor,
) -> None:
    """Moves rows against their summed gradients, at the learning rate or as far as is safe.

    word2vec's C code moves a row after each pair; here a row takes the sum over a whole step's pairs, of which every
    one passes the root of a Huffman tree. Where the sum of the curvatures, times the learning rate, is beyond 1,
    a full step may end higher than it began; it is shortened to one over the curvature, which never does.

    Shapes stay as they are and the operations are known to XLA, so that a step of the trainer can be compiled.

    Args:
        table: float32 `[rows, dimension]`.
        scratch: float32 `[rows]`, where curvatures are summed; what it holds before and after means nothing.
        ids: int32 `[n]`; a row may come many times.
        gradients: float32 `[n, dimension]`.
        curvatures: float32 `[n]`, not below the loss's second derivative in any direction of unit length.
        learning_rate: float32 scalar.
    """
    # Only the rows of this step are cleared: the table may be far larger than a step.
    scratch.scatter_update(tf.IndexedSlices(tf.zeros_like(curvatures), ids))
    scratch.scatter_add(tf.IndexedSlices(curvatures, ids))
    steps = safe_steps(tf.gather(scratch, ids), learning_rate)
    table.scatter_sub(tf.IndexedSlices(gradients * steps[:, None], ids))


def safe_steps(curvature: tf.Tensor, learning_rate: tf.Tensor) -> tf.Tensor:
    """float32 like `curvature`: the learning rate, or one over the curvature where that is less."""
    return learning_rate / tf.maximum(1.0, learning_rate * curvature)
