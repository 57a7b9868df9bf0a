"""Sentences to the ragged features that a tagger's batches are made of, each form of a token read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import tensorflow as tf

from tfnlp.data.pipeline import on_host

# Most positions of a batch in prediction, padding included: many short sentences, or few long ones.
TOKENS_PER_BATCH = 1 << 15
_FORMS_AT_ONCE = 1 << 16

Features = dict[str, tf.RaggedTensor]


@on_host
def encode_tokens(preprocessor: Any, rows: Sequence[Sequence[str]]) -> Features:
    """Turns sentences of ready tokens into a tagger's features.

    Args:
        preprocessor: a `tfnlp.text.TaggingPreprocessor`.
        rows: the sentences, each a sequence of tokens.

    Returns:
        name -> int32 ragged tensor `[rows, (tokens)]`, of `"char_ids"` `[rows, (tokens), (characters)]`; the first is
        `"token_ids"`.
    """
    forms: dict[str, int] = {}
    numbers = np.fromiter(
        (forms.setdefault(token, len(forms)) for token in chain.from_iterable(rows)), np.int64
    )
    splits = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
    # What most tokens are was seen before: only the different ones are read.
    distinct = [form.encode("utf-8", "surrogatepass") for form in forms]
    parts = [
        preprocessor.features(tf.constant(distinct[start : start + _FORMS_AT_ONCE], tf.string))
        for start in range(0, max(len(distinct), 1), _FORMS_AT_ONCE)
    ]
    features = {}
    for name in parts[0]:
        of_form = tf.concat([part[name] for part in parts], axis=0)
        features[name] = tf.RaggedTensor.from_row_splits(
            tf.gather(of_form, numbers), tf.constant(splits, tf.int64), validate=False
        )
    return features


@on_host
def cut_texts(
    preprocessor: Any, texts: Sequence[str | bytes], batch: int = 1024
) -> tuple[Features, np.ndarray, np.ndarray, np.ndarray]:
    """Cuts texts into tokens and turns these into a tagger's features.

    Returns:
        the features as `encode_tokens` gives them; int64 `[texts]`, how many tokens each text has; and int64
        `[tokens]`, twice: the bytes of its text that each token starts and ends at.
    """
    strings = [text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in texts]

    def read(some: tf.Tensor) -> tuple[Any, ...]:
        tokens, starts, ends = preprocessor.tokenize(some)
        return preprocessor.ragged(tokens), starts.row_lengths(), starts.values, ends.values

    if len(strings) <= batch:  # tracing a graph would take longer than the reading
        parts = [read(tf.constant(strings, tf.string))]
    else:
        batches = tf.data.Dataset.from_tensor_slices(tf.constant(strings, tf.string)).batch(batch)
        parts = list(batches.map(read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True))
    features = {name: tf.concat([part[0][name] for part in parts], axis=0) for name in parts[0][0]}
    lengths, starts, ends = (np.concatenate([part[i].numpy() for part in parts]) for i in (1, 2, 3))
    return features, lengths, starts, ends


def cut_rows(features: Mapping[str, tf.RaggedTensor], longest: int | None) -> Features:
    """Cuts rows longer than `longest` tokens into as many rows as it takes; the tokens keep their order."""
    lengths = features["token_ids"].row_lengths().numpy()
    if longest is None or not len(lengths) or lengths.max() <= longest:
        return dict(features)
    pieces = np.maximum(-(-lengths // longest), 1)
    rest = lengths - (pieces - 1) * longest
    of_piece = np.full(pieces.sum(), longest, np.int64)
    of_piece[np.cumsum(pieces) - 1] = rest
    return {
        name: tf.RaggedTensor.from_row_lengths(part.values, of_piece, validate=False)
        for name, part in features.items()
    }


def batches_by_size(
    lengths: np.ndarray, batch_size: int, tokens: int = TOKENS_PER_BATCH
) -> Iterator[np.ndarray]:
    """Gives the numbers of the rows of each batch: rows of like length, at most so many of them and of their tokens.

    Args:
        lengths: int `[rows]`, in tokens.
        batch_size: int, most rows of a batch.
        tokens: int, most positions of a batch that has more than one row.
    """
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = min(start + batch_size, len(order))
        while stop - start > 1 and (stop - start) * lengths[order[stop - 1]] > tokens:
            stop = start + max((stop - start) // 2, 1)
        yield order[start:stop]
        start = stop
