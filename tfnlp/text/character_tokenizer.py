"""Characters: every one a token, white space squeezed to a single blank."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfnlp.text.code_points import character_spans, decode, kept_tokens
from tfnlp.text.tokenizer import Tokenizer
from tfnlp.text.unicode_table import SPACE
from tfnlp.text.vocabulary import Vocabulary
from tfnlp.text.vocabulary_table import VocabularyTable


@keras.saving.register_keras_serializable(package="tfnlp")
class CharacterTokenizer(Tokenizer):
    """Cuts texts into characters with core string ops alone.

    Every code point is a token, marks included. A run of white space, line ends included, is one token `" "`; white
    space at the start and end of a text is dropped, and so are controls, invisible format characters and broken
    UTF-8. An emoji of several code points gives one token for each that is visible.

    Args:
        lowercase: bool. Whether to lower-case. Defaults to `True`.
        min_count: int. `adapt` leaves out characters seen less often. Defaults to 1.
        max_size: int or None. Greatest vocabulary `adapt` makes, special tokens included.

    Example:
        >>> b"|".join(CharacterTokenizer().tokenize(" A  b我").numpy()).decode()
        'a| |b|我'
    """

    kind = "char"

    def _tokens_with_offsets(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        points = decode(texts, lowercase=self.lowercase, with_offsets=True)
        spans = character_spans(points)
        kept = kept_tokens(spans.row_starts, spans.row_lengths, None, "tail")
        places = tf.gather(spans.starts, kept.values)
        values, space = self._characters(points, places)
        # a run of white space reaches to the next token, which is there because no text ends in such a run
        following = tf.gather(spans.starts, kept.values + 1)
        ends = tf.where(space, tf.gather(points.byte_starts, following), tf.gather(points.byte_ends, places))
        characters = tf.strings.unicode_encode(values[:, tf.newaxis], "UTF-8")
        starts = tf.gather(points.byte_starts, places)
        return tuple(kept.with_values(part) for part in (characters, starts, ends))

    def _ids(self, texts: tf.Tensor, max_tokens: int | None, truncate: str) -> tf.RaggedTensor:
        points = decode(texts, lowercase=self.lowercase)
        spans = character_spans(points)
        kept = kept_tokens(spans.row_starts, spans.row_lengths, max_tokens, truncate)
        values, _ = self._characters(points, tf.gather(spans.starts, kept.values))
        return kept.with_values(self.table.character_ids(values))

    def _characters(self, points: Any, places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the code points at the places, white space as a plain blank, and which of them are white space."""
        space = tf.equal(tf.gather(points.classes, places), SPACE)
        return tf.where(space, ord(" "), tf.gather(points.values, places)), space

    def _make_table(self, vocabulary: Vocabulary) -> VocabularyTable:
        return VocabularyTable(vocabulary, whole_words=False)

    def _spacing(self, token: str) -> tuple[bool, bool]:
        return False, False
