"""One layer of a Transformer: attention among the tokens, then a network for each."""

from __future__ import annotations

from typing import Any

import keras

from tfnlp.layers.feed_forward import FeedForward
from tfnlp.layers.multi_head_attention import MultiHeadAttention

NORMALIZATIONS = ("before", "after", "none")


@keras.saving.register_keras_serializable(package="tfnlp")
class TransformerBlock(keras.layers.Layer):
    """Self-attention, then a feed-forward network, each with dropout, a residual connection and layer normalisation.

    With `f` for either of the two and `x` for what it reads, `normalize` makes of them

    | `normalize` | with `residual` | without |
    | --- | --- | --- |
    | `"after"`, the paper's | `norm(x + dropout(f(x)))` | `norm(dropout(f(x)))` |
    | `"before"`, which trains without warm-up too | `x + dropout(f(norm(x)))` | `dropout(f(norm(x)))` |
    | `"none"` | `x + dropout(f(x))` | `dropout(f(x))` |

    Args:
        heads: int, at least 1. Number of attention heads; the width of the inputs must be a multiple of it.
        feed_forward_dim: int, at least 1. Width of the feed-forward network's middle.
        normalize: `"before"`, `"after"` or `"none"`.
        residual: bool. Whether what is read is added to what comes out.
        activation: activation name or function of the feed-forward network, e.g. `"relu"` or `"gelu"`.
        dropout: float in `[0, 1)`. Dropout on what comes out of each of the two.
        attention_dropout: float in `[0, 1)`. Dropout on the attention weights.
        kernel_regularizer: regulariser of the kernels, or None.
        kernel_initializer: name of the Keras initialiser of the kernels; each makes one of its own.

    Call arguments:
        inputs: float tensor `[batch, time, width]`.
        mask: bool tensor `[batch, time]`, True = real token; padding is never read. None where all are real.
        causal: bool. Whether a token reads only itself and what stands before it.
        window: int, at least 1. How many tokens a causal block's token reads at most, itself included; None for all.
        return_weights: bool. Whether to give the attention weights too.
        training: bool. Whether the dropouts act.

    Returns:
        a tensor like `inputs`; with `return_weights`, that and the weights, float32 `[batch, heads, time, time]`.
        Vectors under a False mask mean nothing.

    Raises:
        ValueError: if `normalize` is unknown or a number is out of range.

    Reference:
        Vaswani et al., 2017, section 3.1, https://arxiv.org/abs/1706.03762; Xiong et al., 2020 (where to normalise),
        https://arxiv.org/abs/2002.04745
    """

    def __init__(
        self,
        heads: int,
        feed_forward_dim: int,
        normalize: str = "before",
        residual: bool = True,
        activation: Any = "relu",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        kernel_regularizer: Any = None,
        kernel_initializer: str = "glorot_uniform",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        if normalize not in NORMALIZATIONS:
            raise ValueError(
                f"`normalize` must be one of {NORMALIZATIONS}. Received: normalize={normalize!r}"
            )
        if feed_forward_dim < 1:
            raise ValueError(
                f"`feed_forward_dim` must be at least 1. Received: feed_forward_dim={feed_forward_dim}"
            )
        self.normalize = normalize
        self.residual = residual
        self.attention = MultiHeadAttention(
            heads,
            dropout=attention_dropout,
            kernel_initializer=kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            dtype=self.dtype_policy,
            name="attention",
        )
        self.feed_forward = FeedForward(
            feed_forward_dim,
            activation,
            kernel_initializer=kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            dtype=self.dtype_policy,
            name="feed_forward",
        )
        self.norms = (
            []
            if normalize == "none"
            else [
                layer_normalization(self.dtype_policy, name)
                for name in ("attention_norm", "feed_forward_norm")
            ]
        )
        self.dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="dropout")

    def build(self, input_shape: Any) -> None:
        """Creates the weights of both parts."""
        self.attention.build(input_shape)
        self.feed_forward.build(input_shape)
        for norm in self.norms:
            norm.build(input_shape)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        causal: bool = False,
        window: int | None = None,
        return_weights: bool = False,
        training: bool = False,
    ) -> Any:
        """Attends and transforms; see the class."""
        read, weights = self.attention(
            self._before(inputs, 0),
            mask=mask,
            causal=causal,
            window=window,
            return_weights=True,
            training=training,
        )
        output = self._transformed(inputs, read, training)
        return (output, weights) if return_weights else output

    def read_on(
        self, inputs: Any, past: tuple[Any, Any], tokens: Any, training: bool = False
    ) -> tuple[Any, Any]:
        """Attends and transforms, causal, what follows tokens of which the attention keeps keys and values.

        Args:
            inputs: float tensor `[batch, time, width]`, without padding.
            past: of the tokens before, as `MultiHeadAttention.read_on` takes it.
            tokens: int32 tensor `[batch]`. How many tokens came before these.
            training: bool. Whether the dropouts act.

        Returns:
            a tensor like `inputs`, and the past of the tokens that follow.
        """
        read, past = self.attention.read_on(self._before(inputs, 0), past, tokens, training=training)
        return self._transformed(inputs, read, training), past

    def _transformed(self, inputs: Any, read: Any, training: bool) -> Any:
        """All that comes after the attention has read."""
        between = self._after(inputs, read, 0, training)
        return self._after(between, self.feed_forward(self._before(between, 1)), 1, training)

    def _before(self, inputs: Any, part: int) -> Any:
        return self.norms[part](inputs) if self.normalize == "before" else inputs

    def _after(self, inputs: Any, outputs: Any, part: int, training: bool) -> Any:
        outputs = self.dropout(outputs, training=training)
        if self.residual:
            outputs = inputs + outputs
        return self.norms[part](outputs) if self.normalize == "after" else outputs

    def compute_output_shape(self, input_shape: Any, *args: Any, **kwargs: Any) -> Any:
        """As the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "heads": self.attention.heads,
            "feed_forward_dim": self.feed_forward.hidden_units,
            "normalize": self.normalize,
            "residual": self.residual,
            "activation": keras.activations.serialize(self.feed_forward.activation),
            "dropout": self.dropout.rate,
            "attention_dropout": self.attention.dropout,
            "kernel_regularizer": keras.regularizers.serialize(self.feed_forward.kernel_regularizer),
            "kernel_initializer": self.feed_forward.kernel_initializer,
        }


def layer_normalization(dtype: Any, name: str) -> keras.layers.LayerNormalization:
    """Keras's layer normalisation with the field's epsilon, 1e-5; Keras's own 1e-3 would move small vectors."""
    return keras.layers.LayerNormalization(epsilon=1e-5, dtype=dtype, name=name)
