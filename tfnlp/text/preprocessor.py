"""Texts to the padded ids that an encoder takes: tokenizer, truncation and padding in one layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from tfnlp.text.registry import TOKENIZERS, tokenizer_class
from tfnlp.text.tokenizer import Tokenizer
from tfnlp.text.truncation import check_truncation
from tfnlp.text.vocabulary import PAD_ID, Vocabulary


@keras.saving.register_keras_serializable(package="tfnlp")
class TextPreprocessor(keras.layers.Layer):
    """Turns texts into ids, cut to a greatest length and padded to the longest text of the batch.

    Args:
        tokenizer: a `Tokenizer`.
        max_tokens: int. Greatest number of tokens of a text, at least 1.
        truncate: str. What a longer text loses: "tail" drops the end, "head" the start, "both" drops from both ends
            and keeps the middle, "middle" keeps both ends.

    Call arguments:
        texts: string tensor `[batch]` or scalar; lists and numpy arrays of str or bytes are taken too.

    Returns:
        int32 tensor `[batch, time]`, 0 where a text is shorter than the longest; `time` is at least 1, also for
        empty texts. For a scalar text, `[time]`.

    Raises:
        UserError: if `max_tokens` or `truncate` is out of range, or the tokenizer has no vocabulary yet.
    """

    def __init__(self, tokenizer: Tokenizer, max_tokens: int = 256, truncate: str = "tail", **kwargs: Any):
        super().__init__(**kwargs)
        check_truncation(max_tokens, truncate)
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.truncate = truncate
        self._allow_non_tensor_positional_args = True  # lists of str
        self._convert_input_args = False
        self.supports_jit = False
        self.built = True

    def adapt(self, corpus: Iterable[Any]) -> None:
        """Learns the tokenizer's vocabulary from a corpus, see `Tokenizer.adapt`."""
        self.tokenizer.adapt(corpus)

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokenizer's vocabulary."""
        return self.tokenizer.vocabulary

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens, `[PAD]` and `[UNK]` included."""
        return self.tokenizer.vocabulary_size

    def settings(self) -> dict[str, Any]:
        """What the Python twin needs beside the vocabulary, as plain JSON."""
        return {**self.tokenizer.settings(), "max_tokens": self.max_tokens, "truncate": self.truncate}

    def call(self, texts: Any) -> tf.Tensor:
        """Turns texts into padded ids."""
        ids = self.ragged(texts)
        if isinstance(ids, tf.RaggedTensor):
            return self.pad(ids)
        return self.pad(tf.RaggedTensor.from_row_splits(ids, [0, tf.size(ids)], validate=False))[0]

    def ragged(self, texts: Any) -> tf.RaggedTensor:
        """Turns texts into ids, cut but not padded: int32 ragged `[batch, (tokens)]` (scalar text: `[tokens]`)."""
        return self.tokenizer.encode(texts, self.max_tokens, self.truncate)

    def pad(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """Pads ragged ids `[batch, (tokens)]` with 0 to `[batch, time]`, `time` at least 1."""
        time = tf.maximum(tf.reduce_max(ids.row_lengths()), 1)
        padded = tf.raw_ops.RaggedTensorToTensor(
            shape=tf.stack([tf.constant(-1, tf.int64), tf.cast(time, tf.int64)]),
            values=ids.values,
            default_value=tf.constant(PAD_ID, ids.dtype),
            row_partition_tensors=[ids.row_splits],
            row_partition_types=["ROW_SPLITS"],
        )
        return tf.ensure_shape(padded, [ids.shape[0], None])

    def compute_output_spec(self, texts: Any) -> keras.KerasTensor:
        """Returns the symbolic output, int32 `(batch, None)`."""
        return keras.KerasTensor((*texts.shape[:1], None), "int32")

    def get_config(self) -> dict[str, Any]:
        """Returns the settings, with the tokenizer's own."""
        return {
            **super().get_config(),
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "max_tokens": self.max_tokens,
            "truncate": self.truncate,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TextPreprocessor:
        """Builds the layer, and its tokenizer, from `get_config`."""
        for kind in TOKENIZERS:
            tokenizer_class(kind)  # imported, and so known to Keras, whichever it is
        return cls(**{**config, "tokenizer": keras.saving.deserialize_keras_object(config["tokenizer"])})
