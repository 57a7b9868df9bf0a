"""Searches for the likeliest continuation, several at a time, wholly in the graph."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import tensorflow as tf

from tfnlp.decoding.choice import Choice, also_seen
from tfnlp.decoding.filters import as_column
from tfnlp.decoding.loop import IsStopped, first_seen
from tfnlp.decoding.prompts import ReadOn, Step, any_batch, chosen, read_prompts

_NEVER = float("-inf")


class Beams(NamedTuple):
    """The best continuations of each prompt, best first.

    Attributes:
        token_ids: int32 `[batch, beams, time]`, without the prompt, with the sentence's end where it came; 0 behind.
        lengths: int32 `[batch, beams]`, how many they are.
        log_probabilities: float32 `[batch, beams, time]`, each token's in nats under the model itself; 0 behind.
        scores: float32 `[batch, beams]`, what they are ordered by; minus infinity where there are no more.
    """

    token_ids: Any
    lengths: Any
    log_probabilities: Any
    scores: Any


class _Texts(NamedTuple):
    """Texts of each row: scores `[batch, n]`, ids and log-probabilities `[batch, n, time]`."""

    scores: Any
    ids: Any
    logs: Any

    def take(self, places: Any) -> _Texts:
        """Those at places `[batch, m]`."""
        return _Texts(*(tf.gather(part, places, batch_dims=1) for part in self))

    def best(self, count: int) -> _Texts:
        """The best so many, in order; of equal ones the first."""
        return self.take(tf.math.top_k(self.scores, count).indices)

    def where(self, rows: Any, other: _Texts) -> _Texts:
        """These of some rows, others of the others."""
        return _Texts(*(chosen(rows, mine, theirs) for mine, theirs in zip(self, other)))


def beam_search(
    step: Step,
    state: tuple[Any, ...],
    prompt_ids: Any,
    prompt_lengths: Any,
    *,
    beams: int,
    end_id: int,
    max_tokens: Any,
    choice: Choice,
    length_penalty: Any = 0.0,
    is_stopped: IsStopped | None = None,
    read_on: ReadOn | None = None,
) -> Beams:
    """Looks for the continuations of the greatest log-probability.

    A text's score is the sum of its tokens' log-probabilities, divided by their number to the power of the length
    penalty. Texts that ended are set aside, as many as there are beams, and the search of a row ends when no text that
    goes on can become better than the worst of them. Texts that reach `max_tokens` count as they stand. A repetition
    penalty changes the distribution that is summed, and not the log-probabilities that are returned.

    Args:
        step: the model; see `tfnlp.decoding`.
        state: what it read before the prompts, tensors `[batch, ...]`.
        prompt_ids: int32 `[batch, time]`, padded behind with 0.
        prompt_lengths: int32 `[batch]`, at least 1.
        beams: texts that are followed at a time, at least 1.
        end_id: the sentence's end.
        max_tokens: int32, how many tokens to add at most: a scalar, or one for each row `[batch]`.
        choice: its forbidden tokens and its repetition penalty are heeded.
        length_penalty: float, 0 or more: a scalar, or one for each row `[batch]`.
        is_stopped: see `tfnlp.decoding.loop.generate_ids`.
        read_on: see `read_prompts`.
    """
    batch = tf.shape(prompt_ids)[0]
    limits = tf.broadcast_to(tf.cast(max_tokens, tf.int32), [batch])
    width = tf.reduce_max(tf.concat([[0], limits], 0))
    logits, state = read_prompts(step, state, prompt_ids, prompt_lengths, read_on)
    seen = tf.repeat(first_seen(choice, prompt_ids, prompt_lengths, logits, end_id), beams, axis=0)
    logits = tf.repeat(logits, beams, axis=0)
    state = tuple(tf.repeat(part, beams, axis=0) for part in state)
    first_row = tf.range(batch)[:, tf.newaxis] * beams
    length_penalty = as_column(length_penalty)
    if choice.repetition_penalty is not None:
        penalties = tf.broadcast_to(tf.cast(choice.repetition_penalty, tf.float32), [batch])
        choice = dataclasses.replace(choice, repetition_penalty=tf.repeat(penalties, beams))

    def normalised(scores: Any, length: Any) -> tf.Tensor:
        return scores / tf.pow(tf.cast(tf.maximum(length, 1), tf.float32), length_penalty)

    def is_open(place: Any, alive: _Texts, ended: _Texts) -> tf.Tensor:
        best = tf.reduce_max(alive.scores, axis=1, keepdims=True)
        best = normalised(best, limits[:, tf.newaxis])[:, 0]  # a text's score is below 0: length lifts it
        worst = tf.reduce_min(ended.scores, axis=1)
        return (place < limits) & (best > worst)

    def grow(place: Any, logits: Any, state: Any, seen: Any, alive: _Texts, ended: _Texts) -> tuple[Any, ...]:
        """One token more for every row that is open."""
        rows = is_open(place, alive, ended)
        own = tf.nn.log_softmax(logits)
        size = tf.shape(logits)[1]
        if choice.repetition_penalty is None:
            weighed = choice.allowed(own, seen)  # not normalised anew: sums are the model's own
        else:
            weighed = tf.nn.log_softmax(choice.allowed(logits, seen))
        scores = alive.scores[:, :, tf.newaxis] + tf.reshape(weighed, [batch, beams, size])
        # Each beam ends in one way: among twice as many there are enough that go on.
        found, flat = tf.math.top_k(tf.reshape(scores, [batch, beams * size]), 2 * beams)
        parents, tokens = flat // size, flat % size
        texts = alive.take(parents)
        own = tf.gather(tf.reshape(own, [batch, beams * size]), flat, batch_dims=1)
        here = tf.equal(tf.range(width), place)
        texts = _Texts(
            found,
            tf.where(here, tokens[:, :, tf.newaxis], texts.ids),
            tf.where(here, own[:, :, tf.newaxis], texts.logs),
        )
        ends = tf.equal(tokens, end_id)
        if is_stopped is not None:
            stopped = is_stopped(tf.reshape(texts.ids, [batch * 2 * beams, width]))
            ends = ends | tf.reshape(stopped, [batch, 2 * beams])
        ending = texts._replace(scores=tf.where(ends, normalised(found, place + 1), _NEVER))
        new_ended = _joined(ended, ending).best(beams)
        going, kept = tf.math.top_k(tf.where(ends, _NEVER, found), beams)
        new_alive = texts.take(kept)._replace(scores=going)
        chosen_tokens = tf.gather(tokens, kept, batch_dims=1)
        source = tf.reshape(first_row + tf.gather(parents, kept, batch_dims=1), [-1])
        state = tuple(tf.gather(part, source) for part in state)
        flat_tokens = tf.reshape(chosen_tokens, [-1])
        if choice.repetition_penalty is not None:
            seen = also_seen(tf.gather(seen, source), flat_tokens, but=end_id)
        return flat_tokens, state, seen, new_alive.where(rows, alive), new_ended.where(rows, ended)

    def body(place: Any, tokens: Any, state: Any, seen: Any, alive: _Texts, ended: _Texts) -> tuple[Any, ...]:
        logits, state = step(tokens, state)
        return place + 1, *grow(place, logits, state, seen, alive, ended)

    def search() -> Beams:
        shape = tf.stack([batch, tf.constant(beams), width])
        none = _Texts(tf.fill([batch, beams], _NEVER), tf.zeros(shape, tf.int32), tf.zeros(shape))
        # All beams are the prompt at first: one of them is enough.
        first = tf.where(tf.equal(tf.range(beams), 0), tf.zeros([batch, beams]), _NEVER)
        start = grow(tf.constant(0), logits, state, seen, none._replace(scores=first), none)
        table = tf.TensorShape([None, beams])
        texts = _Texts(table, *[table.concatenate([None])] * 2)
        _, _, _, _, alive, ended = tf.while_loop(
            lambda place, _tokens, _state, _seen, alive, ended: tf.reduce_any(is_open(place, alive, ended)),
            body,
            (tf.constant(1), *start),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None]),
                tuple(map(any_batch, start[1])),
                tf.TensorShape([None, None]),
                texts,
                texts,
            ),
        )
        lengths = tf.reduce_sum(tf.cast(tf.not_equal(alive.ids, 0), tf.int32), axis=2)
        full = tf.equal(lengths, limits[:, tf.newaxis])
        alive = alive._replace(scores=tf.where(full, normalised(alive.scores, lengths), _NEVER))
        return _trimmed(_joined(ended, alive).best(beams))

    def nothing() -> Beams:
        none = tf.zeros([batch, beams, 0])
        return Beams(
            tf.cast(none, tf.int32), tf.zeros([batch, beams], tf.int32), none, tf.zeros([batch, beams])
        )

    return tf.cond(width > 0, search, nothing)


def _joined(some: _Texts, others: _Texts) -> _Texts:
    return _Texts(*(tf.concat(parts, axis=1) for parts in zip(some, others)))


def _trimmed(texts: _Texts) -> Beams:
    """What was found, without the places that none has filled."""
    is_text = tf.math.is_finite(texts.scores)[:, :, tf.newaxis]
    ids, logs = tf.where(is_text, texts.ids, 0), tf.where(is_text, texts.logs, 0.0)
    lengths = tf.reduce_sum(tf.cast(tf.not_equal(ids, 0), tf.int32), axis=2)
    longest = tf.reduce_max(lengths)
    return Beams(ids[:, :, :longest], lengths, logs[:, :, :longest], texts.scores)
