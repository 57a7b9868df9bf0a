"""Words as a trained segmenter cuts them: a tagger inside a tokenizer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.tasks.tags_in_graph import tag_in_graph
from tfnlp.tasks.token_tagger import TokenTagger
from tfnlp.text.code_points import decode, row_strings
from tfnlp.text.padding import row_numbers
from tfnlp.text.tokenizer import Tokenizer, cut_ragged
from tfnlp.text.words_apart import WordBorders


@keras.saving.register_keras_serializable(package="tfnlp")
class SegmentingTokenizer(Tokenizer):
    """Cuts texts into words with a trained tagger of characters, wholly in the graph.

    The tagger travels inside everything saved, a SavedModel included; whatever is trained on top leaves it as it is.
    Its words are those of the corpus it was trained on. White space always parts words and is dropped. There is no twin
    of it in plain Python, so no `.tflite` file.

    Args:
        segmenter: a `TokenTagger` whose tags make out words (BMES, BIOES or BIO, with types or without), or the path of
            its `.keras` file.
        lowercase: bool. Whether words are lower-cased once they are cut.
        min_count: int. `adapt` leaves out words seen less often.
        max_size: int or None. Greatest vocabulary `adapt` makes, special tokens included.

    Raises:
        UserError: if there is no such file, or the tagger's tags are not of words.

    Example:
        ```python
        tokenizer = SegmentingTokenizer("runs/segment-zh/1/model.keras")
        tokenizer.tokenize(["今天天气很好"])  # [["今天", "天气", "很", "好"]]
        ```
    """

    kind = "segmenter"

    def __init__(
        self,
        segmenter: TokenTagger | str | os.PathLike[str],
        *,
        lowercase: bool = True,
        min_count: int = 1,
        max_size: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(lowercase=lowercase, min_count=min_count, max_size=max_size, **kwargs)
        self.segmenter = _untrained_further(
            _checked(_load(Path(segmenter)) if isinstance(segmenter, str | os.PathLike) else segmenter)
        )
        self.segmenter.trainable = False
        self._borders = WordBorders(self.segmenter.tags)
        compiled = tf.function(self._cut, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
        # Hidden in a function: tracked, it would be saved as one more function of the tokenizer.
        self._compiled = lambda: compiled

    def cut(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        """As `tokenize_with_offsets` of string `[batch]`, the words with the capitals that they have in the text."""
        return self._compiled()(texts)

    def _cut(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        read = self.segmenter.preprocessor
        tokens, starts, ends = read.tokenize(texts)
        numbers, _ = tag_in_graph(self.segmenter, read.ragged(tokens), scores=False)
        rows = row_numbers(tokens.row_splits)
        space = tf.equal(tokens.values, " ")
        first = tf.boolean_mask(self._first_of_words(numbers, rows, space), ~space)
        tokens, starts, ends = (
            tf.ragged.boolean_mask(part, tokens.with_values(~space)) for part in (tokens, starts, ends)
        )
        word = tf.cumsum(tf.cast(first, tf.int64)) - 1
        count = tf.reduce_sum(tf.cast(first, tf.int64))
        words = tf.strings.unsorted_segment_join(tokens.values, word, count)
        words_of_text = tf.math.unsorted_segment_sum(
            tf.cast(first, tf.int64), row_numbers(tokens.row_splits), tokens.nrows()
        )
        parts = (
            words,
            tf.boolean_mask(starts.values, first),
            tf.math.unsorted_segment_max(ends.values, word, count),
        )
        return tuple(tf.RaggedTensor.from_row_lengths(part, words_of_text, validate=False) for part in parts)

    def _tokens_with_offsets(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        words, starts, ends = self.cut(texts)
        if self.lowercase:
            words = words.with_values(row_strings(decode(words.values, lowercase=True)))
        return words, starts, ends

    def _first_of_words(self, numbers: tf.Tensor, rows: tf.Tensor, space: tf.Tensor) -> tf.Tensor:
        """Which tokens begin a word: bool `[tokens]`; as `WordBorders.first_tokens`, and behind white space."""
        types = tf.gather(self._borders.types, numbers)
        begins = (
            tf.gather(self._borders.opens, numbers)[1:]
            | tf.gather(self._borders.closes, numbers)[:-1]
            | tf.not_equal(types[1:], types[:-1])
            | tf.not_equal(rows[1:], rows[:-1])
            | space[:-1]
        )
        return tf.concat([tf.ones_like(space[:1]), begins], 0)

    def _ids(self, texts: tf.Tensor, max_tokens: int | None, truncate: str) -> tf.RaggedTensor:
        words = self._tokens_with_offsets(texts)[0]
        return cut_ragged(words.with_values(self.table.word_ids(words.values)), max_tokens, truncate)

    def get_config(self) -> dict[str, Any]:
        """Returns the settings and the segmenter's own; its weights and vocabulary are saved beside them."""
        return {**super().get_config(), "segmenter": keras.saving.serialize_keras_object(self.segmenter)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SegmentingTokenizer:
        """Builds the tokenizer, and its segmenter, from `get_config`."""
        return cls(**{**config, "segmenter": keras.saving.deserialize_keras_object(config["segmenter"])})


def _load(path: Path) -> Any:
    if not path.is_file():
        raise UserError(
            f"there is no segmenter at {path}. Name the `.keras` file of a tagger, e.g. one that `tfnlp train "
            "pipelines/segment-zh.toml` made"
        )
    try:
        return keras.saving.load_model(path, compile=False)
    except ValueError as error:
        raise UserError(f"{path} is no model that Keras can load: {error}") from error


def _untrained_further(segmenter: TokenTagger) -> TokenTagger:
    """The segmenter, or, where it was compiled, a copy without its optimizer: that would be saved with it."""
    if getattr(segmenter, "optimizer", None) is None:
        return segmenter
    copy = TokenTagger.from_config(segmenter.get_config())
    copy.preprocessor.tokenizer.set_vocabulary(segmenter.preprocessor.vocabulary)
    copy.set_weights(segmenter.get_weights())
    return copy


def _checked(segmenter: Any) -> TokenTagger:
    if not isinstance(segmenter, TokenTagger):
        raise UserError(f"a segmenter is a TokenTagger. Received: {type(segmenter).__name__}")
    tags = segmenter.tags
    letters = {tag[:1] for tag in tags}
    if segmenter.character_encoder is not None or segmenter.casing_dim:
        raise UserError("a segmenter reads characters alone, without a character encoder and without casing")
    if segmenter.scheme == "plain" or not letters <= set("BMIES"):
        raise UserError(
            f"a segmenter's tags make every token part of a word (BMES). Received: {', '.join(tags[:8])}"
        )
    return segmenter
