"""Operations over the token axis that a mask makes exact: padding never enters a result."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfnlp.layers.precision import full_precision


def masked_sum(inputs: Any, mask: Any) -> Any:
    """Sums the real tokens: float `[batch, time, units]`, bool `[batch, time]` -> float `[batch, units]`."""
    keep = ops.expand_dims(mask, -1)
    return ops.sum(ops.where(keep, inputs, ops.zeros_like(inputs)), axis=1)


def masked_mean(inputs: Any, mask: Any) -> Any:
    """Averages the real tokens; a row without any gives zeros. Shapes as `masked_sum`."""
    count = ops.cast(ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True), inputs.dtype)
    return masked_sum(inputs, mask) / ops.maximum(count, 1)


def masked_max(inputs: Any, mask: Any) -> Any:
    """Takes each unit's greatest value over the real tokens; a row without any gives zeros. Shapes as `masked_sum`."""
    keep = ops.expand_dims(mask, -1)
    # The least finite float16, not -inf: it survives mixed precision and quantisation, and no activation reaches it.
    lowest = ops.full_like(inputs, -65504.0)
    peak = ops.max(ops.where(keep, inputs, lowest), axis=1)
    return ops.where(ops.any(keep, axis=1), peak, ops.zeros_like(peak))


def last_step(inputs: Any, mask: Any) -> Any:
    """Takes the last real token of right-padded rows; a row without any gives zeros. Shapes as `masked_sum`."""
    mask = ops.cast(mask, "int32")
    following = ops.pad(mask[:, 1:], [[0, 0], [0, 1]])
    # The last token is the one real token that no real token follows: an exact selection without a gather.
    return masked_sum(inputs, ops.cast(mask - following, "bool"))


def first_step(inputs: Any, mask: Any) -> Any:
    """Takes the first token of right-padded rows; a row without any gives zeros. Shapes as `masked_sum`."""
    return ops.where(mask[:, :1], inputs[:, 0], ops.zeros_like(inputs[:, 0]))


def softmax(scores: Any) -> Any:
    """Softmax over the last axis, which may be of one place: Keras's own warns of that, though it is right."""
    return (
        ops.softmax(scores, axis=-1) if scores.shape[-1] != 1 else ops.exp(ops.log_softmax(scores, axis=-1))
    )


def mask_bias(mask: Any, dtype: str = "float32") -> Any:
    """What added to scores takes the masked ones out of a softmax: float of this dtype like `mask`, 0 or -1e9.

    Added in float32 it swallows any score, so the softmax there is exactly 0; where nothing is real it is uniform.
    Unlike a selection, an addition costs its gradient nothing.
    """
    return (ops.cast(mask, dtype) - 1) * 1e9


def masked_softmax(scores: Any, mask: Any) -> Any:
    """Softmax over the real places of the last axis; where none is real, zeros.

    Args:
        scores: float tensor `[..., places]`.
        mask: bool tensor that broadcasts to it.

    Returns:
        float32 tensor like `scores`: half precision would blur weights that must sum to 1.
    """
    dtype = full_precision(scores.dtype)
    weights = softmax(ops.cast(scores, dtype) + mask_bias(mask, dtype))
    return weights * ops.cast(mask, dtype)


def turned_round(inputs: Any, mask: Any) -> Any:
    """Reverses the real tokens of right-padded rows and leaves the padding where it stands; its own inverse.

    A recurrent layer that reads such rows needs no mask: padding comes last, so no token's vector depends on it.

    Args:
        inputs: float tensor `[batch, time, units]`.
        mask: bool tensor `[batch, time]`, True = real token.

    Returns:
        a tensor like `inputs`.
    """
    rows, time = ops.shape(inputs)[0], ops.shape(inputs)[1]
    place = ops.arange(time, dtype="int32")
    lengths = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)
    source = ops.where(mask, lengths - 1 - place, place)
    # One flat gather of whole vectors: quick, and a TFLite built-in.
    source = source + time * ops.expand_dims(ops.arange(rows, dtype="int32"), 1)
    flat = ops.reshape(inputs, (-1, inputs.shape[-1]))
    return ops.reshape(ops.take(flat, ops.reshape(source, (-1,)), axis=0), ops.shape(inputs))
