"""What a distribution over the vocabulary loses before a token is drawn from it. All take and give logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

NEVER = float("-inf")


def forbid(logits: Any, token_ids: Sequence[int]) -> tf.Tensor:
    """Takes tokens out.

    Args:
        logits: float32 `[batch, vocabulary]`.
        token_ids: their ids.
    """
    places = tf.range(tf.shape(logits)[-1])[:, tf.newaxis]
    out = tf.reduce_any(tf.equal(places, tf.constant(list(token_ids), tf.int32)), axis=1)
    return tf.where(out, NEVER, logits)


def penalise_repetition(logits: Any, seen: Any, penalty: Any) -> tf.Tensor:
    """Makes less of tokens that stand in the text already: a logit above 0 is divided, one below 0 multiplied.

    The paper divides all, which would make a token of a logit below 0 the likelier.

    Args:
        logits: float32 `[batch, vocabulary]`.
        seen: bool `[batch, vocabulary]`.
        penalty: float, at least 1: a scalar, or one for each row `[batch]`.

    Reference:
        Keskar et al., 2019, section 4.1, https://arxiv.org/abs/1909.05858
    """
    penalty = as_column(penalty)
    return tf.where(seen, tf.where(logits > 0, logits / penalty, logits * penalty), logits)


def keep_top_k(logits: Any, k: Any) -> tf.Tensor:
    """Keeps the k highest; of equal ones those of the lower ids.

    Args:
        logits: float32 `[batch, vocabulary]`.
        k: int32, at least 1, a scalar or one for each row `[batch]`; more than the vocabulary keeps all.
    """
    size = tf.shape(logits)[-1]
    k = tf.broadcast_to(as_column(k, tf.int32), [tf.shape(logits)[0], 1])
    cut = k < size

    def kept() -> tf.Tensor:
        most = tf.reduce_max(tf.where(cut, k, 1))
        ordered = tf.math.top_k(logits, most).values
        least = tf.gather(ordered, tf.minimum(k, most) - 1, batch_dims=1)
        return tf.where(cut, _keep_first(logits, least, k), logits)

    return tf.cond(tf.reduce_any(cut), kept, lambda: tf.identity(logits))


def keep_top_p(logits: Any, p: Any) -> tf.Tensor:
    """Keeps the likeliest tokens that together have at least the probability p; of equal ones those of lower ids.

    Args:
        logits: float32 `[batch, vocabulary]`.
        p: float, a scalar or one for each row `[batch]`; 1 or more keeps all, and of 0 or less the likeliest is kept.

    Reference:
        Holtzman et al., 2020, section 3.1, https://arxiv.org/abs/1904.09751
    """
    p = as_column(p)

    def kept() -> tf.Tensor:
        ordered = tf.sort(logits, direction="DESCENDING")
        before = tf.cumsum(tf.nn.softmax(ordered), axis=-1, exclusive=True)
        # Sums of float32 may end a hair below 1.
        number = tf.reduce_sum(tf.cast(before < p * (1 - 1e-6), tf.int32), axis=-1, keepdims=True)
        number = tf.maximum(number, 1)
        cut = _keep_first(logits, tf.gather(ordered, number - 1, batch_dims=1), number)
        return tf.where(p < 1, cut, logits)

    return tf.cond(tf.reduce_any(p < 1), kept, lambda: tf.identity(logits))


def as_column(numbers: Any, dtype: Any = tf.float32) -> tf.Tensor:
    """A number for all rows, `[1, 1]`, or one for each, `[batch, 1]`."""
    return tf.reshape(tf.cast(numbers, dtype), [-1, 1])


def _keep_first(logits: Any, least: Any, kept: Any) -> tf.Tensor:
    """Keeps so many of the highest `[batch, 1]`, the last of which have the value `least` `[batch, 1]`."""
    above, ties = logits > least, tf.cast(tf.equal(logits, least), tf.int32)
    room = kept - tf.reduce_sum(tf.cast(above, tf.int32), axis=-1, keepdims=True)
    return tf.where(above | ((ties > 0) & (tf.cumsum(ties, axis=-1) <= room)), logits, NEVER)
