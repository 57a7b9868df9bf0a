"""From one vector a token to one vector a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.layers.attention_pooling import AttentionPooling
from tfnlp.layers.k_max_pooling import KMaxPooling
from tfnlp.layers.masking import first_step, last_step, masked_max, masked_mean, masked_sum

_REDUCTIONS = {
    "max": masked_max,
    "mean": masked_mean,
    "sum": masked_sum,
    "first": first_step,
    "last": last_step,
}


@keras.saving.register_keras_serializable(package="tfnlp")
class SequencePooling(keras.layers.Layer):
    """Pools token vectors into a text vector, by one way or several side by side.

    Masked tokens never enter the result. A row without tokens gives zeros. The mask stops here: the
    token axis is gone.

    Args:
        mode: one of `"max"`, `"mean"`, `"sum"`, `"first"`, `"last"`, `"k_max"`, `"attention"`, or a list of them,
            whose results are concatenated in that order. `"attention"` alone has weights; see `AttentionPooling`.
        k: int, at least 1. How many values `"k_max"` keeps of each unit.
        kernel_regularizer: regulariser of the kernel of `"attention"`, or None.

    Call arguments:
        inputs: float tensor `[batch, time, units]`, padded on the right.
        mask: bool tensor `[batch, time]`, True = real token.
        last: float tensor `[batch, units]` that `"last"` gives instead of the last real token's vector, or None.
            A two-way network needs it: its backward half ends at the first token.
        first: float tensor `[batch, units]` that `"first"` gives instead of the first token's vector, or None. A
            network with a vector for the whole text in front needs it.

    Returns:
        float tensor `[batch, output_dim]`; see `output_dim`.

    Raises:
        ValueError: if a mode is unknown or `k` is less than 1.
    """

    MODES = (*_REDUCTIONS, "k_max", "attention")

    def __init__(
        self,
        mode: str | Sequence[str] = "max",
        k: int = 3,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.mode = [mode] if isinstance(mode, str) else list(mode)
        unknown = [m for m in self.mode if m not in self.MODES]
        if unknown or not self.mode:
            raise ValueError(
                f"`pooling` must be one or more of {list(self.MODES)}. Received: pooling={mode!r}"
            )
        self.k = k
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.k_max: Any = (
            KMaxPooling(k, dtype=self.dtype_policy, name="k_max") if "k_max" in self.mode else None
        )
        self.attention: Any = (
            AttentionPooling(self.kernel_regularizer, dtype=self.dtype_policy, name="attention")
            if "attention" in self.mode
            else None
        )

    def output_dim(self, units: int) -> int:
        """Width of the result for token vectors of `units` numbers."""
        return sum(self._width(mode, units) for mode in self.mode)

    def columns(self, mode: str, units: int) -> slice:
        """Where in the result for token vectors of `units` numbers a mode's part stands; the mode must be there."""
        place = self.mode.index(mode)
        start = sum(self._width(before, units) for before in self.mode[:place])
        return slice(start, start + self._width(mode, units))

    def _width(self, mode: str, units: int) -> int:
        return units * (self.k if mode == "k_max" else 1)

    def build(self, input_shape: Any) -> None:
        """Creates the weights of `"attention"`, from the shape `[batch, time, units]`; other ways have none."""
        if self.attention is not None:
            self.attention.build(input_shape)

    def call(self, inputs: Any, mask: Any, last: Any = None, first: Any = None) -> Any:
        """Pools; see the class."""
        given = {"last": last, "first": first}
        pooled = []
        for mode in self.mode:
            if mode == "k_max":
                pooled.append(ops.reshape(self.k_max(inputs, mask), (-1, self.k * inputs.shape[-1])))
            elif mode == "attention":
                pooled.append(self.attention(inputs, mask))
            elif given.get(mode) is not None:
                pooled.append(given[mode])
            else:
                pooled.append(_REDUCTIONS[mode](inputs, mask))
        return pooled[0] if len(pooled) == 1 else ops.concatenate(pooled, axis=-1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """The token axis is gone, and its mask with it."""
        return None

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, int]:
        """`[batch, output_dim]`."""
        return (input_shape[0], self.output_dim(input_shape[-1]))

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "mode": self.mode,
            "k": self.k,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
