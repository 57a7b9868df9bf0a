"""Bidirectional LSTM: each token read with all that stands before it and all that follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.encoders.encoder import Encoder, check_rate
from tfnlp.layers.masking import first_step, last_step, turned_round
from tfnlp.layers.recurrent import LSTM
from tfnlp.layers.sequence_pooling import SequencePooling


@keras.saving.register_keras_serializable(package="tfnlp")
class BiLSTM(Encoder):
    """Reads the tokens with one LSTM in each direction; stacked to any depth.

    The backward direction starts at the last real token.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of a token's vector in one channel.
        units: int, at least 1. Width of one direction's state.
        layers: int, at least 1. How many bidirectional layers stand on each other.
        dropout: float in `[0, 1)`. Dropout on what each layer reads.
        pooling: `"max"`, `"mean"`, `"sum"`, `"last"`, `"k_max"`, or a list of them, concatenated. `"last"` joins
            the final state of each direction: the forward one at the end, the backward one at the start.
        **kwargs: the settings that all encoders share; see `Encoder`.

    Reference:
        Hochreiter and Schmidhuber, 1997; Graves and Schmidhuber, 2005,
        https://doi.org/10.1016/j.neunet.2005.06.042
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 128,
        units: int = 128,
        layers: int = 1,
        dropout: float = 0.0,
        pooling: str | Sequence[str] = "max",
        **kwargs: Any,
    ):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        for name, value in (("units", units), ("layers", layers)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        check_rate("dropout", dropout)
        self.units = units
        self.depth = layers
        self.dropout = dropout
        self.pooling = SequencePooling(pooling, dtype=self.dtype_policy, name="pooling")
        # A layer reads its input through this dropout rather than the cell's own, which would keep it from
        # projecting all inputs at once.
        self.input_dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="input_dropout")
        self.directions = [(self._lstm(f"forward_{i}"), self._lstm(f"backward_{i}")) for i in range(layers)]

    def _lstm(self, name: str) -> LSTM:
        return LSTM(
            self.units,
            return_sequences=True,
            kernel_regularizer=self.kernel_regularizer(),
            dtype=self.dtype_policy,
            name=name,
        )

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        return self.pooling.output_dim(2 * self.units)

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors and the kernels."""
        self.embedding.build((None, None))
        width = self.embedding.output_dim
        for pair in self.directions:
            for lstm in pair:
                lstm.build((None, None, width))
            width = 2 * self.units
        self.built = True

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Reads in both directions; see the class."""
        sequence = vectors
        for forward, backward in self.directions:
            sequence = self.input_dropout(sequence, training=training)
            ahead = forward(sequence, training=training)
            behind = turned_round(backward(turned_round(sequence, mask), training=training), mask)
            sequence = ops.concatenate([ahead, behind], axis=-1)
        final = ops.concatenate([last_step(ahead, mask), first_step(behind, mask)], axis=-1)
        return sequence, self.pooling(sequence, mask=mask, last=final)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "units": self.units,
            "layers": self.depth,
            "dropout": self.dropout,
            "pooling": self.pooling.mode,
        }
