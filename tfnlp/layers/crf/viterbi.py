"""Viterbi's algorithm: the best path."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfnlp.layers.crf.paths import Transitions
from tfnlp.layers.masking import last_step


def best_paths(scores: Any, mask: Any, transitions: Transitions) -> Any:
    """Finds the path of the greatest score.

    The way forward keeps what the best partial paths score, and no pointers: the way back finds out for the one tag
    that it comes from which tag stood before.

    Args:
        scores: float32 `[batch, time, tags]`.
        mask: bool `[batch, time]`.
        transitions: what steps score.

    Returns:
        int32 `[batch, time]`, 0 under padding.

    Reference:
        Viterbi, 1967, https://doi.org/10.1109/TIT.1967.1054010
    """
    into = ops.transpose(transitions.between)  # [to, from]

    def ahead(before: Any, score: Any) -> tuple[Any, Any]:
        here = before + score
        here = here - ops.max(here, axis=-1, keepdims=True)  # or a long row's sum would lose digits
        return ops.max(ops.expand_dims(here, 1) + into, axis=-1), here

    by_time = ops.transpose(ops.where(ops.expand_dims(mask, -1), scores, ops.zeros_like(scores)), (1, 0, 2))
    best = ops.scan(ahead, transitions.starts + ops.zeros_like(by_time[0]), by_time)[1]  # [time, batch, tags]

    def back(following: Any, step: Any) -> tuple[Any, Any]:
        here, follows = step[:, :-1], step[:, -1] > 0
        tag = _best(here + ops.take(into, following, axis=0))
        return ops.where(follows, tag, following), following

    final = _best(last_step(ops.transpose(best, (1, 0, 2)), mask) + transitions.ends)
    # At each place the way back needs what was best at the place before, and whether a token is there at all:
    # padding hands the last tag on. One tensor, since Keras scans no two of unknown length in TensorFlow.
    real = ops.transpose(ops.cast(mask, scores.dtype))
    steps = ops.concatenate([ops.concatenate([best[:1], best[:-1]]), ops.expand_dims(real, -1)], axis=-1)
    tags = ops.scan(back, final, steps, reverse=True)[1]
    return ops.transpose(tags) * ops.cast(mask, "int32")


def _best(values: Any) -> Any:
    """The place of the greatest value of each row. Keras's own argmax needs an op that TFLite has not."""
    return ops.squeeze(ops.top_k(values, 1)[1], -1)
