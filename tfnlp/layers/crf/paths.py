"""What a path through the tags scores."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

# What a forbidden step scores. Finite, so that no NaN arises; so low that no sum of scores makes up for it.
FORBIDDEN = -1e30


class Transitions(NamedTuple):
    """What beginnings, steps and ends score, `FORBIDDEN` where the constraints forbid them.

    Attributes:
        between: float32 `[tags, tags]`; from the row's tag to the column's.
        starts: float32 `[tags]`.
        ends: float32 `[tags]`.
    """

    between: Any
    starts: Any
    ends: Any


def path_scores(scores: Any, tags: Any, mask: Any, transitions: Transitions) -> Any:
    """Adds up what lies on a path: its start, its tokens' scores, its steps and its end; 0 for an empty row.

    Args:
        scores: float32 `[batch, time, tags]`.
        tags: int32 `[batch, time]`; anything within `[0, tags)` under padding.
        mask: bool `[batch, time]`.
        transitions: what steps score.

    Returns:
        float32 `[batch]`.
    """
    number = scores.shape[-1]
    real = ops.cast(mask, scores.dtype)
    last = real - ops.pad(real[:, 1:], [[0, 0], [0, 1]])  # 1 at the last token
    token = ops.squeeze(ops.take_along_axis(scores, ops.expand_dims(tags, -1), axis=-1), -1)
    step = ops.take(ops.reshape(transitions.between, (-1,)), tags[:, :-1] * number + tags[:, 1:], axis=0)
    start = ops.take(transitions.starts, tags[:, 0], axis=0) * real[:, 0]
    end = ops.sum(ops.take(transitions.ends, tags, axis=0) * last, axis=1)
    # Selected, not multiplied: padding may hold anything, infinities too.
    token = ops.sum(ops.where(mask, token, ops.zeros_like(token)), axis=1)
    return start + token + ops.sum(step * real[:, 1:], axis=1) + end
