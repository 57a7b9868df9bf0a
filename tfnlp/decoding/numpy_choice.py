"""Chooses the next token as `tfnlp.decoding.choice` does, without TensorFlow: one text at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class NumpyChoice:
    """How the next token is chosen; see `tfnlp.decoding.choice.Choice`, which this agrees with but for rounding.

    Attributes:
        temperature: above 0, or None for 1.
        top_k: at least 1, or None for all; 1 is greedy.
        top_p: above 0, or None for all.
        repetition_penalty: at least 1, or None for none.
        forbidden: ids of tokens that are never chosen, beside padding's 0.
    """

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None
    forbidden: Sequence[int] = ()

    def choose(self, logits: np.ndarray, seen: np.ndarray, uniform: float) -> tuple[int, float]:
        """One token.

        Args:
            logits: float32 `[vocabulary]`, the model's.
            seen: bool `[vocabulary]`, what stands in the text.
            uniform: from 0 to below 1; not asked by the greedy.

        Returns:
            its id, and its log-probability in nats under the model itself.
        """
        allowed = logits.astype(np.float32)
        if self.repetition_penalty is not None:
            penalty = np.float32(self.repetition_penalty)
            allowed = allowed - np.float32(_log_sum_exp(allowed) - np.log(len(allowed)))
            allowed = np.where(seen, np.where(allowed > 0, allowed / penalty, allowed * penalty), allowed)
        allowed[[0, *self.forbidden]] = -np.inf
        token = int(allowed.argmax()) if self.top_k == 1 else self._draw(allowed, uniform)
        return token, float(logits[token] - _log_sum_exp(logits))

    def _draw(self, allowed: np.ndarray, uniform: float) -> int:
        if self.temperature is not None:
            allowed = allowed / np.float32(self.temperature)
        order = np.argsort(-allowed, kind="stable")
        if self.top_k is not None:
            allowed[order[self.top_k :]] = -np.inf
        if self.top_p is not None and self.top_p < 1:
            sums = np.cumsum(_softmax(allowed)[order])
            kept = 1 + int((sums[:-1] < self.top_p * (1 - 1e-6)).sum())
            allowed[order[kept:]] = -np.inf
        sums = np.cumsum(_softmax(allowed))
        passed = int((sums <= np.float32(uniform) * sums[-1]).sum())
        return min(passed, int((sums < sums[-1]).sum()))


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def _log_sum_exp(logits: np.ndarray) -> float:
    most = logits.max()
    return float(most + np.log(np.exp(logits - most).sum()))
