"""Reads prompts of unequal lengths: each row's state and logits are those after its own last token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Step = Callable[[Any, tuple[Any, ...]], tuple[Any, tuple[Any, ...]]]
ReadOn = Callable[[Any, tuple[Any, ...]], tuple[Any, tuple[Any, ...]]]


def read_prompts(
    step: Step, state: tuple[Any, ...], prompt_ids: Any, prompt_lengths: Any, read_on: ReadOn | None = None
) -> tuple[tf.Tensor, tuple[Any, ...]]:
    """Reads prompts.

    What all rows have a token for is read at once, if the model can; the rest token by token, for there each row has to
    stop at its own end.

    Args:
        step: the model.
        state: what was read before, tensors `[batch, ...]`.
        prompt_ids: int32 `[batch, time]`, padded behind.
        prompt_lengths: int32 `[batch]`, at least 1.
        read_on: the model's way to read several tokens, `(token_ids [batch, time], state) -> (anything, state)`.

    Returns:
        the logits of the token after each prompt, float32 `[batch, vocabulary]`, and the state.
    """
    longest = tf.reduce_max(tf.concat([[1], prompt_lengths], 0))
    common = tf.minimum(tf.reduce_min(tf.concat([[longest], prompt_lengths], 0)), longest) - 1
    state = tuple(tf.convert_to_tensor(part) for part in state)
    if read_on is not None:
        shapes = [part.shape for part in state]

        def read() -> tuple[Any, ...]:
            _, after = read_on(prompt_ids[:, :common], state)
            return tuple(tf.ensure_shape(part, shape) for part, shape in zip(after, shapes, strict=True))

        state = tf.cond(common > 0, read, lambda: tuple(tf.identity(part) for part in state))
        start = common
    else:
        start = tf.zeros_like(common)
    # Every row has this token.
    logits, state = step(prompt_ids[:, start], state)

    def body(place: Any, logits: Any, state: tuple[Any, ...]) -> tuple[Any, Any, tuple[Any, ...]]:
        reads = place < prompt_lengths
        new_logits, new_state = step(prompt_ids[:, place], state)
        return place + 1, chosen(reads, new_logits, logits), choose_rows(reads, new_state, state)

    state = tuple(state)
    _, logits, state = tf.while_loop(
        lambda place, *_: place < longest,
        body,
        (start + 1, logits, state),
        shape_invariants=(tf.TensorShape([]), any_batch(logits), tuple(map(any_batch, state))),
    )
    return logits, state


def chosen(rows: Any, new: Any, old: Any) -> tf.Tensor:
    """`new` where `rows`, bool `[batch]`, says so, and `old` elsewhere; both `[batch, ...]`."""
    shape = tf.concat([tf.shape(rows), tf.ones([tf.rank(new) - tf.rank(rows)], tf.int32)], 0)
    return tf.ensure_shape(tf.where(tf.reshape(rows, shape), new, old), old.shape)


def choose_rows(rows: Any, new: tuple[Any, ...], old: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same of every tensor of a state."""
    return tuple(chosen(rows, a, b) for a, b in zip(new, old, strict=True))


def any_batch(tensor: Any) -> tf.TensorShape:
    """A tensor's shape, of a batch of any size."""
    return tf.TensorShape([None]).concatenate(tensor.shape[1:])
