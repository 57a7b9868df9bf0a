"""The Transformer's network for one token at a time."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="tfnlp")
class FeedForward(keras.layers.Layer):
    """Widens each token's vector, bends it and narrows it again: `W2 f(W1 x + b1) + b2`.

    Args:
        hidden_units: int, at least 1. Width in the middle.
        activation: activation name or function `f`, e.g. `"relu"` or `"gelu"`.
        kernel_regularizer: regulariser of both kernels, or None.
        kernel_initializer: name of the Keras initialiser of both kernels; each makes one of its own.

    Call arguments:
        inputs: float tensor `[batch, time, width]`.

    Returns:
        a tensor like `inputs`.

    Raises:
        ValueError: if `hidden_units` is less than 1 or the activation is unknown.

    Reference:
        Vaswani et al., 2017, section 3.3, https://arxiv.org/abs/1706.03762; Hendrycks and Gimpel, 2016 (GELU),
        https://arxiv.org/abs/1606.08415
    """

    def __init__(
        self,
        hidden_units: int,
        activation: Any = "relu",
        kernel_regularizer: Any = None,
        kernel_initializer: str = "glorot_uniform",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        if hidden_units < 1:
            raise ValueError(f"`hidden_units` must be at least 1. Received: hidden_units={hidden_units}")
        self.hidden_units = hidden_units
        self.activation = keras.activations.get(activation)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_initializer = kernel_initializer

    def build(self, input_shape: Any) -> None:
        """Creates both kernels and biases."""
        self.widen = keras.layers.Dense(
            self.hidden_units,
            activation=self.activation,
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="widen",
        )
        self.narrow = keras.layers.Dense(
            input_shape[-1],
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="narrow",
        )
        self.widen.build(input_shape)
        self.narrow.build((*input_shape[:-1], self.hidden_units))

    def call(self, inputs: Any) -> Any:
        """Widens, bends, narrows; see the class."""
        return self.narrow(self.widen(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """As the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "hidden_units": self.hidden_units,
            "activation": keras.activations.serialize(self.activation),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_initializer": self.kernel_initializer,
        }
