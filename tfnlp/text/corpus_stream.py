"""A corpus in any of its forms as a stream of small batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfnlp.errors import UserError

BATCH_TEXTS = 1024
BATCH_BYTES = 1 << 20


def as_string_tensor(texts: Any) -> tf.Tensor:
    """Turns texts into a string tensor.

    Args:
        texts: str or bytes, a list of them, a numpy array of str, bytes or objects, or a string tensor; a scalar,
            `[batch]`, or `[batch, 1]`. A lone surrogate, which UTF-8 cannot say, becomes broken UTF-8 and is
            dropped by the tokenizers.

    Returns:
        string tensor, scalar or `[batch]`.

    Raises:
        UserError: if the texts are not strings or have another shape.
    """
    if not tf.is_tensor(texts):
        texts = tf.constant(_encoded(texts), tf.string)
    if texts.dtype != tf.string:
        raise UserError(
            f"Texts must be strings. Received a tensor of {texts.dtype.name}. Pass the raw texts."
        )
    if texts.shape.rank == 2 and texts.shape[1] == 1:
        texts = tf.squeeze(texts, 1)
    if texts.shape.rank not in (None, 0, 1):
        raise UserError(f"Texts must be one string or a batch of strings. Received the shape {texts.shape}.")
    return texts


def stream_batches(corpus: Any) -> Iterator[list[bytes]]:
    """Yields the texts of a corpus in batches of at most 1,024 texts and about 1 MiB, never holding more.

    Args:
        corpus: an iterable of str or bytes (a list, a generator, an open file), a numpy array, or a
            `tf.data.Dataset` of strings, batched or not.

    Raises:
        UserError: if the corpus is one string, or holds anything but strings.
    """
    if isinstance(corpus, (str, bytes)):
        raise UserError("A corpus must be a collection of texts. Received one string. Pass a list: [text].")
    batch: list[bytes] = []
    size = 0
    for text in _texts(corpus):
        batch.append(text)
        size += len(text)
        if len(batch) == BATCH_TEXTS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _texts(corpus: Any) -> Iterator[bytes]:
    if tf.is_tensor(corpus):
        corpus = corpus.numpy()
    for element in corpus:
        if tf.is_tensor(element):
            element = element.numpy()
        if isinstance(element, (list, np.ndarray)):
            yield from _texts(np.asarray(element, object).reshape(-1))
        else:
            yield _encoded(element)


def _encoded(texts: Any) -> Any:
    """Encodes every string in nested lists or arrays as bytes."""
    if isinstance(texts, (bytes, np.bytes_)):
        return bytes(texts)
    if isinstance(texts, str):
        return texts.encode("utf-8", "surrogatepass")
    if isinstance(texts, np.ndarray):
        texts = texts.tolist()
        return _encoded(texts)
    if isinstance(texts, (list, tuple)):
        return [_encoded(text) for text in texts]
    if tf.is_tensor(texts) and texts.dtype == tf.string:
        return texts.numpy()
    raise UserError(
        f"Texts must be strings. Received {type(texts).__name__}: {texts!r:.80}. "
        "Pass the texts alone, without labels or missing values."
    )
