"""Each prompt's own stream of random numbers, in the graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfnlp.decoding.filters import as_column
from tfnlp.decoding.random_numbers import threefry


def prompt_streams(seed: Any, prompt_ids: Any, prompt_lengths: Any, numbers: Any) -> tf.Tensor:
    """Random numbers that depend on the seed and the prompt, and not on what else is in the batch.

    Args:
        seed: int, a scalar or one for each row `[batch]`; of int64 all bits count.
        prompt_ids: int32 `[batch, time]`.
        prompt_lengths: int32 `[batch]`; what stands behind them does not matter.
        numbers: int32 scalar, how many each is given.

    Returns:
        float32 `[batch, numbers]`, from 0 to below 1.
    """
    seed = as_column(seed, tf.int64)
    halves = (_unsigned(seed), _unsigned(tf.bitwise.right_shift(seed, tf.constant(32, tf.int64))))
    places = tf.range(tf.shape(prompt_ids)[1])[tf.newaxis]
    real = tf.cast(places < prompt_lengths[:, tf.newaxis], tf.uint32)
    scrambled = threefry(halves, (_unsigned(prompt_ids), _unsigned(places)), tf.bitwise)
    key = tuple(tf.reduce_sum(part * real, axis=1, keepdims=True) for part in scrambled)  # each [batch, 1]
    counter = (_unsigned(tf.range(numbers))[tf.newaxis], tf.zeros([1, 1], tf.uint32))
    drawn, _ = threefry(key, counter, tf.bitwise)
    return tf.cast(tf.bitwise.right_shift(drawn, tf.constant(8, tf.uint32)), tf.float32) * 2.0**-24


def _unsigned(numbers: Any) -> tf.Tensor:
    return tf.cast(
        tf.bitwise.bitwise_and(tf.cast(numbers, tf.int64), tf.constant(0xFFFFFFFF, tf.int64)), tf.uint32
    )
