"""WordPiece: words cut further into the longest known pieces."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfnlp.text.code_points import decode, span_strings, split_at, word_spans
from tfnlp.text.tf_text import import_tf_text
from tfnlp.text.tokenizer import Tokenizer, cut_ragged
from tfnlp.text.twin import MAX_BYTES_PER_WORD
from tfnlp.text.unicode_table import SINGLE, load_table
from tfnlp.text.vocabulary import PAD_TOKEN, UNKNOWN_TOKEN, Vocabulary
from tfnlp.text.vocabulary_table import VocabularyAsset

DEFAULT_MAX_SIZE = 8000
_JOINER = "##"
_LEARNER = "tensorflow_text.tools.wordpiece_vocab.wordpiece_tokenizer_learner_lib"
_LEARNER_WORDS = 200_000  # rarer words change no piece but cost time


@keras.saving.register_keras_serializable(package="tfnlp")
class WordPieceTokenizer(Tokenizer):
    """Cuts texts into words as `WordTokenizer` does, and words into pieces of a learnt vocabulary.

    From the left, always the longest known piece is taken; a piece inside a word is written `##piece`. A word that
    does not come out, or is longer than 100 bytes, is `[UNK]` as a whole. Needs `tensorflow_text`, and so does the
    process that loads the saved model.

    Args:
        lowercase: bool. Whether to lower-case. Defaults to `True`.
        min_count: int. Least count of a piece that `adapt` takes in. Defaults to 1.
        max_size: int or None. Greatest vocabulary `adapt` makes, special tokens included; None stands for 8,000.

    Reference:
        Song et al., Fast WordPiece Tokenization, EMNLP 2021, https://arxiv.org/abs/2012.15524
    """

    kind = "wordpiece"

    def __init__(
        self,
        *,
        lowercase: bool = True,
        min_count: int = 1,
        max_size: int | None = DEFAULT_MAX_SIZE,
        **kwargs: Any,
    ):
        super().__init__(lowercase=lowercase, min_count=min_count, max_size=max_size, **kwargs)
        self._cutter: Any = None
        self._tokens: Any = None

    def _counted_tokens(self, texts: tf.Tensor) -> tf.Tensor:
        points = decode(texts, lowercase=self.lowercase)
        spans = word_spans(points)
        return span_strings(points, spans.starts, spans.ends)

    def _learn(self, counts: dict[str, int]) -> Vocabulary:
        """Gives characters that stand alone a place as they are, and the learner the words of letters.

        The learner would write each of its characters a second time with `##`, which a Han character never needs.
        """
        places = (self.max_size or DEFAULT_MAX_SIZE) - 2
        kept = sorted(
            ((word, count) for word, count in counts.items() if count >= self.min_count),
            key=lambda item: (-item[1], item[0]),
        )
        classes = load_table().classes
        singles = [word for word, _ in kept if len(word) == 1 and classes[ord(word)] == SINGLE]
        alone = set(singles)
        words = [item for item in kept if item[0] not in alone][:_LEARNER_WORDS]
        front = min(len(singles), places * 3 // 4) if words else len(singles)
        pieces = self._learn_pieces(words, places - front) if words else []
        tokens = [*singles[:front], *pieces, *singles[front:]][:places]
        return Vocabulary([PAD_TOKEN, UNKNOWN_TOKEN, *tokens])

    def _learn_pieces(self, words: list[tuple[str, int]], places: int) -> list[str]:
        learned = import_tf_text(_LEARNER).learn(
            words,
            vocab_size=places,
            reserved_tokens=[],
            lower_thresh=self.min_count,
            max_input_tokens=-1,
            max_unique_chars=max(1, min(1000, places // 3)),
            joiner=_JOINER,
        )
        # single characters in front: cutting the list at its end must never lose one, or words become unknown
        return sorted(learned, key=lambda piece: len(piece.removeprefix(_JOINER)) > 1)[:places]

    def _make_table(self, vocabulary: Vocabulary) -> VocabularyAsset:
        self._cutter = import_tf_text().FastWordpieceTokenizer(
            vocabulary.tokens,
            suffix_indicator=_JOINER,
            max_bytes_per_word=MAX_BYTES_PER_WORD,
            token_out_type=tf.int32,
            unknown_token=UNKNOWN_TOKEN,
            no_pretokenization=True,
        )
        self._tokens = tf.constant(vocabulary.tokens)
        return VocabularyAsset(vocabulary)

    def _ids(self, texts: tf.Tensor, max_tokens: int | None, truncate: str) -> tf.RaggedTensor:
        points = decode(texts, lowercase=self.lowercase)
        spans = word_spans(points)
        pieces = self._cutter.tokenize(span_strings(points, spans.starts, spans.ends))
        ids = tf.RaggedTensor.from_row_lengths(pieces, spans.row_lengths, validate=False).merge_dims(1, 2)
        return cut_ragged(ids, max_tokens, truncate)

    def _tokens_with_offsets(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        self._require_vocabulary()
        points = decode(texts, lowercase=self.lowercase, with_offsets=True)
        spans = word_spans(points)
        words = span_strings(points, spans.starts, spans.ends)
        pieces, first_bytes, last_bytes = self._cutter.tokenize_with_offsets(words)
        # Offsets count bytes of the lower-cased word. Where each byte's character lies among all characters leads
        # back to the original text, whose bytes may be more or fewer.
        byte_places = tf.cumsum(tf.cast(tf.strings.length(words), tf.int64), exclusive=True)
        widths = _utf8_widths(tf.gather(points.values, tf.ragged.range(spans.starts, spans.ends).values))
        character_bytes = tf.cumsum(widths, exclusive=True)
        owner = tf.gather(byte_places, pieces.value_rowids())
        characters = tf.ragged.range(spans.starts, spans.ends).values
        firsts = tf.gather(
            characters, split_at(character_bytes, owner + tf.cast(first_bytes.values, tf.int64))
        )
        lasts = tf.gather(
            characters, split_at(character_bytes, owner + tf.cast(last_bytes.values, tf.int64)) - 1
        )
        columns = (
            tf.gather(self._tokens, pieces.values),
            tf.gather(points.byte_starts, firsts),
            tf.gather(points.byte_ends, lasts),
        )
        return tuple(
            tf.RaggedTensor.from_row_lengths(
                pieces.with_values(column), spans.row_lengths, validate=False
            ).merge_dims(1, 2)
            for column in columns
        )

    def _spacing(self, token: str) -> tuple[bool, bool]:
        before, after = super()._spacing(token)
        return before and not _is_inner(token), after

    def _written(self, token: str) -> str:
        return token.removeprefix(_JOINER) if _is_inner(token) else token


def _is_inner(token: str) -> bool:
    return token.startswith(_JOINER) and len(token) > len(_JOINER)


def _utf8_widths(code_points: tf.Tensor) -> tf.Tensor:
    """Bytes of each code point in UTF-8, int64."""
    wider = [tf.cast(code_points >= least, tf.int64) for least in (0x80, 0x800, 0x10000)]
    return 1 + tf.add_n(wider)
