"""Bag of words: the sum or the mean of the token vectors, n-grams too if asked."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.encoders.encoder import Encoder
from tfnlp.layers.masking import masked_sum

POOLINGS = ("mean", "sum", "sqrt")


@keras.saving.register_keras_serializable(package="tfnlp")
class BagOfWords(Encoder):
    """Adds up the vectors of a text's tokens and, with `ngrams`, of its hashed n-grams, as fastText does.

    Word order counts only inside an n-gram. Padding adds neither a token nor an n-gram.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of the vectors of tokens and of n-grams.
        pooling: `"mean"`, `"sum"`, or `"sqrt"` (the sum over the square root of the number of vectors; with
            `idf`, over the length of the vector of weights).
        **kwargs: the settings that all encoders share; see `Encoder`.

    Reference:
        Joulin et al., 2017, https://arxiv.org/abs/1607.01759; Iyyer et al., 2015 (averaging networks),
        https://aclanthology.org/P15-1162
    """

    def __init__(self, vocabulary_size: int, embedding_dim: int = 64, pooling: str = "mean", **kwargs: Any):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        if pooling not in POOLINGS:
            raise ValueError(f"`pooling` must be one of {POOLINGS}. Received: pooling={pooling!r}")
        self.pooling = pooling

    @property
    def sequence_dim(self) -> int:
        """Width of `"sequence"`."""
        return self.input_dim

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        return self.input_dim

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors of tokens and of n-grams."""
        self.build_vectors(input_shape)
        self.built = True

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Adds up; see the class."""
        total = masked_sum(vectors, mask)
        if self.pooling != "sum":
            squares = ops.expand_dims(self.embedding.squared_weights(token_ids), -1)
            count = ops.maximum(
                masked_sum(squares, mask), 1
            )  # the number of vectors, unless they are weighted
            total = total / (count if self.pooling == "mean" else ops.sqrt(count))
        return vectors, total

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), "pooling": self.pooling}
