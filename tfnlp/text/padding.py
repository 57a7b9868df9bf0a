"""Ragged rows: to dense ones, and which value is of which row."""

from __future__ import annotations

import tensorflow as tf


def pad_ragged(part: tf.RaggedTensor) -> tf.Tensor:
    """Pads a ragged tensor of one or two ragged dimensions with 0; each is at least 1 long in the result."""
    longest = [part.row_lengths()]
    if part.ragged_rank == 2:
        longest.append(part.values.row_lengths())
    sizes = [tf.maximum(tf.reduce_max(tf.concat([[0], lengths], 0)), 1) for lengths in longest]
    dense = part.to_tensor(0, shape=tf.stack([part.nrows(), *sizes]))
    return tf.ensure_shape(dense, [None] * (1 + len(sizes)))


def row_numbers(row_splits: tf.Tensor) -> tf.Tensor:
    """Says of which row each value is: int64 `[values]`, from splits int64 `[rows + 1]`.

    `RaggedTensor.value_rowids` and the reductions of ragged tensors make a mask of rows times the longest row on the
    way: one endless word among many short ones, and it fills the memory.
    """
    return tf.searchsorted(row_splits[1:], tf.range(row_splits[-1]), side="right", out_type=tf.int64)
