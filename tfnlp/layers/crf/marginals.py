"""Each tag's probability at each token."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfnlp.layers.crf.messages import pass_messages
from tfnlp.layers.crf.paths import Transitions


def tag_marginals(scores: Any, mask: Any, transitions: Transitions, connected: bool) -> Any:
    """Sums the probabilities of all paths through each tag.

    Args:
        scores: float32 `[batch, time, tags]`.
        mask: bool `[batch, time]`.
        transitions: what steps score.
        connected: see `pass_messages`.

    Returns:
        float32 `[batch, time, tags]`; 1 in all at each token, 0 under padding.
    """
    marginals = pass_messages(scores, mask, transitions, connected).marginals
    marginals = ops.transpose(marginals, (1, 0, 2))
    return ops.where(ops.expand_dims(mask, -1), marginals, ops.zeros_like(marginals))
