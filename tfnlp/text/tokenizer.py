"""The base of the tokenizers: vocabulary, saving, and the surface that all four share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text.code_points import kept_tokens
from tfnlp.text.corpus_stream import as_string_tensor, stream_batches
from tfnlp.text.unicode_table import is_spaceless, load_table
from tfnlp.text.vocabulary import PAD_ID, TokenCounter, Vocabulary, check_limits
from tfnlp.text.vocabulary_table import VOCABULARY_FILE, VocabularyAsset, VocabularyTable


@keras.saving.register_keras_serializable(package="tfnlp")
class Tokenizer(keras.layers.Layer):
    """Strings to token ids, wholly in the graph. Subclasses say how a text is cut.

    The vocabulary is learnt by `adapt` or given by `set_vocabulary`. It travels as the readable file `vocab.txt`
    inside everything saved: `.keras` archives through `save_assets`, SavedModels as an asset of the lookup table.

    Args:
        lowercase: bool. Whether to lower-case, one character to one character: İ becomes i and ς becomes σ.
        min_count: int. `adapt` leaves out tokens seen less often.
        max_size: int or None. Greatest vocabulary `adapt` makes, `[PAD]` and `[UNK]` included.

    Call arguments:
        texts: string tensor `[batch]` or scalar; lists and numpy arrays of str or bytes are taken too.

    Returns:
        int32 ragged tensor of ids `[batch, (tokens)]`; for a scalar text, int32 tensor `[tokens]`.

    Raises:
        UserError: if `min_count` or `max_size` is out of range, or there is no vocabulary yet.
    """

    kind = ""  # the name in the registry and in `settings()`

    def __init__(
        self, *, lowercase: bool = True, min_count: int = 1, max_size: int | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        check_limits(min_count, max_size)
        self.lowercase = lowercase
        self.min_count = min_count
        self.max_size = max_size
        self.table: Any = None  # a VocabularyAsset once there is a vocabulary
        self._vocabulary: Vocabulary | None = None
        self._allow_non_tensor_positional_args = True  # lists of str
        self._convert_input_args = False
        self.supports_jit = False
        self.built = True

    # What a subclass brings

    def tokenize(self, texts: Any) -> tf.RaggedTensor:
        """Cuts texts into tokens: string ragged `[batch, (tokens)]`; for a scalar text, string `[tokens]`."""
        return self.tokenize_with_offsets(texts)[0]

    def tokenize_with_offsets(self, texts: Any) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """Cuts texts into tokens and tells where each lies.

        Returns:
            `(tokens, starts, ends)`, string and twice int64, ragged `[batch, (tokens)]`; for a scalar text
            `[tokens]`. Token i is made of the bytes `starts[i]` to `ends[i]` of the original text, which may hold
            capitals and ignored characters that the token lacks.
        """
        batch, scalar = as_batch(texts)
        return tuple(unbatched(part, scalar) for part in self._tokens_with_offsets(batch))

    def encode(self, texts: Any, max_tokens: int | None = None, truncate: str = "tail") -> tf.RaggedTensor:
        """Turns texts into ids, cut to `max_tokens`: int32 ragged `[batch, (tokens)]` (scalar text: `[tokens]`).

        Args:
            texts: string `[batch]` or scalar.
            max_tokens: int or None. Greatest number of tokens of a text, None for no limit.
            truncate: "tail", "head", "both" or "middle", as in `TextPreprocessor`.
        """
        self._require_vocabulary()
        batch, scalar = as_batch(texts)
        return unbatched(self._ids(batch, max_tokens, truncate), scalar)

    def _tokens_with_offsets(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        raise TypeError(
            "Tokenizer is a base class: use WordTokenizer, CharacterTokenizer or another of the four."
        )

    def _ids(self, texts: tf.Tensor, max_tokens: int | None, truncate: str) -> tf.RaggedTensor:
        raise TypeError(
            "Tokenizer is a base class: use WordTokenizer, CharacterTokenizer or another of the four."
        )

    def _counted_tokens(self, texts: tf.Tensor) -> tf.Tensor:
        """The flat string tokens that `adapt` counts."""
        return self.tokenize(texts).flat_values

    def _learn(self, counts: dict[str, int]) -> Vocabulary:
        """Makes the vocabulary of the counts."""
        return Vocabulary.from_counts(counts, min_count=self.min_count, max_size=self.max_size)

    def _make_table(self, vocabulary: Vocabulary) -> VocabularyAsset:
        return VocabularyTable(vocabulary)

    def _spacing(self, token: str) -> tuple[bool, bool]:
        """Whether a space may stand before and after a token in detokenized text."""
        return not is_spaceless(token[0]), not is_spaceless(token[-1])

    # The surface

    def call(self, texts: Any) -> tf.RaggedTensor:
        """Turns texts into ids."""
        return self.encode(texts)

    def adapt(self, corpus: Iterable[Any]) -> None:
        """Learns the vocabulary from a corpus of any size, streamed once, in bounded memory (see `TokenCounter`).

        Args:
            corpus: an iterable of str or bytes, a numpy array, or a `tf.data.Dataset` of strings, batched or not.

        Raises:
            UserError: if the corpus is one string, holds anything but strings, or holds no token.
        """
        self._set(self._learn(self._count(corpus)))

    def _count(self, corpus: Iterable[Any]) -> dict[str, int]:
        """Counts a corpus's tokens."""
        counter = TokenCounter()
        cut = tf.function(
            self._counted_tokens, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False
        )
        for batch in stream_batches(corpus):
            counter.update(cut(tf.constant(batch, tf.string)).numpy().tolist())
        if not counter.counts:
            raise UserError(
                "The corpus holds no token to learn a vocabulary from. Check that its texts are not empty."
            )
        return {token.decode("utf-8"): seen for token, seen in counter.counts.items()}

    def set_vocabulary(self, tokens: Sequence[str] | Vocabulary) -> None:
        """Takes a ready vocabulary: the tokens in the order of their ids, `[PAD]` and `[UNK]` first."""
        self._set(tokens if isinstance(tokens, Vocabulary) else Vocabulary(tokens))

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary in use."""
        return self._require_vocabulary()

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens, `[PAD]` and `[UNK]` included."""
        return len(self._require_vocabulary())

    def detokenize(self, ids: Any) -> tf.Tensor:
        """Writes ids as texts again: tokens joined by spaces, without one beside a Han, kana or full-width sign.

        Args:
            ids: int tensor `[batch, time]`, ragged `[batch, (tokens)]`, or `[tokens]` for one text. Padding (0) is
                left out, an unknown token is written `[UNK]`.

        Returns:
            string tensor `[batch]`, or a scalar.
        """
        tokens = self._require_vocabulary().tokens
        ids, scalar = unpadded(ids)
        flat = ids.flat_values
        before, after = zip(*(self._spacing(token) for token in tokens))
        written = tf.gather(tf.constant([self._written(token) for token in tokens]), flat)
        spaced = tf.gather(tf.constant(before), flat) & tf.roll(tf.gather(tf.constant(after), flat), 1, 0)
        first = tf.equal(tf.ragged.range(ids.row_lengths()).flat_values, 0)
        joined = tf.where(spaced & ~first, tf.strings.join([" ", written]), written)
        texts = tf.strings.reduce_join(ids.with_flat_values(joined), axis=-1)
        return texts[0] if scalar else texts

    def _written(self, token: str) -> str:
        """A token as detokenized text shows it."""
        return token

    def settings(self) -> dict[str, Any]:
        """What the Python twin needs beside the vocabulary, as plain JSON."""
        return {"kind": self.kind, "lowercase": self.lowercase, "unicode": load_table().version}

    def save_assets(self, directory: str) -> None:
        """Writes `vocab.txt` into the folder; Keras calls this for `.keras` archives."""
        if self._vocabulary is not None:
            self._vocabulary.save(Path(directory, VOCABULARY_FILE))

    def load_assets(self, directory: str) -> None:
        """Reads `vocab.txt` from the folder; without the file the tokenizer stays without a vocabulary."""
        path = Path(directory, VOCABULARY_FILE)
        if path.exists():
            self._set(Vocabulary.load(path))

    def get_config(self) -> dict[str, Any]:
        """Returns the settings, without the vocabulary."""
        return {
            **super().get_config(),
            "lowercase": self.lowercase,
            "min_count": self.min_count,
            "max_size": self.max_size,
        }

    def _set(self, vocabulary: Vocabulary) -> None:
        with tf.init_scope():
            self.table = self._make_table(vocabulary)
        self._vocabulary = vocabulary

    def _require_vocabulary(self) -> Vocabulary:
        if self._vocabulary is None:
            raise UserError(
                "The tokenizer has no vocabulary yet. Call `adapt(corpus)` or `set_vocabulary(tokens)`."
            )
        return self._vocabulary


def as_batch(texts: Any) -> tuple[tf.Tensor, bool]:
    """Returns the texts as string `[batch]`, and whether they came as a scalar."""
    texts = as_string_tensor(texts)
    return tf.reshape(texts, [-1]), texts.shape.rank == 0


def unbatched(ragged: tf.RaggedTensor, scalar: bool) -> tf.Tensor | tf.RaggedTensor:
    """Returns the only row of a batch that stands for a scalar text, other batches as they are."""
    return ragged.flat_values if scalar else ragged


def unpadded(ids: Any) -> tuple[tf.RaggedTensor, bool]:
    """Returns ids `[batch, time]`, ragged or `[tokens]` as ragged without padding, and whether it was one text."""
    ids = ids if isinstance(ids, tf.RaggedTensor) else tf.convert_to_tensor(ids)
    scalar = ids.shape.rank == 1
    if scalar:
        ids = ids[tf.newaxis]
    if not isinstance(ids, tf.RaggedTensor):
        ids = tf.RaggedTensor.from_tensor(ids)
    return tf.ragged.boolean_mask(ids, tf.not_equal(ids, PAD_ID)), scalar


def cut_ragged(ids: tf.RaggedTensor, max_tokens: int | None, truncate: str) -> tf.RaggedTensor:
    """Cuts each row of a ragged tensor `[batch, (tokens)]` to `max_tokens`."""
    if max_tokens is None:
        return ids
    kept = kept_tokens(ids.row_starts(), ids.row_lengths(), max_tokens, truncate)
    return kept.with_values(tf.gather(ids.values, kept.values))
