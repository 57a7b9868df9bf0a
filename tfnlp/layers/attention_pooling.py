"""A weighted mean of the token vectors whose weights are learnt."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.layers.masking import masked_softmax, masked_sum


@keras.saving.register_keras_serializable(package="tfnlp")
class AttentionPooling(keras.layers.Layer):
    """Pools token vectors `h_t` by what a learnt query `q` finds in them.

    `a = softmax_t(q . tanh(W h_t + b))`, the result being `sum_t a_t h_t`. The softmax runs over the real tokens; a
    row without any gives zeros. The mask stops here: the token axis is gone.

    Args:
        kernel_regularizer: regulariser of `W`, or None.

    Call arguments:
        inputs: float tensor `[batch, time, units]`.
        mask: bool tensor `[batch, time]`, True = real token.
        return_weights: bool. Whether to give the weights too.

    Returns:
        float tensor `[batch, units]`; with `return_weights`, that and the weights, float32 `[batch, time]`, 0 under
        padding.

    Reference:
        Yang et al., 2016 (hierarchical attention), section 2.2, https://aclanthology.org/N16-1174
    """

    def __init__(self, kernel_regularizer: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: Any) -> None:
        """Creates the projection and the query."""
        units = input_shape[-1]
        self.projection = keras.layers.Dense(
            units,
            activation="tanh",
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="projection",
        )
        self.projection.build(input_shape)
        self.query = self.add_weight(shape=(units, 1), initializer="glorot_uniform", name="query")

    def call(self, inputs: Any, mask: Any, return_weights: bool = False) -> Any:
        """Pools; see the class."""
        scores = ops.squeeze(ops.matmul(self.projection(inputs), self.query), -1)
        weights = masked_softmax(scores, mask)
        pooled = masked_sum(inputs * ops.expand_dims(ops.cast(weights, inputs.dtype), -1), mask)
        return (pooled, weights) if return_weights else pooled

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """The token axis is gone, and its mask with it."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
