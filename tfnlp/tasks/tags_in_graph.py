"""Tags of ragged features wholly in the graph, however long the texts are and however many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tfnlp.text.padding import row_numbers

# Positions of the pieces that are read at once, padding included.
_TOKENS_AT_ONCE = 1 << 15


def tag_in_graph(tagger: Any, features: Mapping[str, Any], *, scores: bool) -> tuple[Any, Any]:
    """Tags every token; a text of more than `piece_tokens` tokens is read in pieces of so many.

    The pieces are read in groups of like length, so that a megabyte needs no more memory at once than many short texts
    do, and a long text among short ones makes nothing but itself long.

    Args:
        tagger: a `TokenTagger`.
        features: what its preprocessor's `ragged` gives, ragged `[batch, (tokens)]`.
        scores: whether the tags' probabilities are wanted.

    Returns:
        tag numbers int32 and their probabilities float32 (zeros where none are wanted), both `[tokens]`.
    """
    pieces = cut_in_pieces(features, tagger.piece_tokens)
    lengths = pieces["token_ids"].row_lengths()
    order = tf.argsort(lengths, direction="DESCENDING", stable=True)
    pieces = {name: tf.gather(part, order) for name, part in pieces.items()}
    sorted_lengths = tf.gather(lengths, order)
    count = tf.size(lengths)

    def read(start: Any, numbers: Any, sure: Any) -> tuple[Any, Any, Any]:
        longest = tf.cast(tf.maximum(sorted_lengths[start], 1), tf.int32)
        stop = tf.minimum(start + tf.maximum(_TOKENS_AT_ONCE // longest, 1), count)
        batch = tagger.preprocessor.padded({name: part[start:stop] for name, part in pieces.items()})
        mask = tf.not_equal(batch["token_ids"], 0)
        logits = tagger(batch, training=False)
        if scores:
            tags, probabilities = tagger.decode_with_scores(logits, mask)
        else:
            tags = tagger.decode(logits, mask)
            probabilities = tf.zeros_like(tags, tf.float32)
        found = tf.boolean_mask(tags, mask), tf.boolean_mask(tf.cast(probabilities, tf.float32), mask)
        return stop, tf.concat([numbers, found[0]], 0), tf.concat([sure, found[1]], 0)

    any_number = tf.TensorShape([None])
    _, numbers, sure = tf.while_loop(
        lambda start, *_: start < count,
        read,
        (tf.constant(0), tf.zeros([0], tf.int32), tf.zeros([0], tf.float32)),
        shape_invariants=(tf.TensorShape([]), any_number, any_number),
        parallel_iterations=1,
    )
    back = tf.ragged.range(*_places(sorted_lengths, order)).values
    return tf.gather(numbers, back), tf.gather(sure, back)


def cut_in_pieces(features: Mapping[str, Any], longest: int) -> dict[str, Any]:
    """Cuts rows of more than `longest` tokens into as many rows as it takes, as `TokenTagger.predict` does."""
    lengths = features["token_ids"].row_lengths()
    starts = tf.ragged.range(tf.zeros_like(lengths), lengths, longest)
    of_piece = tf.minimum(tf.gather(lengths, row_numbers(starts.row_splits)) - starts.values, longest)
    return {
        name: tf.RaggedTensor.from_row_lengths(part.values, of_piece, validate=False)
        for name, part in features.items()
    }


def _places(sorted_lengths: Any, order: Any) -> tuple[Any, Any]:
    """Where the values of each row, in the order before sorting, start and end among the sorted ones."""
    back = tf.math.invert_permutation(order)
    ends = tf.gather(tf.cumsum(sorted_lengths), back)
    return ends - tf.gather(sorted_lengths, back), ends
