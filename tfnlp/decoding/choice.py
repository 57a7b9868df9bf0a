"""Chooses the next token of each row, greedily or by chance."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfnlp.decoding.filters import as_column, forbid, keep_top_k, keep_top_p, penalise_repetition
from tfnlp.decoding.settings import DecodingSettings


@dataclasses.dataclass(frozen=True)
class Choice:
    """How the next token is chosen.

    Numbers may be Python's, scalar tensors, or one for each row `[batch]`; what is None takes no op.

    Attributes:
        greedy: take the likeliest, the lowest id of equal ones; all but the penalty is then without a meaning.
        temperature: float, above 0.
        top_k: int, at least 1.
        top_p: float, above 0.
        repetition_penalty: float, at least 1.
        forbidden: ids of tokens that are never chosen, beside padding's 0.
    """

    greedy: bool = False
    temperature: Any = None
    top_k: Any = None
    top_p: Any = None
    repetition_penalty: Any = None
    forbidden: Sequence[int] = ()

    @classmethod
    def of(cls, settings: DecodingSettings, forbidden: Sequence[int] = ()) -> Choice:
        """The choice that a user's settings ask for, as constants."""
        return cls(
            greedy=not settings.draws,
            temperature=None if settings.temperature == 1 else settings.temperature,
            top_k=settings.top_k,
            top_p=settings.top_p,
            repetition_penalty=settings.repetition_penalty,
            forbidden=forbidden,
        )

    def allowed(self, logits: Any, seen: Any) -> tf.Tensor:
        """The logits of what may come, the repeated made less likely.

        Args:
            logits: float32 `[batch, vocabulary]`, the model's.
            seen: bool `[batch, vocabulary]`, what stands in the text; nothing is asked of it without a penalty.
        """
        if self.repetition_penalty is not None:
            # Logits mean the same whatever is added to them, and the penalty does not: 0 is what chance would give.
            chance = tf.math.log(tf.cast(tf.shape(logits)[-1], tf.float32))
            logits = penalise_repetition(tf.nn.log_softmax(logits) + chance, seen, self.repetition_penalty)
        return forbid(logits, (0, *self.forbidden))

    def choose(self, logits: Any, seen: Any, uniform: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """One token for each row.

        Args:
            logits: float32 `[batch, vocabulary]`, the model's.
            seen: bool `[batch, vocabulary]`, what stands in the text.
            uniform: float32 `[batch]`, a random number from 0 to below 1 for each; not asked by the greedy.

        Returns:
            ids int32 `[batch]`, and float32 `[batch]`, their log-probabilities in nats under the model itself, whatever
            the choice made of it.
        """
        allowed = self.allowed(logits, seen)
        if self.greedy:
            tokens = tf.argmax(allowed, axis=-1, output_type=tf.int32)
        else:
            if self.temperature is not None:
                allowed = allowed / as_column(self.temperature)
            if self.top_k is not None:
                allowed = keep_top_k(allowed, self.top_k)
            if self.top_p is not None:
                allowed = keep_top_p(allowed, self.top_p)
            tokens = draw(allowed, uniform)
        own = tf.gather(logits, tokens[:, tf.newaxis], batch_dims=1)[:, 0]
        return tokens, own - tf.reduce_logsumexp(logits, axis=-1)


def draw(logits: Any, uniform: Any) -> tf.Tensor:
    """Draws from a distribution: the first token, in the order of ids, whose sum of probabilities passes the number.

    Args:
        logits: float32 `[batch, vocabulary]`; minus infinity is never drawn.
        uniform: float32 `[batch]`, from 0 to below 1.

    Returns:
        int32 `[batch]`.
    """
    sums = tf.cumsum(tf.nn.softmax(logits), axis=-1)
    total = sums[:, -1:]
    passed = tf.reduce_sum(tf.cast(sums <= uniform[:, tf.newaxis] * total, tf.int32), axis=-1)
    # Rounding may lift the number to the total itself: then it is the last token of any probability.
    return tf.minimum(passed, tf.reduce_sum(tf.cast(sums < total, tf.int32), axis=-1))


def seen_in(token_ids: Any, lengths: Any, size: Any, *, but: int) -> tf.Tensor:
    """Which tokens stand in texts: bool `[batch, size]`.

    Args:
        token_ids: int32 `[batch, time]`.
        lengths: int32 `[batch]`.
        size: int, the vocabulary's.
        but: an id that does not count: the sentence's end, which stands before every text.
    """
    real = tf.sequence_mask(lengths, tf.shape(token_ids)[1]) & tf.not_equal(token_ids, but)
    rows = tf.cast(tf.where(real)[:, 0], tf.int32)
    places = tf.stack([rows, tf.boolean_mask(token_ids, real)], axis=1)
    count = tf.scatter_nd(places, tf.ones_like(rows), tf.stack([tf.shape(token_ids)[0], size]))
    return count > 0


def also_seen(seen: Any, tokens: Any, *, but: int) -> tf.Tensor:
    """What was seen, and one more token a row `[batch]`."""
    places = tf.range(tf.shape(seen)[1])[tf.newaxis]
    return seen | (tf.equal(places, tokens[:, tf.newaxis]) & tf.not_equal(places, but))
