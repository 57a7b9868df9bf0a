"""What a loss of word2vec must be able to do: the seam between the trainer and its three losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import tensorflow as tf


class Objective(Protocol):
    """Hidden rows predict target words; the objective owns the output table and updates it.

    A step sees some blocks of the stream at once. In skip-gram, each hidden row is the vector of one input word and
    predicts all the targets in whose window it stands: `weights` is a 0/1 matrix per block. In CBOW, hidden row `i`
    is the mean of target `i`'s window, and predicts that target only: `weights` is a 0/1 vector per block. Padding
    has weight 0 everywhere, and must neither count nor learn.

    XLA compiles it, with the whole loop over the steps or alone: all shapes are static, and all operations known to
    XLA. A row that many pairs of a step would move is kept from overshooting by `RowTable.descend`, or by
    `descend_rows_by_curvature`.
    """

    @property
    def variables(self) -> list[tf.Variable]:
        """All that is learnt here; the trainer writes these into the checkpoint, in this order."""

    def draw(self, generator: np.random.Generator, steps: int, blocks: int) -> np.ndarray:
        """The random ids that `steps` steps of `blocks` blocks need; called in the thread that prepares the stream.

        Returns:
            int32 `[steps, blocks, k]`; `k` is 0 where the loss draws nothing.
        """

    def step(
        self,
        hidden: tf.Tensor,
        targets: tf.Tensor,
        weights: tf.Tensor,
        drawn: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> tuple[Callable[[], tf.Tensor], tf.Tensor]:
        """One descent of the output table; runs inside a compiled `tf.function`, in a loop over the steps.

        The gradient of the hidden rows is that before the output table moves, as in word2vec's C code.

        Args:
            hidden: float32 `[blocks, rows, dimension]`.
            targets: int32 `[blocks, targets]`, ids of words; 0 where there is none.
            weights: float32 `[blocks, targets, rows]` (skip-gram) or `[blocks, targets]` (CBOW, where `rows ==
                targets`), 0 or 1.
            drawn: int32 `[blocks, k]`: one step's part of what `draw` gave.
            learning_rate: float32 scalar.

        Returns:
            what computes the loss: float32 scalar, nats, summed over the pairs, that is, over all entries with weight
            1 (most steps do not ask for it); and float32 `[blocks, rows, dimension]`, the gradient of that sum with
            respect to `hidden`.
        """
