"""Sentences as a language model reads them in training: one stream in columns, or each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfnlp.data.pipeline import encode_texts, on_host
from tfnlp.errors import UserError
from tfnlp.text.sentence_preprocessor import END_ID, SentencePreprocessor


def encode_sentences(
    preprocessor: SentencePreprocessor, texts: Sequence[str | bytes]
) -> tuple[np.ndarray, np.ndarray]:
    """Turns sentences into ids, an end behind each.

    Returns:
        int32 `[tokens]`, one sentence behind the other; int64 `[sentences]`, how many tokens each has, its end among
        them.
    """
    ids = encode_texts(preprocessor, texts)
    return (
        np.insert(ids.flat_values.numpy(), ids.row_splits.numpy()[1:], END_ID).astype(np.int32, copy=False),
        ids.row_lengths().numpy() + 1,
    )


def as_columns(stream: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Cuts a stream into columns of equal length: what is read, and what comes after each of it.

    Before the stream stands an end. The last tokens, fewer than there are columns, are left out.

    Args:
        stream: int32 `[tokens]`.
        columns: int, at least 1.

    Returns:
        twice int32 `[columns, length]`.

    Raises:
        UserError: if there are fewer tokens than columns.
    """
    length = len(stream) // columns
    if not length:
        raise UserError(
            f"the text has {len(stream):,} tokens, ends of sentences among them, too few for {columns} columns; lower "
            "[training] batch_size, or take a longer text"
        )
    read = np.concatenate([[END_ID], stream[:-1]]).astype(np.int32)
    shape = (columns, length)
    return read[: columns * length].reshape(shape), stream[: columns * length].reshape(shape)


def segments_per_epoch(tokens: int, columns: int, segment_tokens: int) -> int:
    """How many segments a stream of so many tokens gives in an epoch; the last one may be shorter."""
    return -(-(tokens // columns) // segment_tokens)


@on_host
def stream_batches(
    stream: np.ndarray, *, columns: int, segment_tokens: int, epochs: int = 1
) -> tf.data.Dataset:
    """Gives the segments of a stream, in their order, as often as there are epochs.

    Args:
        stream: int32 `[tokens]`.
        columns: int. So many places of the stream are read at the same time.
        segment_tokens: int. Tokens of a column in a segment.
        epochs: int.

    Returns:
        data set of `({"token_ids": int32 [columns, time], "first": bool []}, targets int32 [columns, time])`; `first`
        is True where a column begins.
    """
    read, targets = (tf.constant(part) for part in as_columns(stream, columns))
    segments = segments_per_epoch(len(stream), columns, segment_tokens)

    def segment(number: tf.Tensor) -> Any:
        here = slice(number * segment_tokens, (number + 1) * segment_tokens)
        return {"token_ids": read[:, here], "first": tf.equal(number, 0)}, targets[:, here]

    return tf.data.Dataset.range(segments).map(segment).repeat(epochs).prefetch(tf.data.AUTOTUNE)


def sentence_rows(
    stream: np.ndarray, lengths: np.ndarray, max_tokens: int | None = None
) -> tuple[tf.RaggedTensor, tf.RaggedTensor, np.ndarray]:
    """Each sentence by itself: what is read, beginning with an end, and what comes after each of it.

    A sentence of more than `max_tokens` becomes several rows; each later one begins with the token before it.

    Args:
        stream: int32 `[tokens]`.
        lengths: int64 `[sentences]`.
        max_tokens: int, or None for no limit.

    Returns:
        twice int32 ragged `[rows, (tokens)]`, and int64 `[rows]`, of which sentence each row is.
    """
    read = np.concatenate([[END_ID], stream[:-1]]).astype(np.int32) if len(stream) else stream
    source = np.arange(len(lengths))
    if max_tokens is not None and len(lengths):
        pieces = -(-lengths // max_tokens)
        source = np.repeat(source, pieces)
        place = np.arange(len(source)) - np.repeat(
            np.cumsum(pieces) - pieces, pieces
        )  # of the piece in its sentence
        lengths = np.minimum(lengths[source] - place * max_tokens, max_tokens)
    with tf.device("CPU:0"):
        return (
            tf.RaggedTensor.from_row_lengths(read, lengths),
            tf.RaggedTensor.from_row_lengths(stream, lengths),
            source,
        )
