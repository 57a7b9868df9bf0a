"""The k best paths: Viterbi's algorithm with k places for each tag."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfnlp.layers.crf.paths import FORBIDDEN, Transitions, path_scores
from tfnlp.layers.masking import last_step

NO_PATH = -1  # stands for the tags of a path that there is not


def k_best_paths(scores: Any, mask: Any, transitions: Transitions, k: int) -> tuple[Any, Any]:
    """Finds the `k` legal paths of the greatest scores, best first.

    Args:
        scores: float32 `[batch, time, tags]`.
        mask: bool `[batch, time]`.
        transitions: what steps score.
        k: int, at least 1.

    Returns:
        int32 `[batch, k, time]`, 0 under padding, and the paths' scores, float32 `[batch, k]`. Where there are fewer
        than `k` legal paths, the tags of the rest are -1 and their scores -1e30. An empty row has one path, which
        scores 0.

    Reference:
        Seshadri and Sundberg, 1994, list Viterbi decoding, https://doi.org/10.1109/26.577040
    """
    number = scores.shape[-1]
    into = ops.transpose(transitions.between)  # [to, from]

    def ahead(before: tuple[Any, Any], score: Any) -> tuple[Any, Any]:
        here = before[0] + ops.expand_dims(score, -1)  # [batch, tags, k]
        here = here - ops.max(here, axis=(1, 2), keepdims=True)
        ways = ops.expand_dims(here, 1) + ops.expand_dims(into, -1)  # [batch, to, from, k]
        ways = ops.reshape(ways, (-1, number, number * k))
        return tuple(ops.top_k(ways, k)), (here, before[1])

    by_time = ops.transpose(ops.where(ops.expand_dims(mask, -1), scores, ops.zeros_like(scores)), (1, 0, 2))
    # At the start each tag has one path and k - 1 places that none takes.
    places = ops.concatenate([ops.zeros((1, 1, 1)), ops.full((1, 1, k - 1), FORBIDDEN)], axis=-1)
    start = ops.expand_dims(transitions.starts + ops.zeros_like(by_time[0]), -1) + places
    pointers = ops.zeros_like(start, dtype="int32")
    best, came_from = ops.scan(ahead, (start, pointers), by_time)[1]  # each [time, batch, tags, k]

    # A tag and the rank of a path that ends there make one number: tag · k + rank.
    steps, batch = ops.shape(best)[0], ops.shape(best)[1]
    best = ops.reshape(best, (steps, batch, number * k))
    came_from = ops.reshape(came_from, (steps, batch, number * k))
    final = last_step(ops.transpose(best, (1, 0, 2)), mask) + ops.repeat(transitions.ends, k)
    found, place = ops.top_k(final, k)

    def back(following: Any, pointers: Any) -> tuple[Any, Any]:
        return ops.take_along_axis(pointers, following, axis=-1), following

    # Padding hands the last place on.
    real = ops.expand_dims(ops.transpose(mask), -1)
    came_from = ops.where(real, came_from, ops.arange(number * k, dtype="int32"))
    places = ops.scan(back, place, came_from, reverse=True)[1]  # [time, batch, k]
    tags = ops.transpose(places, (1, 2, 0)) // k * ops.expand_dims(ops.cast(mask, "int32"), 1)
    only_first = ops.expand_dims(ops.arange(k) < 1, 0)
    is_path = ops.where(mask[:, :1], found > FORBIDDEN / 2, only_first)
    score = path_scores(
        ops.repeat(scores, k, axis=0),
        ops.reshape(tags, (batch * k, steps)),
        ops.repeat(mask, k, axis=0),
        transitions,
    )
    score = ops.reshape(score, (batch, k))
    return (
        ops.where(ops.expand_dims(is_path, -1), tags, ops.full_like(tags, NO_PATH)),
        ops.where(is_path, score, ops.full_like(score, FORBIDDEN)),
    )
