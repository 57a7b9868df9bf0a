"""The negative log-likelihood under one softmax, by the quickest way that the backend has."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.layers.precision import widened


def softmax_losses(vectors: Any, matrix: Any, bias: Any, targets: Any) -> Any:
    """`-log softmax(matrix v + bias)` at the target, in nats.

    Args:
        vectors: float `[rows, width]`.
        matrix: `[words, width]`, of the vectors' dtype.
        bias: float32 `[words]`.
        targets: int32 `[rows]`.

    Returns:
        float32 `[rows]`.
    """
    if keras.backend.backend() == "tensorflow":
        from tfnlp.layers.word_softmax.likelihood import negative_log_likelihood

        return negative_log_likelihood(vectors, matrix, bias, targets)
    logs = ops.log_softmax(logits_of(vectors, matrix, bias), axis=-1)
    return -ops.take_along_axis(logs, ops.expand_dims(targets, -1), axis=-1)[:, 0]


def logits_of(vectors: Any, matrix: Any, bias: Any) -> Any:
    """`matrix v + bias`: float32 `[rows, words]`; arguments as in `softmax_losses`."""
    return widened(ops.matmul(vectors, ops.transpose(matrix))) + bias
