"""Sentences to the ids that a language model reads, and its ids back to sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text.padding import pad_ragged
from tfnlp.text.registry import TOKENIZERS, tokenizer_class
from tfnlp.text.space_tokenizer import UNKNOWN_WORD
from tfnlp.text.tokenizer import Tokenizer, unpadded
from tfnlp.text.vocabulary import PAD_ID, UNKNOWN_ID, Vocabulary

END_TOKEN = "</s>"
END_ID = 2

# Pieces that a program learnt bring marks of their own for a sentence's end.
SENTENCE_TOKENIZERS = ("space", "word", "char")


@keras.saving.register_keras_serializable(package="tfnlp")
class SentencePreprocessor(keras.layers.Layer):
    """Cuts sentences into tokens and turns tokens into ids, for a model that foretells the next one.

    The vocabulary begins with `[PAD]` = 0, `[UNK]` = 1 and the sentence's end `</s>` = 2. The end is no token of a
    text: `ragged_with_ends` puts it behind each sentence. What stands before a sentence's first token is `</s>` too.

    Args:
        tokenizer: a `SpaceTokenizer`, a `WordTokenizer` or a `CharacterTokenizer`.
        max_tokens: int, at least 1, or None. How many tokens, the end among them, the model reads at once at most;
            nothing is cut off here.

    Call arguments:
        texts: string tensor `[batch]`; lists and numpy arrays of str or bytes are taken too.

    Returns:
        int32 tensor `[batch, time]`, the tokens' ids without ends, padded with 0; `time` is at least 1.

    Raises:
        UserError: if the tokenizer is of another kind, `max_tokens` is below 1, or there is no vocabulary yet.
    """

    end_id = END_ID

    def __init__(self, tokenizer: Tokenizer, max_tokens: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if max_tokens is not None and max_tokens < 1:
            raise UserError(f"`max_tokens` must be at least 1 token. Received: max_tokens={max_tokens}")
        if tokenizer.kind not in SENTENCE_TOKENIZERS:
            raise UserError(
                f"a language model's tokenizer must be one of {SENTENCE_TOKENIZERS}. Received: {tokenizer.kind!r}"
            )
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self._allow_non_tensor_positional_args = True  # lists of str
        self._convert_input_args = False
        self.supports_jit = False
        self.built = True

    def adapt(self, corpus: Iterable[Any]) -> None:
        """Learns the vocabulary from sentences, as `Tokenizer.adapt` does; `max_size` counts `</s>` too.

        Raises:
            UserError: if the corpus holds no token, or `</s>` stands in it as a word.
        """
        counts = self.tokenizer._count(corpus)
        if END_TOKEN in counts:
            raise UserError(
                f"`{END_TOKEN}` stands in the text, but it marks a sentence's end here and is set behind every line "
                "by itself; cure: take it out, e.g. by `sed -E 's:</?s>::g'`"
            )
        known = self.tokenizer._learn(counts).tokens
        tokens = [*known[:END_ID], END_TOKEN, *known[END_ID:]]
        self.tokenizer.set_vocabulary(tokens[: self.tokenizer.max_size])

    def set_vocabulary(self, tokens: Sequence[str] | Vocabulary) -> None:
        """Takes a ready vocabulary: the tokens in the order of their ids, `[PAD]`, `[UNK]` and `</s>` first.

        Raises:
            UserError: if it begins otherwise.
        """
        vocabulary = tokens if isinstance(tokens, Vocabulary) else Vocabulary(tokens)
        if vocabulary.tokens[END_ID : END_ID + 1] != [END_TOKEN]:
            raise UserError(
                f"A language model's vocabulary must have {END_TOKEN!r} at place {END_ID}. Received: "
                f"{vocabulary.tokens[END_ID : END_ID + 1]}"
            )
        self.tokenizer.set_vocabulary(vocabulary)

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens known."""
        return self.tokenizer.vocabulary

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens, `[PAD]`, `[UNK]` and `</s>` included."""
        return self.tokenizer.vocabulary_size

    @property
    def joins_cut_words(self) -> bool:
        """Whether spaces that part words cut by hand, in Chinese, are none of the text that this reads."""
        return self.tokenizer.kind != "space"

    def settings(self) -> dict[str, Any]:
        """What the Python twin needs beside the vocabulary, as plain JSON."""
        return {**self.tokenizer.settings(), "max_tokens": self.max_tokens, "end_id": END_ID}

    def call(self, texts: Any) -> tf.Tensor:
        """Turns texts into padded ids; see the class."""
        return pad_ragged(self.ragged(texts))

    def ragged(self, texts: Any) -> tf.RaggedTensor:
        """The tokens' ids without ends: int32 ragged `[batch, (tokens)]`."""
        ids = self.tokenizer.encode(texts)
        # A word `[PAD]` that stands in a text is no padding, and `</s>` none of the ends.
        words = tf.where((ids.values == PAD_ID) | (ids.values == END_ID), UNKNOWN_ID, ids.values)
        return ids.with_values(words)

    def ragged_with_ends(self, texts: Any) -> tf.RaggedTensor:
        """The tokens' ids and an end behind each text: int32 ragged `[batch, (tokens)]`."""
        ids = self.ragged(texts)
        return tf.concat([ids, tf.fill([ids.nrows(), 1], END_ID)], axis=1)

    def unknown_words(self, texts: Any, ids: tf.RaggedTensor | None = None) -> tf.Tensor:
        """Which of the tokens the vocabulary lacks: bool `[tokens]` of all texts, one after the other.

        The mark `<unk>` that a corpus writes for rare words is known: it is what `[UNK]` learnt.

        Args:
            texts: string `[batch]`.
            ids: what `ragged` gives for them, where that is known.
        """
        unknown = tf.equal((self.ragged(texts) if ids is None else ids).values, UNKNOWN_ID)
        if self.tokenizer.kind != "space":
            return unknown
        return unknown & tf.not_equal(self.tokenizer.tokenize(texts).values, UNKNOWN_WORD)

    def detokenize(self, ids: Any) -> tf.Tensor:
        """Writes ids as texts again, ends and padding left out; see `Tokenizer.detokenize`."""
        if not isinstance(ids, tf.RaggedTensor):
            ids = tf.convert_to_tensor(ids)
            return self.tokenizer.detokenize(tf.where(tf.equal(ids, END_ID), PAD_ID, ids))
        ids, _ = unpadded(ids)
        return self.tokenizer.detokenize(ids.with_values(tf.where(ids.values == END_ID, PAD_ID, ids.values)))

    def compute_output_spec(self, texts: Any) -> keras.KerasTensor:
        """Returns the symbolic output, int32 `(batch, None)`."""
        return keras.KerasTensor((*texts.shape[:1], None), "int32")

    def get_config(self) -> dict[str, Any]:
        """Returns the settings, with the tokenizer's own."""
        return {
            **super().get_config(),
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "max_tokens": self.max_tokens,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SentencePreprocessor:
        """Builds the layer, and its tokenizer, from `get_config`."""
        for kind in TOKENIZERS:
            tokenizer_class(kind)  # imported, and so known to Keras, whichever it is
        return cls(**{**config, "tokenizer": keras.saving.deserialize_keras_object(config["tokenizer"])})
