"""A task's loss on one batch, as functions that a gradient can be taken of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class LossProbe:
    """One batch of a task and its loss, without dropout; `tfnlp.tasks.probes` makes one of any task.

    Attributes:
        weights: the trainable variables.
        token_ids: int32 `[rows, time]`, padded on the right with 0.
        places: bool `[rows, time]`, where a loss arises: at every token that is tagged or foretold from, at the last
            token of a text that is classified.
        loss: `() -> float []`, what a step of training would lower.
        look_up: `() -> float [rows, time, any]` or a tuple of such, the vectors that the encoder reads.
        losses_at: such vectors -> float `[rows, time]`, the loss at each of `places`, 0 elsewhere. Of a tagger it is
            the cross-entropy of each token's own tag, whatever joins them.
    """

    weights: list[Any]
    token_ids: np.ndarray
    places: np.ndarray
    loss: Callable[[], Any]
    look_up: Callable[[], Any]
    losses_at: Callable[[Any], Any]

    @property
    def mask(self) -> np.ndarray:
        """Bool `[rows, time]`, True = real token."""
        return self.token_ids != 0
