"""A word read as a picture of its spelling: convolutions over its characters, the strongest match of each filter."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.layers.masking import masked_max
from tfnlp.layers.ngram_convolution import NgramConvolution


@keras.saving.register_keras_serializable(package="tfnlp")
class CharacterCNN(keras.layers.Layer):
    """Makes a vector of each word from its characters: embedding, convolution, maximum over the word.

    Padding characters enter windows as zeros and never win the maximum, so no word's vector depends on the length of
    another. A word without characters, as padding is, gives zeros.

    Args:
        vocabulary_size: int. Number of character ids; 0 is padding.
        embedding_dim: int, at least 1. Width of a character's vector.
        filters: int, at least 1. Width of the output.
        window: int, at least 1. Window length in characters.
        dropout: float in `[0, 1)`. Dropout on the characters' vectors.
        activation: name of the activation of the feature maps.

    Call arguments:
        char_ids: int tensor `[batch, time, characters]`, each word padded on the right with 0.
        training: bool. Whether dropout acts.

    Returns:
        float tensor `[batch, time, filters]`.

    Reference:
        Ma and Hovy, 2016, section 2.1, https://aclanthology.org/P16-1101
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 30,
        filters: int = 30,
        window: int = 3,
        dropout: float = 0.0,
        activation: str = "tanh",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.filters = filters
        self.window = window
        self.dropout = dropout
        self.activation = activation
        self.embedding = character_embedding(vocabulary_size, embedding_dim, self.dtype_policy)
        self.vector_dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="vector_dropout")
        self.convolution = NgramConvolution(
            filters, window, activation=activation, dtype=self.dtype_policy, name="convolution"
        )

    @property
    def output_dim(self) -> int:
        """Width of a word's vector."""
        return self.filters

    def build(self, input_shape: Any = None) -> None:
        """Creates the characters' vectors and the kernel."""
        self.embedding.build((None, None))
        self.convolution.build((None, None, self.embedding_dim))

    def call(self, char_ids: Any, training: bool = False) -> Any:
        """Reads; see the class."""
        words = one_row_a_word(char_ids)
        mask = ops.not_equal(words, 0)
        vectors = self.vector_dropout(self.embedding(words), training=training)
        return rows_as_before(masked_max(self.convolution(vectors, mask=mask), mask), char_ids)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`[batch, time, filters]`."""
        return (*input_shape[:-1], self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "filters": self.filters,
            "window": self.window,
            "dropout": self.dropout,
            "activation": self.activation,
        }


def character_embedding(vocabulary_size: int, embedding_dim: int, dtype: Any) -> keras.layers.Embedding:
    """Characters' vectors, uniform at the start within `sqrt(3 / embedding_dim)`, as in Ma and Hovy, section 3.1."""
    reach = (3 / embedding_dim) ** 0.5
    return keras.layers.Embedding(
        vocabulary_size,
        embedding_dim,
        embeddings_initializer=keras.initializers.RandomUniform(-reach, reach),
        dtype=dtype,
        name="embedding",
    )


def one_row_a_word(char_ids: Any) -> Any:
    """`[batch, time, characters]` as `[batch * time, characters]`."""
    return ops.reshape(char_ids, (-1, ops.shape(char_ids)[2]))


def rows_as_before(vectors: Any, char_ids: Any) -> Any:
    """Vectors `[batch * time, units]` as `[batch, time, units]`, for ids `[batch, time, characters]`."""
    rows, time = ops.shape(char_ids)[:2]
    return ops.reshape(vectors, (rows, time, vectors.shape[-1]))
