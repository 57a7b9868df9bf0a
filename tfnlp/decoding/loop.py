"""Goes on with prompts token by token, wholly in the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tfnlp.decoding.choice import Choice, also_seen, seen_in
from tfnlp.decoding.prompts import ReadOn, Step, any_batch, read_prompts
from tfnlp.decoding.streams import prompt_streams

# (token_ids int32 [rows, time], padded with 0 -> bool [rows]): whether a text is over.
IsStopped = Callable[[Any], Any]


class Generated(NamedTuple):
    """What was said after each prompt.

    Attributes:
        token_ids: int32 `[batch, time]`, without the prompt, with the sentence's end where it came; 0 behind.
        lengths: int32 `[batch]`, how many they are.
        log_probabilities: float32 `[batch, time]`, each token's in nats under the model itself; 0 behind.
    """

    token_ids: Any
    lengths: Any
    log_probabilities: Any


def generate_ids(
    step: Step,
    state: tuple[Any, ...],
    prompt_ids: Any,
    prompt_lengths: Any,
    *,
    end_id: int,
    max_tokens: Any,
    choice: Choice,
    seed: Any = 0,
    is_stopped: IsStopped | None = None,
    read_on: ReadOn | None = None,
) -> Generated:
    """Goes on with each prompt until its sentence ends; a row is the same alone and in any batch.

    Args:
        step: the model; see `tfnlp.decoding`.
        state: what it read before the prompts, tensors `[batch, ...]`.
        prompt_ids: int32 `[batch, time]`, padded behind with 0; the first is the sentence's end that stands before it.
        prompt_lengths: int32 `[batch]`, at least 1.
        end_id: the sentence's end.
        max_tokens: int32, how many tokens to add at most, its end among them: a scalar, or one for each row `[batch]`.
        choice: how each is chosen.
        seed: int, a scalar or one for each row `[batch]`; see `prompt_streams`.
        is_stopped: tells of ids `[rows, time]`, padded with 0, which texts are over.
        read_on: see `read_prompts`.
    """
    batch = tf.shape(prompt_ids)[0]
    limits = tf.broadcast_to(tf.cast(max_tokens, tf.int32), [batch])
    width = tf.reduce_max(tf.concat([[0], limits], 0))
    logits, state = read_prompts(step, state, prompt_ids, prompt_lengths, read_on)
    seen = first_seen(choice, prompt_ids, prompt_lengths, logits, end_id)
    uniforms = (
        tf.zeros([batch, width]) if choice.greedy else prompt_streams(seed, prompt_ids, prompt_lengths, width)
    )

    def choose(place: Any, logits: Any, going: Any, seen: Any, ids: Any, logs: Any) -> tuple[Any, ...]:
        going = going & (place < limits)
        uniform = uniforms[:, place] if not choice.greedy else uniforms
        tokens, own = choice.choose(logits, seen, uniform)
        tokens, own = tf.where(going, tokens, 0), tf.where(going, own, 0.0)
        here = tf.equal(tf.range(width), place) & going[:, tf.newaxis]
        ids, logs = tf.where(here, tokens[:, tf.newaxis], ids), tf.where(here, own[:, tf.newaxis], logs)
        going = going & tf.not_equal(tokens, end_id)
        if is_stopped is not None:
            going = going & ~is_stopped(ids)
        if choice.repetition_penalty is not None:
            seen = also_seen(seen, tokens, but=end_id)
        return tokens, going, seen, ids, logs

    def body(
        place: Any, tokens: Any, state: tuple[Any, ...], going: Any, seen: Any, ids: Any, logs: Any
    ) -> tuple[Any, ...]:
        # A row that is over is given any token, and what comes of it is never looked at.
        logits, state = step(tokens, state)
        state = tuple(tf.ensure_shape(part, shape) for part, shape in zip(state, shapes, strict=True))
        return place + 1, *_state_second(choose(place, logits, going, seen, ids, logs), state)

    def nothing() -> tuple[Any, ...]:
        return tf.zeros([batch, 0], tf.int32), tf.zeros([batch, 0])

    def something() -> tuple[Any, ...]:
        start = choose(
            tf.constant(0),
            logits,
            tf.ones([batch], tf.bool),
            seen,
            tf.zeros([batch, width], tf.int32),
            tf.zeros([batch, width]),
        )
        *_, ids, logs = tf.while_loop(
            lambda place, tokens, state, going, *_: (place < width) & tf.reduce_any(going),
            body,
            (tf.constant(1), *_state_second(start, state)),
            shape_invariants=(tf.TensorShape([]), rows, tuple(shapes), rows, *[tables] * 3),
        )
        return ids, logs

    shapes = [any_batch(part) for part in state]
    rows, tables = tf.TensorShape([None]), tf.TensorShape([None, None])
    ids, logs = tf.cond(width > 0, something, nothing)
    lengths = tf.reduce_sum(tf.cast(tf.not_equal(ids, 0), tf.int32), axis=1)
    longest = tf.reduce_max(tf.concat([[0], lengths], 0))
    return Generated(ids[:, :longest], lengths, logs[:, :longest])


def first_seen(choice: Choice, prompt_ids: Any, prompt_lengths: Any, logits: Any, end_id: int) -> tf.Tensor:
    """What stands in the prompts, bool `[batch, vocabulary]`; of no width where nobody asks."""
    if choice.repetition_penalty is None:
        return tf.zeros([tf.shape(prompt_ids)[0], 0], tf.bool)
    return seen_in(prompt_ids, prompt_lengths, tf.shape(logits)[1], but=end_id)


def _state_second(chosen: tuple[Any, ...], state: tuple[Any, ...]) -> tuple[Any, ...]:
    tokens, *others = chosen
    return tokens, state, *others
