"""The state that a training on a stream carries from segment to segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


class CarriedState:
    """Variables that keep a state between two steps of a training; no weights, and part of no saved file.

    Args:
        state: tensors, the state before the first segment.
    """

    def __init__(self, state: Sequence[Any]):
        self._first = tuple(tf.convert_to_tensor(part) for part in state)
        self._variables = tuple(tf.Variable(part, trainable=False) for part in self._first)

    def read(self, first: Any) -> tuple[Any, ...]:
        """The state that the segment before left, or the first one; no gradient goes through it.

        Args:
            first: bool scalar. Whether a new text begins.
        """
        return tuple(
            tf.stop_gradient(tf.where(first, start, variable))
            for start, variable in zip(self._first, self._variables)
        )

    def write(self, state: Sequence[Any]) -> None:
        """Keeps what a segment left."""
        for variable, part in zip(self._variables, state, strict=True):
            variable.assign(part)
