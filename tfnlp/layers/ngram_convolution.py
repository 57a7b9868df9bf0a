"""A convolution over token n-grams that knows which windows are real."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

PADDINGS = ("same", "valid")


@keras.saving.register_keras_serializable(package="tfnlp")
class NgramConvolution(keras.layers.Layer):
    """Convolves token vectors over windows of `window` tokens.

    Masked tokens enter every window as zeros, so padding a batch further never changes a result.
    With `"same"` each real token is the middle of one window. With `"valid"` a window holds real tokens
    alone; a text shorter than the window has one window, filled up with zeros. Either way the output
    is as long as the input, and `window_mask` says which windows count.

    Args:
        filters: int. Width of the output.
        window: int, at least 1. Window length in tokens.
        padding: `"same"` or `"valid"`.
        activation: activation name or function.
        kernel_initializer: initialiser of the kernel.
        kernel_regularizer: regulariser of the kernel, or None.

    Call arguments:
        inputs: float tensor `[batch, time, features]`, padded on the right.
        mask: bool tensor `[batch, time]`, True = real token.

    Returns:
        float tensor `[batch, time, filters]`.

    Raises:
        ValueError: if `window` is less than 1 or `padding` is unknown.

    Reference:
        Kim, 2014, section 2, https://arxiv.org/abs/1408.5882
    """

    def __init__(
        self,
        filters: int,
        window: int,
        padding: str = "same",
        activation: Any = "relu",
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if window < 1:
            raise ValueError(f"`window` must be at least 1 token. Received: window={window}")
        if padding not in PADDINGS:
            raise ValueError(f"`padding` must be one of {PADDINGS}. Received: padding={padding!r}")
        self.filters = filters
        self.window = window
        self.padding = padding
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.convolution = keras.layers.Conv1D(
            filters,
            window,
            padding="valid",
            activation=self.activation,
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="convolution",
        )

    @property
    def _before(self) -> int:
        return (self.window - 1) // 2 if self.padding == "same" else 0

    def build(self, input_shape: Any) -> None:
        """Creates the kernel and the bias."""
        self.convolution.build(input_shape)

    def call(self, inputs: Any, mask: Any) -> Any:
        """Convolves; see the class."""
        inputs = ops.where(ops.expand_dims(mask, -1), inputs, ops.zeros_like(inputs))
        before = self._before
        padded = ops.pad(inputs, [[0, 0], [before, self.window - 1 - before], [0, 0]])
        convolved = self.convolution(padded)
        # On some processors oneDNN gives an empty batch the channels of its input: say how many there are.
        shape = ops.shape(convolved)
        return ops.reshape(convolved, (shape[0], shape[1], self.filters))

    def window_mask(self, mask: Any) -> Any:
        """Which windows count: bool `[batch, time]` from the tokens' mask `[batch, time]`."""
        if self.padding == "same" or self.window == 1:
            return mask
        reach = self.window - 1
        # A window starting at i is whole if token i + reach is real (rows are padded on the right).
        whole = ops.pad(ops.cast(mask, "int32"), [[0, 0], [0, reach]])[:, reach:]
        first = ops.cast(mask, "int32") - ops.pad(ops.cast(mask, "int32"), [[0, 0], [1, 0]])[:, :-1]
        return ops.cast(ops.maximum(whole, first), "bool")

    def tokens_under(self, place: int, length: int) -> tuple[int, int]:
        """First token under the window at `place`, and one past the last, in a text of `length` tokens."""
        first = place - self._before
        return max(first, 0), min(first + self.window, length)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the windows, or None where there was none."""
        return None if mask is None else self.window_mask(mask)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, int | None, int]:
        """`[batch, time, filters]`."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "window": self.window,
            "padding": self.padding,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
