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
        penalty: float scalar, at least 1.

    Reference:
        Keskar et al., 2019, section 4.1, https://arxiv.org/abs/1909.05858
    """
    return tf.where(seen, tf.where(logits > 0, logits / penalty, logits * penalty), logits)


def keep_top_k(logits: Any, k: Any) -> tf.Tensor:
    """Keeps the k highest; of equal ones those of the lower ids.

    Args:
        logits: float32 `[batch, vocabulary]`.
        k: int32 scalar, at least 1; more than the vocabulary keeps all.
    """
    size = tf.shape(logits)[-1]
    k = tf.minimum(tf.cast(k, tf.int32), size)

    def cut() -> tf.Tensor:
        least = tf.math.top_k(logits, k).values[:, -1:]
        return _keep_first(logits, least, k)

    return tf.cond(k < size, cut, lambda: tf.identity(logits))


def keep_top_p(logits: Any, p: Any) -> tf.Tensor:
    """Keeps the likeliest tokens that together have at least the probability p; of equal ones those of lower ids.

    Args:
        logits: float32 `[batch, vocabulary]`.
        p: float scalar, above 0; 1 or more keeps all.

    Reference:
        Holtzman et al., 2020, section 3.1, https://arxiv.org/abs/1904.09751
    """
    p = tf.cast(p, tf.float32)

    def cut() -> tf.Tensor:
        ordered = tf.sort(logits, direction="DESCENDING")
        before = tf.cumsum(tf.nn.softmax(ordered), axis=-1, exclusive=True)
        # The first is kept whatever p is; sums of float32 may end a hair below 1.
        kept = tf.maximum(
            tf.reduce_sum(tf.cast(before < p * (1 - 1e-6), tf.int32), axis=-1, keepdims=True), 1
        )
        return _keep_first(logits, tf.gather(ordered, kept - 1, batch_dims=1), kept)

    return tf.cond(p < 1, cut, lambda: tf.identity(logits))


def _keep_first(logits: Any, least: Any, kept: Any) -> tf.Tensor:
    """Keeps so many of the highest, the last of which have the value `least` `[batch, 1]`."""
    above, ties = logits > least, tf.cast(tf.equal(logits, least), tf.int32)
    room = kept - tf.reduce_sum(tf.cast(above, tf.int32), axis=-1, keepdims=True)
    return tf.where(above | ((ties > 0) & (tf.cumsum(ties, axis=-1) <= room)), logits, NEVER)
