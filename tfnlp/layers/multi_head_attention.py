"""Scaled dot-product attention in several heads side by side."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.layers.masking import mask_bias, softmax
from tfnlp.layers.precision import widened


@keras.saving.register_keras_serializable(package="tfnlp")
class MultiHeadAttention(keras.layers.Layer):
    """Lets each query read from all keys' values, in `heads` ways at once.

    Of each head `softmax(Q K^T / sqrt(d)) V`, where `Q`, `K` and `V` are the head's projections of queries, keys and
    values to `d = width / heads` units; the heads' results stand side by side and are projected once more.

    A masked key is never read: its weight is exactly 0. A query with no key left to read gives zeros. Scores, mask
    and softmax are float32 whatever the policy.

    Args:
        heads: int, at least 1. Number of heads; the width of the queries must be a multiple of it.
        dropout: float in `[0, 1)`. Share of the weights dropped in training.
        kernel_initializer: initialiser of the four kernels.
        kernel_regularizer: regulariser of the four kernels, or None.

    Call arguments:
        query: float tensor `[batch, queries, width]`.
        key: float tensor `[batch, keys, key_width]`; None for self-attention: the queries.
        value: float tensor `[batch, keys, value_width]`; None for the keys.
        mask: bool tensor `[batch, keys]`, True = a key that may be read. None for all.
        causal: bool. Whether query `i` reads the keys `0 … i` alone.
        window: int, at least 1. Of those, how many a query reads at most, the last ones; None for all.
        return_weights: bool. Whether to give the weights too.
        training: bool. Whether dropout acts.

    Returns:
        float tensor `[batch, queries, width]`; with `return_weights`, that and the weights before dropout, float32
        `[batch, heads, queries, keys]`, each query's summing to 1 in each head.

    Raises:
        ValueError: if `heads` is less than 1 or does not divide the width.

    Reference:
        Vaswani et al., 2017, section 3.2, https://arxiv.org/abs/1706.03762
    """

    def __init__(
        self,
        heads: int,
        dropout: float = 0.0,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        if heads < 1:
            raise ValueError(f"`heads` must be at least 1. Received: heads={heads}")
        self.heads = heads
        self.dropout = dropout
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.weight_dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="weight_dropout")

    def build(self, query_shape: Any, key_shape: Any = None, value_shape: Any = None) -> None:
        """Creates the four projections."""
        width = query_shape[-1]
        if width % self.heads:
            raise ValueError(
                f"the width of the queries must be a multiple of `heads`. Received: width={width}, heads={self.heads}"
            )
        key_shape = query_shape if key_shape is None else key_shape
        value_shape = key_shape if value_shape is None else value_shape
        self.query = self._projection("query", width, query_shape)
        self.key = self._projection("key", width, key_shape)
        self.value = self._projection("value", width, value_shape)
        self.output_projection = self._projection("output", width, query_shape)

    def _projection(self, name: str, width: int, input_shape: Any) -> keras.layers.Dense:
        # An initialiser of its own: one object would draw the same kernel four times.
        initializer = keras.initializers.get(keras.initializers.serialize(self.kernel_initializer))
        dense = keras.layers.Dense(
            width,
            kernel_initializer=initializer,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )
        dense.build(input_shape)
        return dense

    def call(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        mask: Any = None,
        causal: bool = False,
        window: int | None = None,
        return_weights: bool = False,
        training: bool = False,
    ) -> Any:
        """Attends; see the class."""
        key = query if key is None else key
        value = key if value is None else value
        keys, values = self._split(self.key(key)), self._split(self.value(value))
        readable = _readable(mask, causal, window, ops.shape(query)[1], ops.shape(key)[1])
        output, weights = self._attend(query, keys, values, readable, training)
        if readable is not None:
            # A query that may read nothing has read everything alike: take that out again.
            reads = ops.any(readable, axis=(1, 3))  # [batch, queries], or one number for all
            output = ops.where(ops.expand_dims(reads, -1), output, ops.zeros_like(output))
            weights = weights * ops.cast(readable, weights.dtype)
        return (output, weights) if return_weights else output

    def read_on(
        self, inputs: Any, past: tuple[Any, Any], tokens: Any, training: bool = False
    ) -> tuple[Any, Any]:
        """Self-attention of tokens that follow others, whose keys and values are kept: causal, in a window.

        Each token reads itself and the `window - 1` before it; so `call` with `causal` and that `window` gives the
        same over all tokens at once.

        Args:
            inputs: float tensor `[batch, time, width]`, without padding.
            past: keys and values of the last `window` tokens before these, the newest last, each
                `[batch, heads, window, width / heads]`. Where there were fewer, what stands in front is never read.
            tokens: int32 tensor `[batch]`. How many tokens came before these.
            training: bool. Whether dropout acts.

        Returns:
            a tensor like `inputs`, and the past of the tokens that follow.
        """
        window, time = past[0].shape[2], ops.shape(inputs)[1]
        keys, values = (
            ops.concatenate([kept, self._split(projection(inputs))], axis=2)
            for kept, projection in zip(past, (self.key, self.value))
        )
        # Key j of window + time, query i: its own key is window + i.
        query, key = ops.expand_dims(ops.arange(time), 1), ops.arange(window + time)
        near = ops.logical_and(key > query, key <= query + window)  # [queries, keys]
        there = key >= window - ops.expand_dims(tokens, 1)  # [batch, keys]
        readable = ops.logical_and(near, ops.expand_dims(there, (1, 2)))
        output, _ = self._attend(inputs, keys, values, readable, training)
        # The reshape says what a graph of unknown `time` cannot see: the shape stays.
        shape = (-1, *past[0].shape[1:])
        return output, tuple(ops.reshape(both[:, :, time:], shape) for both in (keys, values))

    def _attend(self, query: Any, keys: Any, values: Any, readable: Any, training: bool) -> tuple[Any, Any]:
        """What the queries `[batch, queries, width]` read of keys and values that are split, and the weights."""
        # The queries are scaled rather than the scores, of which there are many more.
        scale = (query.shape[-1] // self.heads) ** -0.5
        queries = self._split(self.query(query) * scale)
        scores = ops.matmul(queries, ops.transpose(keys, (0, 1, 3, 2)))  # [batch, heads, queries, keys]
        scores = widened(scores)
        weights = softmax(scores if readable is None else scores + mask_bias(readable, scores.dtype))
        dropped = self.weight_dropout(ops.cast(weights, self.compute_dtype), training=training)
        read = ops.transpose(ops.matmul(dropped, values), (0, 2, 1, 3))  # [batch, queries, heads, units]
        return self.output_projection(ops.reshape(read, ops.shape(query))), weights

    def _split(self, inputs: Any) -> Any:
        """`[batch, time, width]` -> `[batch, heads, time, width / heads]`."""
        time, width = ops.shape(inputs)[1], inputs.shape[-1]
        inputs = ops.reshape(inputs, (-1, time, self.heads, width // self.heads))
        return ops.transpose(inputs, (0, 2, 1, 3))

    def compute_output_shape(self, query_shape: Any, *args: Any, **kwargs: Any) -> Any:
        """As the queries."""
        return query_shape

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "heads": self.heads,
            "dropout": self.dropout,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def _readable(mask: Any, causal: bool, window: int | None, queries: Any, keys: Any) -> Any:
    """Which keys a query may read: bool, broadcasts to scores `[batch, heads, queries, keys]`; None for all."""
    readable = None if mask is None else ops.expand_dims(ops.cast(mask, "bool"), (1, 2))
    if causal:
        query, key = ops.expand_dims(ops.arange(queries), 1), ops.arange(keys)
        past = key <= query
        if window is not None:
            past = ops.logical_and(past, key > query - window)
        past = ops.expand_dims(past, (0, 1))
        readable = past if readable is None else ops.logical_and(readable, past)
    return readable
