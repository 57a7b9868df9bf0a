"""Text that is cut already: tokens stand between white space, as they are."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfnlp.text.code_points import CodePoints, decode, kept_tokens, span_strings, word_spans
from tfnlp.text.tokenizer import Tokenizer
from tfnlp.text.unicode_table import SINGLE, WORD
from tfnlp.text.vocabulary import Vocabulary

# What corpora that come cut, such as the Penn Treebank, write in the place of a rare word.
UNKNOWN_WORD = "<unk>"


@keras.saving.register_keras_serializable(package="tfnlp")
class SpaceTokenizer(Tokenizer):
    """Takes a text's tokens as white space parts them, with core string ops alone.

    For corpora that come cut, by hand or by a program: the Penn Treebank, People's Daily. White space is Unicode's
    (U+3000 among it); controls, invisible format characters and broken UTF-8 are dropped without separating. Nothing
    else changes. `<unk>` stands for a rare word and is no word itself: its id is that of `[UNK]`.

    Args:
        lowercase: bool. Whether to lower-case. Defaults to `False`.
        min_count: int. `adapt` leaves out tokens seen less often. Defaults to 1.
        max_size: int or None. Greatest vocabulary `adapt` makes, special tokens included.

    Example:
        >>> SpaceTokenizer().tokenize(" the <unk> 's N %").numpy().astype(str)
        ["the", "<unk>", "'s", "N", "%"]
    """

    kind = "space"

    def __init__(self, *, lowercase: bool = False, **kwargs: Any):
        super().__init__(lowercase=lowercase, **kwargs)

    def _tokens_with_offsets(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        points = self._points(texts, with_offsets=True)
        spans = word_spans(points)
        words = span_strings(points, spans.starts, spans.ends)
        starts = tf.gather(points.byte_starts, spans.starts)
        ends = tf.gather(points.byte_ends, spans.ends - 1)
        return tuple(
            tf.RaggedTensor.from_row_lengths(part, spans.row_lengths, validate=False)
            for part in (words, starts, ends)
        )

    def _ids(self, texts: tf.Tensor, max_tokens: int | None, truncate: str) -> tf.RaggedTensor:
        points = self._points(texts)
        spans = word_spans(points)
        kept = kept_tokens(spans.row_starts, spans.row_lengths, max_tokens, truncate)
        starts, ends = tf.gather(spans.starts, kept.values), tf.gather(spans.ends, kept.values)
        return kept.with_values(self.table.word_ids(span_strings(points, starts, ends)))

    def _points(self, texts: tf.Tensor, with_offsets: bool = False) -> CodePoints:
        """The characters, none of which is a token by itself."""
        points = decode(texts, lowercase=self.lowercase, with_offsets=with_offsets)
        return points._replace(classes=tf.where(tf.equal(points.classes, SINGLE), WORD, points.classes))

    def _learn(self, counts: dict[str, int]) -> Vocabulary:
        return super()._learn({token: count for token, count in counts.items() if token != UNKNOWN_WORD})

    def _spacing(self, token: str) -> tuple[bool, bool]:
        return True, True
