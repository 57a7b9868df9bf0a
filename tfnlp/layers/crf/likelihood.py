"""A path's log-likelihood and, written out, its gradient: the path less what is expected."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfnlp.layers.crf.messages import Messages, pass_messages
from tfnlp.layers.crf.paths import Transitions, path_scores
from tfnlp.layers.masking import last_step


def log_likelihood(scores: Any, tags: Any, mask: Any, transitions: Transitions, connected: bool) -> Any:
    """What the path scores less the log of the sum over all paths.

    Its gradient is the path's counts less the expected ones (Lafferty et al., 2001, section 4), from the same
    forward-backward pass: a loop that TensorFlow derives by itself takes several times as long.

    Args:
        scores: float32 `[batch, time, tags]`.
        tags: int32 `[batch, time]`; anything within `[0, tags)` under padding.
        mask: bool `[batch, time]`.
        transitions: what steps score.
        connected: see `pass_messages`.

    Returns:
        float32 `[batch]`, in nats; 0 for an empty row.
    """

    @ops.custom_gradient
    def run(scores: Any, between: Any, starts: Any, ends: Any) -> tuple[Any, Any]:
        given = Transitions(between, starts, ends)
        messages = pass_messages(scores, mask, given, connected)
        total = _log_partition(messages, mask, ends)

        def gradient(*arguments: Any, upstream: Any = None) -> tuple[Any, Any, Any, Any]:
            upstream = arguments[0] if upstream is None else upstream
            return _gradient(upstream, messages, tags, mask)

        return path_scores(scores, tags, mask, given) - total, gradient

    return run(scores, *transitions)


def _log_partition(messages: Messages, mask: Any, ends: Any) -> Any:
    """The log of the sum over all paths, `[batch]`."""
    peaks = ops.sum(ops.where(ops.transpose(mask), messages.peak, ops.zeros_like(messages.peak)), axis=0)
    last = last_step(ops.transpose(messages.prefix, (1, 0, 2)), mask)
    return ops.where(mask[:, 0], peaks + ops.logsumexp(last + ends, axis=-1), ops.zeros_like(peaks))


def _gradient(upstream: Any, messages: Messages, tags: Any, mask: Any) -> tuple[Any, Any, Any, Any]:
    number = messages.marginals.shape[-1]
    share = ops.transpose(ops.expand_dims(upstream, -1) * ops.cast(mask, upstream.dtype))  # [time, batch]
    share = ops.expand_dims(share, -1)
    gold = ops.one_hot(ops.transpose(tags), number, dtype=share.dtype)  # [time, batch, tags]
    d_scores = (gold - messages.marginals) * share
    d_steps = _counts(gold[:-1], gold[1:] * share[1:]) - _expected_steps(messages, share)
    by_row = ops.transpose(d_scores, (1, 0, 2))
    return by_row, d_steps, ops.sum(d_scores[0], axis=0), ops.sum(last_step(by_row, mask), axis=0)


def _counts(here: Any, following: Any) -> Any:
    """Sums the outer products over time and batch: `[tags, tags]`."""
    number = here.shape[-1]
    return ops.matmul(ops.transpose(ops.reshape(here, (-1, number))), ops.reshape(following, (-1, number)))


def _expected_steps(messages: Messages, share: Any) -> Any:
    """How often each step is expected, rows weighted by `share`: `[tags, tags]`.

    Given the tag that follows, a step's probability is `exp(prefix + steps - before)`.
    """
    weights = messages.marginals * share

    def by_product() -> Any:
        following = weights[1:] * ops.exp(-messages.before[1:])
        return ops.exp(messages.steps) * _counts(ops.exp(messages.prefix[:-1]), following)

    def step_by_step() -> Any:
        return ops.fori_loop(1, ops.shape(weights)[0], add, ops.zeros_like(messages.steps))

    def add(now: Any, counts: Any) -> Any:
        here = ops.expand_dims(ops.take(messages.prefix, now - 1, axis=0), -1)
        following = ops.expand_dims(ops.take(messages.before, now, axis=0), 1)
        weight = ops.expand_dims(ops.take(weights, now, axis=0), 1)
        return counts + ops.sum(ops.exp(here + messages.steps - following) * weight, axis=0)

    return ops.cond(messages.safe, by_product, step_by_step)
