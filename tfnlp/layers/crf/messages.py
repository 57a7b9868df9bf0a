"""The forward-backward algorithm: what the tokens before and after say of each token's tag.

Both directions are one recursion, backward on the rows turned round and the transitions transposed, and so run in
one loop side by side.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from tfnlp.layers.crf.paths import FORBIDDEN, Transitions
from tfnlp.layers.masking import softmax, turned_round

# exp(-69) = 1e-30: a sum so small still has all its digits although float32 loses terms below 1e-38.
LEAST_SAFE = -69.0


class Messages(NamedTuple):
    """What the algorithm leaves, the log of the sums over all partial paths; time first.

    Attributes:
        prefix: float32 `[time, batch, tags]`. The paths up to and with a token's tag, shifted so that the greatest
            is 0.
        peak: float32 `[time, batch]`. By how much `prefix` was shifted.
        before: float32 `[time, batch, tags]`. From the second token on the log-sum-exp over the tag before of its
            `prefix` and `steps`: the paths up to a token's tag without its own score.
        steps: float32 `[tags, tags]`. The transitions less the best way into each tag.
        marginals: float32 `[time, batch, tags]`. Each tag's probability; means nothing under padding.
        safe: bool scalar. Whether `before` is far from underflow.
    """

    prefix: Any
    peak: Any
    before: Any
    steps: Any
    marginals: Any
    safe: Any


def pass_messages(scores: Any, mask: Any, transitions: Transitions, connected: bool) -> Messages:
    """Runs both directions; cost linear in time and quadratic in tags.

    A step is a matrix product of probabilities where that cannot underflow, which is looked at afterwards, and
    otherwise a log-sum-exp, exact whatever the scores and several times dearer.

    Args:
        scores: float32 `[batch, time, tags]`.
        mask: bool `[batch, time]`.
        transitions: what steps score.
        connected: whether the constraints leave every tag possible in the middle of a row (see `is_connected`);
            else a sum of 0 may be right, and underflow cannot be told from it.
    """
    scores = ops.where(ops.expand_dims(mask, -1), scores, ops.zeros_like(scores))
    ways = ops.stack([scores, turned_round(scores, mask)])
    ways = ops.transpose(ways, (2, 0, 1, 3))  # [time, 2, batch, tags]
    between = ops.stack([transitions.between, ops.transpose(transitions.between)])  # [2, tags, tags]
    ends = ops.expand_dims(ops.stack([transitions.starts, transitions.ends]), 1)  # [2, 1, tags]
    # The best way into each tag is taken out of the transitions, so that their exponentials reach 1 and not more.
    best = ops.max(between, axis=1, keepdims=True)  # [2, 1, tags]
    best = ops.where(best > FORBIDDEN / 2, best, ops.zeros_like(best))
    between = between - best
    first = ends - best + ops.zeros_like(ways[0])
    ways = ways + best

    exact = _log_sum_exp_step(between)
    if connected and _products_are_exact():
        before = ops.scan(_product_step(between), first, ways)[1]
        safe = ops.all(before[1:] >= LEAST_SAFE)  # the first token's is no sum; a NaN is not safe either
        before = ops.cond(safe, lambda: before, lambda: ops.scan(exact, first, ways)[1])
    else:
        before = ops.scan(exact, first, ways)[1]
        safe = ops.convert_to_tensor(False)

    prefix = before[:, 0] + ways[:, 0]
    peak = ops.max(prefix, axis=-1, keepdims=True)
    after = turned_round(ops.transpose(before[:, 1], (1, 0, 2)), mask)
    marginals = softmax(prefix + ops.transpose(after, (1, 0, 2)) + best[1])
    return Messages(prefix - peak, ops.squeeze(peak, -1), before[:, 0], between[0], marginals, safe)


def _product_step(between: Any) -> Any:
    chances = ops.exp(between)

    def step(before: Any, way: Any) -> tuple[Any, Any]:
        here = before + way
        here = ops.exp(here - ops.max(here, axis=-1, keepdims=True))
        return ops.log(ops.matmul(here, chances)), before

    return step


def _log_sum_exp_step(between: Any) -> Any:
    # The tags to sum over come first: reducing an outer axis is quickest.
    between = ops.expand_dims(ops.transpose(between, (1, 0, 2)), 2)  # [tags, 2, 1, tags]

    def step(before: Any, way: Any) -> tuple[Any, Any]:
        here = before + way
        here = here - ops.max(here, axis=-1, keepdims=True)
        joint = ops.expand_dims(ops.transpose(here, (2, 0, 1)), -1) + between  # [tags, 2, batch, tags]
        peak = ops.max(joint, axis=0)
        return ops.log(ops.sum(ops.exp(joint - peak), axis=0)) + peak, before

    return step


def _products_are_exact() -> bool:
    """Whether a matrix product of float32 keeps all its digits, as it does not on many an accelerator."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU") and not tf.config.list_physical_devices("TPU")
