"""Draws the next token from a distribution, as it is or sharpened and cut."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfnlp.errors import UserError


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        temperature: above 0; below 1 the likely becomes likelier, above 1 all become more alike.
        top_k: only the so many likeliest tokens; 1 is greedy. None for all.
        top_p: only the likeliest tokens that together have this probability, above 0, at most 1 (nucleus sampling,
            Holtzman et al., 2020, https://arxiv.org/abs/1904.09751). None for all.

    Raises:
        UserError: if one is out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and np.isfinite(self.temperature)):
            raise UserError(
                f"`temperature` must be a number above 0; greedy is `top_k` 1. Received: {self.temperature}"
            )
        if self.top_k is not None and self.top_k < 1:
            raise UserError(f"`top_k` must be at least 1 token. Received: {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UserError(f"`top_p` must be above 0 and at most 1. Received: {self.top_p}")

    def draw(self, probabilities: np.ndarray, random: np.random.Generator) -> int:
        """One token.

        Args:
            probabilities: float64 `[size]`, not all 0; their sum need not be 1.
            random: gives one number a call.

        Returns:
            its place.
        """
        with np.errstate(divide="ignore"):
            logits = np.log(probabilities) / self.temperature
        weights = np.exp(logits - logits.max())
        # Ties go to the lower place, so that the same seed says the same.
        order = np.argsort(-weights, kind="stable")
        weights = weights[order]
        if self.top_k is not None:
            weights = weights[: self.top_k]
        sums = np.cumsum(weights / weights.sum())
        if self.top_p is not None:
            sums = sums[: int(np.searchsorted(sums, self.top_p * (1 - 1e-12))) + 1]
        return int(order[min(int(np.searchsorted(sums, random.random() * sums[-1], "right")), len(sums) - 1)])
