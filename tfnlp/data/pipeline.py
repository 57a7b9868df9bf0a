"""The tf.data pipeline: texts encoded once, then batches that are random, repeatable and short on padding."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text.padding import pad_ragged

# Rows are sorted by length only within a random chunk of this many batches, and lengths are blurred by this
# share before sorting: batches stay random in all but rough length.
CHUNK_BATCHES = 50
LENGTH_NOISE = 0.1

P = ParamSpec("P")
R = TypeVar("R")
# Ids of a row's tokens or, under names, several features of its tokens: of each a number or a list of them.
TokenIds: TypeAlias = "tf.RaggedTensor | Sequence[Any] | Mapping[str, tf.RaggedTensor]"


def on_host(function: Callable[P, R]) -> Callable[P, R]:
    """Keeps what a function makes in host memory: tf.data reads there, and a GPU draws other numbers.

    What it maps over a data set is traced as it stands: to rewrite its source first, as AutoGraph does where nobody
    forbids it, takes longer than the tracing.
    """
    as_it_stands = tf.autograph.experimental.do_not_convert(function)

    @functools.wraps(function)
    def placed(*args: P.args, **kwargs: P.kwargs) -> R:
        with tf.device("CPU:0"):
            return as_it_stands(*args, **kwargs)

    return placed


@on_host
def encode_texts(preprocessor: Any, texts: Sequence[str | bytes], batch: int = 1024) -> tf.RaggedTensor:
    """Turns texts into token ids, once for the whole training.

    Args:
        preprocessor: a `tfnlp.text.TextPreprocessor`; its `ragged` is run in a graph.
        texts: the texts; half a surrogate pair in a `str` reaches the preprocessor as broken UTF-8.
        batch: texts a call.

    Returns:
        int32 ragged tensor of shape `(texts, (tokens))`.
    """
    strings = [text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in texts]
    if not strings:
        return tf.RaggedTensor.from_row_lengths(np.zeros([0], np.int32), np.zeros([0], np.int64))
    batches = tf.data.Dataset.from_tensor_slices(tf.constant(strings, tf.string)).batch(batch)
    encoded = batches.map(preprocessor.ragged, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    parts = [(ids.flat_values.numpy(), ids.row_lengths().numpy()) for ids in encoded]
    values, lengths = (np.concatenate(column) for column in zip(*parts))
    return tf.RaggedTensor.from_row_lengths(
        values.astype(np.int32, copy=False), lengths.astype(np.int64, copy=False)
    )


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Returns the number of batches of an epoch; the last rows make a smaller batch."""
    return -(-examples // batch_size)


@on_host
def training_batches(
    ids: TokenIds,
    targets: Any,
    sample_weights: Any = None,
    *,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    last_epoch: int = 1,
    bucket: bool = True,
) -> tf.data.Dataset:
    """Gives the batches of a range of epochs, one epoch after the other.

    Each epoch holds every row exactly once, in `steps_per_epoch(rows, batch_size)` batches, in an order that
    depends on `(seed, epoch)` alone: a pipeline that starts at epoch 5 gives the batches that an unbroken one
    gives there, in any process. With `bucket`, rows of like length share a batch: the rows are shuffled, cut
    into chunks of at most 50 batches (never more than a quarter of the epoch), sorted within the chunk by
    length, blurred by up to 10 %, and the batches are shuffled.

    Args:
        ids: token ids, from `encode_texts`: a ragged int tensor of shape `(rows, (tokens))`, or a list of int
            arrays; or name -> such a tensor, or one of shape `(rows, (tokens), (parts))`, the tokens' ids first.
        targets: int vector of shape `(rows,)` or float matrix of shape `(rows, labels)`; or a ragged int tensor of
            shape `(rows, (tokens))`, which is padded as the ids are.
        sample_weights: float vector of shape `(rows,)`, or `None`.
        batch_size: rows a batch.
        seed: int.
        first_epoch: first epoch to give, counted from 0.
        last_epoch: epoch to stop before.
        bucket: whether to put rows of like length together.

    Returns:
        data set of `(ids, targets)` or `(ids, targets, sample_weights)`; ids int32 of shape
        `(batch, tokens)`, padded with 0 to the longest row of the batch (at least 1 token), or a dict of such;
        targets int32 or float32; weights float32.

    Raises:
        UserError: if there are no rows, or the arguments differ in their number of rows.
    """
    ids = _as_ragged(ids)
    rows = _row_count(ids, targets=targets, sample_weights=sample_weights)
    if rows == 0:
        raise UserError("there is no row to train on; expected at least one text")
    _check_batch_size(batch_size)
    steps = steps_per_epoch(rows, batch_size)
    lengths = _first(ids).row_lengths()
    columns = _columns(targets, sample_weights)

    def gather(chosen: tf.Tensor) -> tuple[Any, ...]:
        return tuple(_rows(part, lambda values: tf.gather(values, chosen)) for part in (ids, *columns))

    def epoch_batches(epoch: tf.Tensor) -> tf.data.Dataset:
        order, starts = _epoch_order(lengths, batch_size, seed, epoch, bucket)
        batches = tf.data.Dataset.from_tensor_slices(starts)
        return batches.map(lambda start: order[start : start + batch_size])

    # An epoch's order costs a sort of all rows; the gathering of its batches is what runs in parallel.
    dataset = tf.data.Dataset.range(first_epoch, last_epoch).flat_map(epoch_batches)
    dataset = dataset.map(gather, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps * max(last_epoch - first_epoch, 0)))
    return dataset.prefetch(tf.data.AUTOTUNE)


@on_host
def padded_share(ids: TokenIds, *, batch_size: int, seed: int, epoch: int = 0, bucket: bool = True) -> float:
    """Returns the share of an epoch's positions that are padding, in [0, 1].

    The arguments are those of `training_batches`.
    """
    lengths = _first(_as_ragged(ids)).row_lengths()
    order, starts = _epoch_order(lengths, batch_size, seed, tf.constant(epoch, tf.int64), bucket)
    ordered = lengths.numpy()[order.numpy()]
    batches = [ordered[start : start + batch_size] for start in starts.numpy()]
    positions = sum(len(batch) * max(int(batch.max()), 1) for batch in batches)
    return 1.0 - int(ordered.sum()) / positions if positions else 0.0


@on_host
def evaluation_batches(
    ids: TokenIds, targets: Any = None, weights: Any = None, batch_size: int = 256
) -> tf.data.Dataset:
    """Gives every row once, in the given order.

    Rows of like length pad each other less: to score many, pass `tf.gather(ids, order)` with
    `order = length_permutation(ids)`, and put the answers back with `scores[numpy.argsort(order)]`.

    Returns:
        data set of `ids`, `(ids, targets)` or `(ids, targets, weights)`; shapes as in `training_batches`.
    """
    ids = _as_ragged(ids)
    rows = _row_count(ids, targets=targets, weights=weights)
    _check_batch_size(batch_size)
    columns = _columns(targets, weights)

    def gather(start: tf.Tensor) -> Any:
        stop = tf.minimum(start + batch_size, rows)
        batch = tuple(_rows(part, lambda values: values[start:stop]) for part in (ids, *columns))
        return batch if columns else batch[0]

    dataset = tf.data.Dataset.range(0, rows, batch_size)
    dataset = dataset.map(gather, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return dataset.prefetch(tf.data.AUTOTUNE)


def length_permutation(ids: TokenIds) -> np.ndarray:
    """Returns the int64 row numbers in the order of their length, shortest first, equal ones in place."""
    return np.argsort(_first(_as_ragged(ids)).row_lengths().numpy(), kind="stable")


def _epoch_order(
    lengths: tf.Tensor, batch_size: int, seed: int, epoch: tf.Tensor, bucket: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the int64 order of the rows `(rows,)` and the int64 starts of the batches in it, `(steps,)`."""
    rows = tf.size(lengths, tf.int64)
    steps = (rows + batch_size - 1) // batch_size
    key = tf.stack([tf.constant(seed, tf.int64), tf.cast(epoch, tf.int64)])
    # Three independent keys out of one.
    keys = tf.random.stateless_uniform([3, 2], key, None, None, tf.int64, alg="philox")
    for_rows, for_noise, for_batches = tf.unstack(keys)
    order = _shuffled(rows, for_rows)
    if bucket:
        chunk_rows = tf.clip_by_value(steps // 4, 1, CHUNK_BATCHES) * batch_size
        chunk = tf.range(rows) // chunk_rows
        blur = 1.0 + LENGTH_NOISE * (2.0 * _uniform(rows, for_noise) - 1.0)
        blurred = tf.cast(tf.gather(lengths, order), tf.float64) * blur
        # One sort by (chunk, blurred length): no length reaches the step between two chunks.
        step = tf.cast(tf.reduce_max(lengths), tf.float64) * 2.0 + 1.0
        order = tf.gather(order, tf.argsort(tf.cast(chunk, tf.float64) * step + blurred, stable=True))
    starts = _shuffled(steps, for_batches) * batch_size
    return order, starts


def _uniform(count: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    # Philox by name: the algorithm that "auto" picks differs between devices.
    return tf.random.stateless_uniform([count], key, dtype=tf.float64, alg="philox")


def _shuffled(count: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.argsort(_uniform(count, key), stable=True), tf.int64)


def _rows(part: Any, choose: Callable[[Any], Any]) -> Any:
    """Chooses rows of a tensor, of a ragged one, which is then padded, or of several such under names."""
    if isinstance(part, dict):
        return {name: _rows(values, choose) for name, values in part.items()}
    chosen = choose(part)
    return pad_ragged(chosen) if isinstance(part, tf.RaggedTensor) else chosen


def _first(ids: Any) -> tf.RaggedTensor:
    """The features that say how long the rows are."""
    return next(iter(ids.values())) if isinstance(ids, dict) else ids


def _as_ragged(ids: TokenIds) -> Any:
    if isinstance(ids, Mapping):
        return {name: _as_ragged(part) for name, part in ids.items()}
    if isinstance(ids, tf.RaggedTensor):
        return ids if ids.dtype == tf.int32 else tf.cast(ids, tf.int32)
    arrays = [np.asarray(row, dtype=np.int32).reshape(-1) for row in ids]
    values = np.concatenate(arrays) if arrays else np.zeros([0], np.int32)
    return tf.RaggedTensor.from_row_lengths(values, np.array([len(row) for row in arrays], dtype=np.int64))


def _columns(targets: Any, weights: Any) -> list[Any]:
    columns: list[Any] = []
    if isinstance(targets, tf.RaggedTensor):
        columns.append(_as_ragged(targets))
    elif targets is not None:
        array = np.asarray(targets)
        columns.append(tf.constant(array, tf.float32 if array.dtype.kind == "f" else tf.int32))
    if weights is not None:
        columns.append(tf.constant(np.asarray(weights), tf.float32))
    return columns


def _row_count(ids: Any, **others: Any) -> int:
    rows = int(_first(ids).nrows())
    for name, values in others.items():
        count = rows if values is None else _length(values)
        if count != rows:
            raise UserError(f"`{name}` must hold one entry a row. Received: {rows} rows, {count} {name}")
    if others.get("weights") is not None and others.get("targets") is None:
        raise UserError("`weights` must come with `targets`. Received: targets=None")
    return rows


def _length(values: Any) -> int:
    return int(values.nrows()) if isinstance(values, tf.RaggedTensor) else len(values)


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise UserError(f"`batch_size` must be at least 1 row. Received: {batch_size}")
