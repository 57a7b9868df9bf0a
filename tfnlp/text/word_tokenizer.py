"""Words: lower-cased, punctuation split off, Chinese and Japanese characters one by one."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfnlp.text.code_points import decode, kept_tokens, span_strings, word_spans
from tfnlp.text.tokenizer import Tokenizer


@keras.saving.register_keras_serializable(package="tfnlp")
class WordTokenizer(Tokenizer):
    """Cuts texts into words with core string ops alone.

    A word is a run of letters, digits and marks of any script. Punctuation (full-width forms included), symbols,
    emoji, Han, kana and bopomofo characters are tokens by themselves. White space separates and is dropped;
    controls, invisible format characters and broken UTF-8 are dropped without separating. Nothing is folded: ｆｕｌｌ
    and full, e and é, stay different. Scripts written without spaces other than the named ones, such as Thai, stay
    whole between spaces.

    Args:
        lowercase: bool. Whether to lower-case. Defaults to `True`.
        min_count: int. `adapt` leaves out tokens seen less often. Defaults to 1.
        max_size: int or None. Greatest vocabulary `adapt` makes, special tokens included.

    Example:
        >>> WordTokenizer().tokenize("Don't say 我喜欢！").numpy().astype(str)
        ["don", "'", "t", "say", "我", "喜", "欢", "！"]
    """

    kind = "word"

    def _tokens_with_offsets(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        points = decode(texts, lowercase=self.lowercase, with_offsets=True)
        spans = word_spans(points)
        words = span_strings(points, spans.starts, spans.ends)
        starts = tf.gather(points.byte_starts, spans.starts)
        ends = tf.gather(points.byte_ends, spans.ends - 1)
        return tuple(
            tf.RaggedTensor.from_row_lengths(part, spans.row_lengths, validate=False)
            for part in (words, starts, ends)
        )

    def _ids(self, texts: tf.Tensor, max_tokens: int | None, truncate: str) -> tf.RaggedTensor:
        points = decode(texts, lowercase=self.lowercase)
        spans = word_spans(points)
        kept = kept_tokens(spans.row_starts, spans.row_lengths, max_tokens, truncate)
        starts, ends = tf.gather(spans.starts, kept.values), tf.gather(spans.ends, kept.values)
        # Most tokens of a Chinese text are one character: those go by code point, only the others become strings.
        ids = self.table.character_ids(tf.gather(points.values, starts))
        longer = tf.where(ends - starts > 1)
        words = span_strings(points, tf.gather_nd(starts, longer), tf.gather_nd(ends, longer))
        return kept.with_values(tf.tensor_scatter_nd_update(ids, longer, self.table.word_ids(words)))
