"""Each task's loss on one batch, for those who look at its gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tfnlp.data.pipeline import encode_texts
from tfnlp.data.sentence_stream import as_columns, encode_sentences, sentence_rows
from tfnlp.data.tagging.encoding import encode_tokens
from tfnlp.data.tagging.tagged_rows import tagged_rows
from tfnlp.errors import UserError
from tfnlp.training.loss_probe import LossProbe


def probe_of(
    task: Any,
    x: Sequence[Any],
    y: Any = None,
    *,
    rows: int = 32,
    max_tokens: int | None = None,
    estimate: bool = False,
) -> LossProbe:
    """Takes a batch for a look at a task's gradients.

    Args:
        task: a compiled `TextClassifier`, `TokenTagger` or `LanguageModel`.
        x: texts or sentences, as the task's `fit` takes them.
        y: their labels or tags, as the task's `fit` takes them.
        rows: int, at least 1. How many of them, or how many columns of a stream; taken at even distances.
        max_tokens: int, at least 1, to which rows are cut; None to cut as in training.
        estimate: bool. Whether a sampled softmax samples as in training, the same words each time; else it is exact.

    Returns:
        the batch and its loss.

    Raises:
        UserError: if there is nothing to take.
    """
    probe = {
        "text_classifier": _of_classifier,
        "token_tagger": _of_tagger,
        "language_model": _of_language_model,
    }
    if not len(x):
        raise UserError("there is no text to look at the gradients with")
    return probe[task.kind](task, x, y, rows, max_tokens, estimate)


def _even(number: int, rows: int) -> np.ndarray:
    """So many row numbers of `number`, or all, at even distances."""
    return np.unique(np.linspace(0, number - 1, min(rows, number)).astype(int))


def _of_classifier(task: Any, x: Any, y: Any, rows: int, max_tokens: int | None, estimate: bool) -> LossProbe:
    chosen = _even(len(x), rows)
    ids = encode_texts(task.preprocessor, [x[row] for row in chosen]).to_tensor()[:, :max_tokens]
    targets = tf.constant(task.targets([y[row] for row in chosen]))
    mask = ids.numpy() != 0
    last = mask & (np.cumsum(mask, axis=1) == mask.sum(axis=1, keepdims=True))

    def loss() -> Any:
        return task.compute_loss(x=ids, y=targets, y_pred=task(ids))

    def losses_at(vectors: Any) -> Any:
        of_texts = task.loss.call(targets, task(ids, vectors=vectors))
        return ops.where(last, ops.expand_dims(of_texts, 1), 0.0)

    return LossProbe(
        list(task.trainable_weights),
        ids.numpy(),
        last,
        loss,
        lambda: task.encoder.look_up(ids, training=False),
        losses_at,
    )


def _of_tagger(task: Any, x: Any, y: Any, rows: int, max_tokens: int | None, estimate: bool) -> LossProbe:
    longest = task.max_tokens if max_tokens is None else min(max_tokens, task.max_tokens)
    cut, _ = tagged_rows(x, y).cut(longest, task.scheme)
    chosen = _even(len(cut), rows)
    tokens, names = ([part[row] for row in chosen] for part in (cut.tokens, cut.tags))
    batch = task.preprocessor.padded(encode_tokens(task.preprocessor, tokens))
    mask = batch["token_ids"].numpy() != 0
    tags = np.zeros(mask.shape, np.int32)
    tags[mask] = task.tag_index.encode(names)

    def losses_at(vectors: Any) -> Any:
        logits = task.logits_of(batch["token_ids"], vectors)
        losses = keras.losses.sparse_categorical_crossentropy(tags, logits, from_logits=True)
        return ops.where(mask, losses, ops.zeros_like(losses))

    return LossProbe(
        list(task.trainable_weights),
        batch["token_ids"].numpy(),
        mask,
        lambda: task.compute_loss(x=batch, y=tags, y_pred=task(batch)),
        lambda: task.token_vectors(batch),
        losses_at,
    )


def _of_language_model(
    task: Any, x: Any, y: Any, rows: int, max_tokens: int | None, estimate: bool
) -> LossProbe:
    tokens, lengths = encode_sentences(task.preprocessor, x)
    if task.stream:
        longest = task.segment_tokens if max_tokens is None else min(max_tokens, task.segment_tokens)
        read, targets = (
            part[:, :longest] for part in as_columns(tokens, min(rows, max(1, len(tokens) // longest)))
        )
    else:
        limits = [limit for limit in (max_tokens, task.max_tokens) if limit is not None]
        both = sentence_rows(tokens, lengths, min(limits) if limits else None)[:2]
        chosen = _even(int(both[0].nrows()), rows)
        read, targets = (tf.gather(part, chosen).to_tensor().numpy() for part in both)
    places = targets != 0
    draws = getattr(task.softmax, "draws", None) if estimate else None
    drawn = None if draws is None else np.asarray(draws.state)

    def losses_at(vectors: Any) -> Any:
        if draws is not None:
            draws.state.assign(drawn)  # the same words each time
        sequence = task.encoder(read, vectors=vectors)["sequence"]
        return task.negative_log_likelihood(sequence, targets, training=draws is not None)

    def look_up() -> Any:
        return task.encoder.look_up(read, training=False)

    def loss() -> Any:
        losses = losses_at(look_up())
        return ops.sum(losses) / ops.cast(places.sum(), losses.dtype) + sum(task.losses)

    return LossProbe(list(task.trainable_weights), read, places, loss, look_up, losses_at)
