"""A tagger in the graph: texts or ready tokens in; tokens, tags and spans out, Viterbi included.

Signatures:
    `serving_default`: `text` string `[batch]` -> of each token, `[batch, time]`, padded at the end: `tokens` string
        (its bytes in the text), `tags` string, `scores` float32 (the tag's probability), `starts` and `ends` int32
        (bytes of the text); `lengths` int32 `[batch]`, how many tokens there are. And of each span, `[batch, spans]`:
        `span_labels` and `span_texts` string, `span_starts` and `span_ends` int32 (bytes of the text),
        `span_character_starts` and `span_character_ends` int32 (code points of the text), `span_scores` float32 (the
        least of its tokens' scores); `span_lengths` int32 `[batch]`, how many spans there are.
    `tag_tokens`: `tokens` string `[batch, time]` and `lengths` int32 `[batch]`, how many of them are real -> `tags`
        and `scores` `[batch, time]`, and of the spans `span_labels`, `span_scores` and `span_lengths` as above, and
        `span_starts` and `span_ends` counted in tokens.

Padding is `""` or 0. Where tags are free, one a token (the scheme `plain`), there are no spans. A text of more than
`piece_tokens` tokens is read in pieces.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from tfnlp.tasks.tags_in_graph import tag_in_graph
from tfnlp.text.padding import row_numbers
from tfnlp.text.tag_schemes import OUTSIDE, split_tag


class TaggerModule(tf.Module):
    """What is saved: the two signatures and only those objects that they use.

    Args:
        task: a trained `TokenTagger`.
        tags_file: a file of its tags, one a line.
    """

    def __init__(self, task: Any, tags_file: str):
        super().__init__(name="token_tagger")
        # The bare variables, not the Keras model: a loader without Keras has no use for its objects.
        self.weights = [variable.value for variable in task.variables if variable.dtype != "string"]
        self.preprocessor = task.preprocessor
        self.tags_file = tf.saved_model.Asset(tags_file)
        # Hidden in a function: tracked it would drag in Keras's objects.
        self._task = lambda: task
        self._spans = SpanTable(task.tags, task.scheme)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
    def serve(self, text: Any) -> dict[str, Any]:
        """`serving_default`; see above."""
        tokens, starts, ends = self.preprocessor.tokenize(text)
        lengths = tokens.row_lengths()
        numbers, scores = tag_in_graph(self._task(), self.preprocessor.ragged(tokens), scores=True)
        starts, ends = starts.values, ends.values
        rows = row_numbers(tokens.row_splits)
        spans = self._spans.find(numbers, scores, rows)
        counts = count_rows(spans.rows, tf.size(lengths))
        cut = _TextCutter(text)
        of_tokens = {
            "tokens": cut(rows, starts, ends),
            "tags": tf.gather(self._names(), numbers),
            "scores": scores,
            "starts": tf.cast(starts, tf.int32),
            "ends": tf.cast(ends, tf.int32),
        }
        span_starts, span_ends = tf.gather(starts, spans.first), tf.gather(ends, spans.last)
        characters = CharacterPlaces(text)
        of_spans = {
            "span_labels": spans.labels,
            "span_texts": cut(spans.rows, span_starts, span_ends),
            "span_starts": tf.cast(span_starts, tf.int32),
            "span_ends": tf.cast(span_ends, tf.int32),
            "span_character_starts": characters(spans.rows, span_starts),
            "span_character_ends": characters(spans.rows, span_ends),
            "span_scores": spans.scores,
        }
        return {
            **{name: _dense(flat, lengths) for name, flat in of_tokens.items()},
            **{name: _dense(flat, counts) for name, flat in of_spans.items()},
            "lengths": tf.cast(lengths, tf.int32),
            "span_lengths": tf.cast(counts, tf.int32),
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.string, name="tokens"),
            tf.TensorSpec([None], tf.int32, name="lengths"),
        ],
        autograph=False,
    )
    def tag_tokens(self, tokens: Any, lengths: Any) -> dict[str, Any]:
        """`tag_tokens`; see above."""
        time = tf.shape(tokens)[1]
        ragged = tf.RaggedTensor.from_tensor(
            tokens, lengths=tf.cast(tf.clip_by_value(lengths, 0, time), tf.int64)
        )
        lengths = ragged.row_lengths()
        numbers, scores = tag_in_graph(self._task(), self.preprocessor.ragged(ragged), scores=True)
        spans = self._spans.find(numbers, scores, row_numbers(ragged.row_splits))
        counts = count_rows(spans.rows, tf.size(lengths))
        row_starts = tf.gather(ragged.row_starts(), spans.rows)
        of_spans = {
            "span_labels": spans.labels,
            "span_starts": tf.cast(spans.first - row_starts, tf.int32),
            "span_ends": tf.cast(spans.last + 1 - row_starts, tf.int32),
            "span_scores": spans.scores,
        }
        return {
            "tags": _dense(tf.gather(self._names(), numbers), lengths, time),
            "scores": _dense(scores, lengths, time),
            **{name: _dense(flat, counts) for name, flat in of_spans.items()},
            "span_lengths": tf.cast(counts, tf.int32),
        }

    def _names(self) -> Any:
        return tf.constant(self._task().tags, tf.string)


def count_rows(rows: Any, batch: Any) -> Any:
    """How many of the ascending row numbers `[any]` are 0, 1, ...: int64 `[batch]`."""
    return tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, batch)


def _dense(flat: Any, lengths: Any, time: Any = None) -> Any:
    """One value a token as `[batch, time]`, padded with 0 or the empty string."""
    if time is None:
        time = tf.reduce_max(tf.concat([[0], lengths], 0))
    ragged = tf.RaggedTensor.from_row_lengths(flat, lengths, validate=False)
    shape = tf.stack([tf.size(lengths, tf.int64), tf.cast(time, tf.int64)])
    return tf.ensure_shape(ragged.to_tensor(shape=shape), [None, None])


class _TextCutter:
    """Cuts pieces out of texts by their bytes: `cut(rows, starts, ends)`, all int64 `[pieces]` -> string `[pieces]`.

    A substring op would copy the whole text for each piece.
    """

    def __init__(self, texts: Any):
        self._bytes = tf.strings.bytes_split(texts)

    def __call__(self, rows: Any, starts: Any, ends: Any) -> Any:
        offsets = tf.gather(self._bytes.row_starts(), rows)
        places = tf.ragged.range(offsets + starts, offsets + ends)
        return tf.strings.unsorted_segment_join(
            tf.gather(self._bytes.values, places.values), row_numbers(places.row_splits), tf.size(rows)
        )


class CharacterPlaces:
    """Turns bytes of texts into characters. Broken UTF-8 counts as in `tfnlp.text.offsets.byte_to_character_offsets`.

    Args:
        texts: string `[batch]`.
    """

    def __init__(self, texts: Any):
        self._row_splits, _, starts = tf.raw_ops.UnicodeDecodeWithOffsets(
            input=texts, input_encoding="UTF-8", errors="replace", replacement_char=0xFFFD
        )
        # Places in all texts joined, so that one sorted row answers for them all.
        sizes = tf.cast(tf.strings.length(texts), tf.int64)
        self._text_starts = tf.cumsum(sizes, exclusive=True)
        self._starts = starts + tf.gather(self._text_starts, row_numbers(self._row_splits))

    def __call__(self, rows: Any, offsets: Any) -> Any:
        """Counts the characters before each place: int32 `[places]`.

        Args:
            rows: int64 `[places]`, the text that each is in.
            offsets: int64 `[places]`, bytes of it: where a character starts, or where the text ends.
        """
        found = tf.searchsorted(self._starts, tf.gather(self._text_starts, rows) + offsets, out_type=tf.int64)
        return tf.cast(found - tf.gather(self._row_splits, rows), tf.int32)


class FoundSpans(NamedTuple):
    """Spans in their order, as flat tensors `[spans]`: their rows, first and last tokens, labels, and scores."""

    rows: tf.Tensor
    first: tf.Tensor
    last: tf.Tensor
    labels: tf.Tensor
    scores: tf.Tensor


class SpanTable:
    """What each tag does to spans, as tables by its number; reads spans as `tfnlp.data.tagging.spans_of` does.

    Args:
        tags: the tags' names.
        scheme: theirs.
    """

    def __init__(self, tags: list[str], scheme: str):
        split = [("", "") if tag == OUTSIDE or scheme == "plain" else split_tag(tag) for tag in tags]
        self._inside = [bool(letter) for letter, _ in split]
        self._opens = [letter in ("B", "S") for letter, _ in split]
        self._closes = [letter in ("E", "S") for letter, _ in split]
        self._names = sorted({label for _, label in split})
        self._labels = [self._names.index(label) for _, label in split]

    def find(self, numbers: Any, scores: Any, rows: Any) -> FoundSpans:
        """Finds the spans.

        Args:
            numbers: int32 `[tokens]`, the tags.
            scores: float32 `[tokens]`.
            rows: int64 `[tokens]`, the text that each token is of, ascending.
        """
        inside, opens, closes, labels = (
            tf.gather(tf.constant(table), numbers)
            for table in (self._inside, self._opens, self._closes, self._labels)
        )
        # What holds between each token and the one before: the same text, and a span that may go on.
        same = tf.equal(rows[1:], rows[:-1]) & inside[:-1] & inside[1:] & tf.equal(labels[1:], labels[:-1])
        goes_on = same & ~closes[:-1] & ~opens[1:]
        stop = tf.zeros_like(inside[:1])  # nothing goes on over either end; empty where there is no token
        begins = inside & ~tf.concat([stop, goes_on], 0)
        ends = inside & ~tf.concat([goes_on, stop], 0)
        first, last = tf.where(begins)[:, 0], tf.where(ends)[:, 0]
        span_of = tf.cumsum(tf.cast(begins, tf.int32)) - 1
        least = tf.math.unsorted_segment_min(
            tf.boolean_mask(scores, inside), tf.boolean_mask(span_of, inside), tf.size(first)
        )
        return FoundSpans(
            rows=tf.gather(rows, first),
            first=first,
            last=last,
            labels=tf.gather(tf.constant(self._names, tf.string), tf.gather(labels, first)),
            scores=least,
        )
