"""Token ids to vectors: tuned, static, or both side by side."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

CHANNELS = ("tuned", "static", "both")


@keras.saving.register_keras_serializable(package="tfnlp")
class TokenEmbedding(keras.layers.Layer):
    """Looks up a vector for each token id, in one or two channels.

    The mask is `token_ids != 0`; it is the caller's to pass on. Vectors of padding are not zeroed here:
    what follows reads the mask.

    Args:
        vocabulary_size: int. Number of ids, special tokens included.
        embedding_dim: int. Width of one channel's vectors.
        channels: `"tuned"` (trained), `"static"` (kept as they start), or `"both"`, concatenated, starting equal.
        dropout: float in `[0, 1)`. Share of the units dropped for a whole text at a time (spatial dropout).
        token_dropout: float in `[0, 1)`. Share of the tokens whose whole vector is dropped.
        regularizer: regulariser of the tuned vectors, or None.

    Call arguments:
        token_ids: int tensor `[batch, time]`, 0 = padding.
        training: bool. Whether the dropouts act.

    Returns:
        float tensor `[batch, time, output_dim]`, `output_dim` being `embedding_dim`, twice that for `"both"`.

    Raises:
        ValueError: if `channels` is unknown, or `set_vectors` gets another shape.

    Reference:
        Kim, 2014, section 3.1 (CNN-static, CNN-non-static, CNN-multichannel), https://arxiv.org/abs/1408.5882
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        channels: str = "tuned",
        dropout: float = 0.0,
        token_dropout: float = 0.0,
        regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if channels not in CHANNELS:
            raise ValueError(f"`channels` must be one of {CHANNELS}. Received: channels={channels!r}")
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.channels = channels
        self.dropout = dropout
        self.token_dropout = token_dropout
        self.regularizer = keras.regularizers.get(regularizer)
        self.tables = [
            keras.layers.Embedding(
                vocabulary_size,
                embedding_dim,
                embeddings_regularizer=self.regularizer if name == "tuned" else None,
                trainable=name == "tuned",
                dtype=self.dtype_policy,
                name=name,
            )
            for name in (("tuned", "static") if channels == "both" else (channels,))
        ]
        self.unit_dropout = keras.layers.SpatialDropout1D(
            dropout, dtype=self.dtype_policy, name="unit_dropout"
        )
        self.vector_dropout = keras.layers.Dropout(
            token_dropout, noise_shape=(None, None, 1), dtype=self.dtype_policy, name="vector_dropout"
        )

    @property
    def output_dim(self) -> int:
        """Width of the vectors that come out."""
        return self.embedding_dim * len(self.tables)

    def build(self, input_shape: Any) -> None:
        """Creates the tables; both channels start from the same vectors."""
        for table in self.tables:
            table.build(input_shape)
        if len(self.tables) == 2:
            self.tables[1].embeddings.assign(self.tables[0].embeddings)

    def set_vectors(self, vectors: np.ndarray) -> None:
        """Starts every channel from these vectors: float `[vocabulary_size, embedding_dim]`, a row an id."""
        expected = (self.vocabulary_size, self.embedding_dim)
        if tuple(vectors.shape) != expected:
            raise ValueError(
                f"`vectors` must have the shape {expected}. Received: shape={tuple(vectors.shape)}"
            )
        for table in self.tables:
            table.embeddings.assign(vectors)

    def call(self, token_ids: Any, training: bool = False) -> Any:
        """Looks up; see the class."""
        vectors = [table(token_ids) for table in self.tables]
        joined = vectors[0] if len(vectors) == 1 else ops.concatenate(vectors, axis=-1)
        if self.token_dropout:
            joined = self.vector_dropout(joined, training=training)
        if self.dropout:
            joined = self.unit_dropout(joined, training=training)
        return joined

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`[batch, time, output_dim]`."""
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "channels": self.channels,
            "dropout": self.dropout,
            "token_dropout": self.token_dropout,
            "regularizer": keras.regularizers.serialize(self.regularizer),
        }
