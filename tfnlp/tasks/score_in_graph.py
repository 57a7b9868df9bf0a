"""Sentences under a language model, wholly in the graph: piece by piece, so that a long one takes no more memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from tfnlp.decoding.prompts import any_batch
from tfnlp.text.padding import pad_ragged

if TYPE_CHECKING:
    from tfnlp.tasks.language_model_network import LanguageModelNetwork

# Of sentences times tokens times words: so many are judged at once.
_NUMBERS_AT_ONCE = 1 << 23
_MOST_TOKENS_AT_ONCE = 256


class ScoredInGraph(NamedTuple):
    """What a language model says of sentences; all `[batch]`.

    Attributes:
        log_probability: float32, nats, of all tokens, the sentence's end among them.
        known_log_probability: float32, of those that are not unknown.
        tokens: int32, how many they are.
        unknown: int32, how many of them the vocabulary lacks.
    """

    log_probability: Any
    known_log_probability: Any
    tokens: Any
    unknown: Any


def score_in_graph(model: LanguageModelNetwork, words: tf.RaggedTensor, is_unknown: Any) -> ScoredInGraph:
    """Scores sentences, each by itself, as `LanguageModel.score` does.

    Args:
        model: the language model.
        words: int32 ragged `[batch, (tokens)]`, the sentences without their ends, as its preprocessor's `ragged` gives
            them.
        is_unknown: bool `[all tokens]`, as its `unknown_words` gives them.
    """
    end = model.preprocessor.end_id
    ids = tf.concat([words, tf.fill([words.nrows(), 1], end)], axis=1)
    targets = pad_ragged(ids)
    batch, time = tf.shape(targets)[0], tf.shape(targets)[1]
    ends = tf.fill([batch, 1], end)
    read = tf.concat([ends, targets[:, :-1]], axis=1)
    told_apart = pad_ragged(words.with_values(tf.cast(is_unknown, tf.int32)))
    unknown = tf.concat([told_apart, tf.zeros_like(ends)], axis=1)[:, :time] > 0
    first = tuple(tf.convert_to_tensor(part) for part in model.initial_state(batch))
    room = model.max_tokens
    most = tf.clip_by_value(
        _NUMBERS_AT_ONCE // tf.maximum(batch * model.softmax.vocabulary_size, 1), 4, _MOST_TOKENS_AT_ONCE
    )

    def body(place: Any, state: tuple[Any, ...], total: Any, known: Any) -> tuple[Any, ...]:
        number = tf.minimum(most, time - place)
        if room is not None:  # what is longer than the model reads at once begins anew
            number = tf.minimum(number, room - place % room)
            state = tf.cond(tf.equal(place % room, 0), lambda: first, lambda: state)
        here = slice(place, place + number)
        vectors, after = model.read_on(read[:, here], state)
        losses = tf.cast(model.negative_log_likelihood(vectors, targets[:, here]), tf.float64)
        after = tuple(tf.ensure_shape(part, shape) for part, shape in zip(after, shapes, strict=True))
        told = tf.where(unknown[:, here], tf.zeros_like(losses), losses)
        return place + number, after, total - tf.reduce_sum(losses, 1), known - tf.reduce_sum(told, 1)

    shapes = [any_batch(part) for part in first]
    nothing = tf.zeros([batch], tf.float64)
    rows = tf.TensorShape([None])
    _, _, total, known = tf.while_loop(
        lambda place, *_: place < time,
        body,
        (tf.constant(0), first, nothing, nothing),
        shape_invariants=(tf.TensorShape([]), tuple(shapes), rows, rows),
    )
    return ScoredInGraph(
        tf.cast(total, tf.float32),
        tf.cast(known, tf.float32),
        tf.cast(ids.row_lengths(), tf.int32),
        tf.reduce_sum(tf.cast(unknown, tf.int32), axis=1),
    )
