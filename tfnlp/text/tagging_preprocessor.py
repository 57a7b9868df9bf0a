"""Texts or ready tokens to what a tagger reads: ids of words, of their characters, and their casing."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text.casing import casing_ids
from tfnlp.text.character_tokenizer import CharacterTokenizer
from tfnlp.text.code_points import CodePoints, decode, row_strings, span_strings
from tfnlp.text.corpus_stream import as_string_tensor
from tfnlp.text.padding import pad_ragged
from tfnlp.text.registry import TOKENIZERS, tokenizer_class
from tfnlp.text.tokenizer import Tokenizer, cut_ragged
from tfnlp.text.truncation import check_truncation
from tfnlp.text.unicode_table import SPACE
from tfnlp.text.vocabulary import UNKNOWN_ID, Vocabulary
from tfnlp.text.widths import FULL_WIDTH, HALF_WIDTH

# Pieces of words bear no tag of their own.
TAGGING_TOKENIZERS = ("word", "char", "segmenter")


@keras.saving.register_keras_serializable(package="tfnlp")
class TaggingPreprocessor(keras.layers.Layer):
    """Cuts texts into tokens and turns tokens into ids; tokens that come ready go the same way.

    Nothing is lost: texts are never cut short here. `max_tokens` is how long the pieces are that a training cuts
    sentences into. A word that the vocabulary lacks is looked up in small letters, then with its letters, digits and
    signs in the other width (２０２６ for 2026, and the other way round), and is `[UNK]` only if that is missing too:
    Chinese corpora write one width, people the other.

    Args:
        tokenizer: a `WordTokenizer`, a `CharacterTokenizer` or a `SegmentingTokenizer`. Whether it lower-cases holds
            for the word ids alone: characters and casing are those of the text.
        max_tokens: int, at least 1. Tokens of the longest piece that a training reads at once.
        max_characters: int, at least 0. Characters of a token that are read beside its id; of a longer one its middle
            is left out. 0 for none.
        casing: bool. Whether each token's casing is told, see `tfnlp.text.casing`.

    Call arguments:
        inputs: texts (string `[batch]`, or a list), or tokens (a string ragged tensor `[batch, (tokens)]`).

    Returns:
        a dict of tensors, padded with 0 to the longest text of the batch, at least one token: `"token_ids"` int32
        `[batch, time]`, 0 = padding; with `max_characters`, `"char_ids"` int32 `[batch, time, characters]`; with
        `casing`, `"casing"` int32 `[batch, time]`; and, of texts, `"starts"` and `"ends"` int64 `[batch, time]`: token
        `i` is made of these bytes of the text.

    Raises:
        UserError: if the tokenizer cuts words into pieces, a number is out of range, or there is no vocabulary yet.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        max_tokens: int = 256,
        max_characters: int = 0,
        casing: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_truncation(max_tokens, "tail")
        if max_characters < 0:
            raise UserError(f"`max_characters` must be at least 0. Received: max_characters={max_characters}")
        if tokenizer.kind not in TAGGING_TOKENIZERS:
            raise UserError(
                f"a tagger's tokenizer must be one of {TAGGING_TOKENIZERS}: each token bears a tag. "
                f"Received: {tokenizer.kind!r}"
            )
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.max_characters = max_characters
        self.casing = casing
        self.characters = CharacterTokenizer(lowercase=False, name="characters") if max_characters else None
        self._allow_non_tensor_positional_args = True  # lists of str
        self._convert_input_args = False
        self.supports_jit = False
        self.built = True

    # Learning

    def adapt(self, sentences: Iterable[Sequence[str]], words: Sequence[str] = ()) -> None:
        """Learns the vocabularies of words and of characters from the training sentences.

        Args:
            sentences: sequences of tokens.
            words: further words to know, e.g. those of a file of vectors, behind those of the sentences.

        Raises:
            UserError: if there is no token, or the tokens are words where the tokenizer takes characters.
        """
        counts: Counter[str] = Counter()
        for tokens in sentences:
            counts.update(tokens)
        self.adapt_counts(counts, words)

    def adapt_counts(self, counts: Mapping[str, int], words: Sequence[str] = ()) -> None:
        """As `adapt`, from token -> how often it stands in training."""
        self._check_tokens(counts)
        forms = list(counts)
        normal: Counter[str] = Counter()
        for form, word in zip(forms, self._normalized(forms)):
            if word:
                normal[word] += counts[form]
        if not normal:
            raise UserError("there is no token to learn a vocabulary from; are the sentences empty?")
        known = self.tokenizer._learn(normal).tokens
        if words:
            seen = set(known)
            further = dict.fromkeys(word for word in self._normalized(list(words)) if word)
            known = [*known, *(word for word in further if word not in seen)]
        self.tokenizer.set_vocabulary(known)
        if self.characters is not None:
            spelling: Counter[str] = Counter()
            for form, count in counts.items():
                for character in form:
                    spelling[character] += count
            letters = {letter: count for letter, count in spelling.items() if not letter.isspace()}
            self.characters.set_vocabulary(Vocabulary.from_counts(letters))

    def _check_tokens(self, counts: Mapping[str, int]) -> None:
        if self.tokenizer.kind != "char":
            return
        long = [form for form in counts if len(form.strip()) > 1]
        if 2 * len(long) > len(counts):
            raise UserError(
                f"the tokens are words, e.g. {long[0]!r}, but the tokenizer takes single characters; set "
                '[preprocessor] tokenizer = "word"'
            )

    def _normalized(self, forms: Sequence[str]) -> list[str]:
        words = []
        for start in range(0, len(forms), 65_536):
            points = self._points(as_string_tensor(list(forms[start : start + 65_536])))
            words += row_strings(points).numpy().tolist()
        return [word.decode("utf-8") for word in words]

    @property
    def vocabulary(self) -> Vocabulary:
        """The words known."""
        return self.tokenizer.vocabulary

    @property
    def vocabulary_size(self) -> int:
        """The number of words, `[PAD]` and `[UNK]` included."""
        return self.tokenizer.vocabulary_size

    @property
    def character_count(self) -> int:
        """The number of characters known, `[PAD]` and `[UNK]` included; 0 where none are read."""
        return self.characters.vocabulary_size if self.characters is not None else 0

    def settings(self) -> dict[str, Any]:
        """What the Python twin needs beside the vocabularies, as plain JSON."""
        return {
            **self.tokenizer.settings(),
            "max_tokens": self.max_tokens,
            "max_characters": self.max_characters,
            "casing": self.casing,
        }

    # Reading

    def call(self, inputs: Any) -> dict[str, tf.Tensor]:
        """Reads; see the class."""
        if isinstance(inputs, tf.RaggedTensor):
            return self.padded(self.ragged(inputs))
        tokens, starts, ends = self.tokenize(inputs)
        return self.padded({**self.ragged(tokens), "starts": starts, "ends": ends})

    def tokenize(self, texts: Any) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """Cuts texts, string `[batch]`, into tokens: string, and int64 byte starts and ends, ragged."""
        texts = tf.reshape(as_string_tensor(texts), [-1])
        if self.tokenizer.kind == "segmenter":
            return self.tokenizer.cut(texts)
        return _cutter(self.tokenizer.kind).tokenize_with_offsets(texts)

    def ragged(self, tokens: tf.RaggedTensor) -> dict[str, tf.RaggedTensor]:
        """The features of tokens, string ragged `[batch, (tokens)]`, not padded."""
        return {name: tokens.with_values(part) for name, part in self.features(tokens.values).items()}

    def features(self, tokens: tf.Tensor) -> dict[str, Any]:
        """What is read of each token, string `[tokens]`.

        Returns:
            `"token_ids"` int32 `[tokens]`, never 0; with `max_characters`, `"char_ids"` int32 ragged
            `[tokens, (characters)]`; with `casing`, `"casing"` int32 `[tokens]`.
        """
        self.tokenizer._require_vocabulary()
        found: dict[str, Any] = {"token_ids": self._token_ids(tokens)}
        if self.characters is None and not self.casing:
            return found
        points = decode(tokens, lowercase=False)
        if self.characters is not None:
            own_space = tf.ones_like(points.row_splits[1:])  # what ends each row is no character of the token
            lengths = points.row_splits[1:] - points.row_splits[:-1] - own_space
            places = tf.ragged.range(points.row_splits[:-1], points.row_splits[:-1] + lengths)
            ids = places.with_values(
                self.characters.table.character_ids(tf.gather(points.values, places.values))
            )
            found["char_ids"] = cut_ragged(ids, self.max_characters, "middle")
        if self.casing:
            found["casing"] = casing_ids(points)
        return found

    def _token_ids(self, tokens: tf.Tensor) -> tf.Tensor:
        ids = self._look_up(self._points(tokens))
        unknown = tf.where(tf.equal(ids, UNKNOWN_ID))
        points = self._points(tf.gather_nd(tokens, unknown), lowercase=True)
        small = self._look_up(points)
        other = self._look_up(points._replace(values=in_other_width(points.values)))
        ids = tf.tensor_scatter_nd_update(ids, unknown, tf.where(tf.equal(small, UNKNOWN_ID), other, small))
        return tf.maximum(ids, UNKNOWN_ID)  # a token `[PAD]` that comes ready is no padding

    def _points(self, tokens: tf.Tensor, lowercase: bool | None = None) -> CodePoints:
        points = decode(tokens, lowercase=self.tokenizer.lowercase if lowercase is None else lowercase)
        # White space of any kind is a plain blank, as the character tokenizer writes it.
        return points._replace(values=tf.where(tf.equal(points.classes, SPACE), ord(" "), points.values))

    def _look_up(self, points: CodePoints) -> tf.Tensor:
        starts, ends = points.row_splits[:-1], points.row_splits[1:] - 1
        table = self.tokenizer.table
        single = table.character_ids(tf.gather(points.values, starts))
        if table.words is None:
            return tf.where(tf.equal(ends - starts, 1), single, UNKNOWN_ID)
        longer = tf.where(ends - starts != 1)  # those alone become strings
        words = span_strings(points, tf.gather_nd(starts, longer), tf.gather_nd(ends, longer))
        return tf.tensor_scatter_nd_update(single, longer, table.word_ids(words))

    def padded(self, parts: Mapping[str, tf.RaggedTensor]) -> dict[str, tf.Tensor]:
        """Pads each part, ragged `[batch, (tokens)]` or `[batch, (tokens), (characters)]`, with 0."""
        return {name: pad_ragged(part) for name, part in parts.items()}

    def compute_output_spec(self, inputs: Any) -> dict[str, keras.KerasTensor]:
        """Returns the symbolic outputs, of texts."""
        rows = inputs.shape[0]
        spec = {name: keras.KerasTensor((rows, None), "int64") for name in ("starts", "ends")}
        spec["token_ids"] = keras.KerasTensor((rows, None), "int32")
        if self.max_characters:
            spec["char_ids"] = keras.KerasTensor((rows, None, None), "int32")
        if self.casing:
            spec["casing"] = keras.KerasTensor((rows, None), "int32")
        return spec

    def get_config(self) -> dict[str, Any]:
        """Returns the settings, with the tokenizer's own."""
        return {
            **super().get_config(),
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "max_tokens": self.max_tokens,
            "max_characters": self.max_characters,
            "casing": self.casing,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TaggingPreprocessor:
        """Builds the layer, and its tokenizer, from `get_config`."""
        for kind in TOKENIZERS:
            tokenizer_class(kind)  # imported, and so known to Keras, whichever it is
        return cls(**{**config, "tokenizer": keras.saving.deserialize_keras_object(config["tokenizer"])})


def in_other_width(values: tf.Tensor) -> tf.Tensor:
    """Code points, int32, of letters, digits and signs in the other width; the others as they are."""
    shift = FULL_WIDTH.start - HALF_WIDTH.start
    half = (values >= HALF_WIDTH.start) & (values < HALF_WIDTH.stop)
    full = (values >= FULL_WIDTH.start) & (values < FULL_WIDTH.stop)
    return tf.where(half, values + shift, tf.where(full, values - shift, values))


@functools.cache
def _cutter(kind: str) -> Tokenizer:
    """Cuts as a tokenizer of this kind does, and leaves capitals as they are; it needs no vocabulary.

    No attribute of the layer: Keras would look for its vocabulary in saved files.
    """
    return tokenizer_class(kind)(lowercase=False)
