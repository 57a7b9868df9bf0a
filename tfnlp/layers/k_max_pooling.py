"""The k greatest values of each unit, in the order they stand in the text."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tfnlp")
class KMaxPooling(keras.layers.Layer):
    """Keeps each unit's `k` greatest values over time, in their original order.

    Masked tokens never win. Where a row has fewer than `k` tokens, the places left over are zeros at the
    end. The mask stops here.

    Args:
        k: int, at least 1.

    Call arguments:
        inputs: float tensor `[batch, time, units]`.
        mask: bool tensor `[batch, time]`, True = real token.

    Returns:
        float tensor `[batch, k, units]`.

    Raises:
        ValueError: if `k` is less than 1.

    Reference:
        Kalchbrenner et al., 2014, section 3.3, https://arxiv.org/abs/1404.2188
    """

    def __init__(self, k: int, **kwargs: Any):
        super().__init__(**kwargs)
        if k < 1:
            raise ValueError(f"`k` must be at least 1. Received: k={k}")
        self.k = k

    def build(self, input_shape: Any) -> None:
        """Nothing to create: pooling has no weights."""

    def call(self, inputs: Any, mask: Any) -> Any:
        """Pools; see the class."""
        lowest = ops.cast(-65504.0, inputs.dtype)
        scored = ops.where(ops.expand_dims(mask, -1), inputs, lowest)
        # k more places that never win, so that a text shorter than k is no special case.
        scored = ops.pad(scored, [[0, 0], [0, self.k], [0, 0]], constant_values=-65504.0)
        by_unit = ops.transpose(scored, (0, 2, 1))  # [batch, units, time + k]
        _, places = ops.top_k(by_unit, self.k, sorted=True)
        places = ops.sort(places, axis=-1)  # back into the order of the text
        values = ops.take_along_axis(by_unit, places, axis=-1)
        values = ops.where(values > lowest, values, ops.zeros_like(values))
        return ops.transpose(values, (0, 2, 1))

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """The token axis is gone, and its mask with it."""
        return None

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, int, int]:
        """`[batch, k, units]`."""
        return (input_shape[0], self.k, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), "k": self.k}
