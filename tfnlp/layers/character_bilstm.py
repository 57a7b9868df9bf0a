"""A word read letter by letter, from both ends."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.layers.character_cnn import character_embedding, one_row_a_word, rows_as_before
from tfnlp.layers.recurrent_stack import RecurrentStack


@keras.saving.register_keras_serializable(package="tfnlp")
class CharacterBiLSTM(keras.layers.Layer):
    """Makes a vector of each word from its characters: each direction's last state of a bidirectional LSTM.

    Padding characters are never read. A word without characters, as padding is, gives zeros.

    Args:
        vocabulary_size: int. Number of character ids; 0 is padding.
        embedding_dim: int, at least 1. Width of a character's vector.
        units: int, at least 1. Width of one direction's state; the output is twice as wide.
        dropout: float in `[0, 1)`. Dropout on the characters' vectors.

    Call arguments:
        char_ids: int tensor `[batch, time, characters]`, each word padded on the right with 0.
        training: bool. Whether dropout acts.

    Returns:
        float tensor `[batch, time, 2 * units]`.

    Reference:
        Lample et al., 2016, section 4.1, https://aclanthology.org/N16-1030
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 25,
        units: int = 25,
        dropout: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.units = units
        self.dropout = dropout
        self.embedding = character_embedding(vocabulary_size, embedding_dim, self.dtype_policy)
        self.stack = RecurrentStack(
            "lstm", units, bidirectional=True, dropout=dropout, dtype=self.dtype_policy, name="stack"
        )

    @property
    def output_dim(self) -> int:
        """Width of a word's vector."""
        return 2 * self.units

    def build(self, input_shape: Any = None) -> None:
        """Creates the characters' vectors and the kernels."""
        self.embedding.build((None, None))
        self.stack.build((None, None, self.embedding_dim))

    def call(self, char_ids: Any, training: bool = False) -> Any:
        """Reads; see the class."""
        words = one_row_a_word(char_ids)
        mask = ops.not_equal(words, 0)
        _, final = self.stack(self.embedding(words), mask=mask, training=training)
        return rows_as_before(final, char_ids)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`[batch, time, 2 * units]`."""
        return (*input_shape[:-1], self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
            "dropout": self.dropout,
        }
