"""Integrated gradients: how much each token moved an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tfnlp.errors import UserError
from tfnlp.evaluation.token_spans import Reading, read_text

if TYPE_CHECKING:
    from tfnlp.tasks.text_classifier import TextClassifier

# Of what the parts amount to; beyond it they are to be read as rough.
LARGE_GAP = 0.05
# Tokens run through the network at once; bounds the memory, whatever the number of steps.
_TOKENS_A_BATCH = 8192
# Texts of more tokens are worth the second or so that tracing the network takes.
_LONG = 32
# A path is parted on until its parts miss no more than this share of what they amount to, and rounding.
_TOLERANCE, _ROUNDING = 0.005, 1e-4
# ... unless they become as narrow as this, or this many times as many as asked for.
_NARROWEST, _MOST_PARTS = 2.0**-20, 4


@dataclass(frozen=True)
class Attribution:
    """What each token of a text adds to a label's margin (see `margin_direction`).

    Attributes:
        label: the label in question.
        reading: the text and its tokens.
        values: float64 `[read tokens]`. What each adds: above 0 speaks for the label, below 0 against it.
        margin: the label's margin for the text.
        start: its margin for a text of as many tokens whose vectors are all zero.
        scores: float32 `[classes]`, the model's scores for the text.
        steps: equal parts that the path was first cut into.
    """

    label: str
    reading: Reading
    values: np.ndarray
    margin: float
    start: float
    scores: np.ndarray
    steps: int

    @property
    def gap(self) -> float:
        """What the parts are short of `margin - start`: 0 if the integral were exact (completeness)."""
        return float(self.values.sum()) - (self.margin - self.start)

    @property
    def gap_is_large(self) -> bool:
        """Whether the gap exceeds 5 % of what the parts amount to, so that they are to be read as rough."""
        amount = max(float(np.abs(self.values).sum()), abs(self.margin - self.start))
        return abs(self.gap) > LARGE_GAP * amount + 1e-4  # below that it is rounding


def integrated_gradients(
    task: TextClassifier, texts: Sequence[str | bytes], *, label: str | None = None, steps: int = 64
) -> list[Attribution]:
    """Tells how much each token moved the answer, by integrated gradients over the token vectors.

    From vectors of zeros the path leads straight to the text's own vectors; a token's part is its vector times the
    mean gradient on the way, so the parts add up to the way the margin goes. The vectors are all that the encoder's
    `look_up` gives: where n-grams are hashed, a token's part holds those of the n-grams that start at it.

    Why zeros: no word stands for nothing. `[PAD]`'s vector is never trained and `[UNK]`'s means "a rare word". A
    zero vector adds nothing to a sum, matches no filter, and is what dropout of tokens shows a network; the
    number of tokens, their places, and their IDF weights stay those of the text.

    Args:
        task: a trained classifier.
        texts: the texts, as they were typed.
        label: the label to explain; None for the one that scores best for each text.
        steps: int, at least 1. Equal parts of the path, in the middle of each of which the gradient is taken (midpoint
            rule). Parts whose gradient does not account for the way the margin goes in them are halved, until there
            are four times as many at most.

    Returns:
        an attribution a text.

    Raises:
        UserError: if a text holds no token, the label is unknown, or `steps` is less than 1.

    Reference:
        Sundararajan et al., 2017, section 3, https://arxiv.org/abs/1703.01365
    """
    if steps < 1:
        raise UserError(f"`steps` must be at least 1. Received: steps={steps}")
    if label is not None:
        task.label_index.index(label)  # raises for one that is not there
    return [_attribution(task, text, label, steps) for text in texts]


def margin_direction(task: TextClassifier, label: str) -> np.ndarray:
    """The weights that make a label's margin of the logits: float64 `[classes]`.

    The margin is the label's logit over the mean of the others'; for a model of several labels a text, the logit
    itself. A softmax sees only differences of logits, so what lifts all of them alike moves no answer and
    must not be shown as if it did. Of two labels the margin is the logarithm of the odds.
    """
    number = task.label_index.index(label)
    direction = np.zeros(len(task.labels))
    if not task.multi_label:
        direction[:] = -1 / (len(task.labels) - 1)
    direction[number] = 1
    return direction


def _attribution(task: TextClassifier, text: str | bytes, label: str | None, steps: int) -> Attribution:
    reading = read_text(task.preprocessor, text)
    if not len(reading.token_ids):
        raise UserError(
            "nothing to explain: the text holds no token that the model reads. Give a text with a word in it."
        )
    token_ids = reading.token_ids[np.newaxis]
    scores = np.asarray(task.scores(task(token_ids)))[0]
    label = task.labels[int(scores.argmax())] if label is None else label
    path = _Path(task, token_ids, margin_direction(task, label))
    edges, margins, slopes = _refined(path, steps)
    return Attribution(
        label=label,
        reading=reading,
        values=np.diff(edges) @ slopes,
        margin=float(margins[-1]),
        start=float(margins[0]),
        scores=scores,
        steps=steps,
    )


def _refined(path: _Path, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parts the path finely where that is needed.

    Most of a network's way may lie in a tiny part of the path: behind a layer normalisation a vector counts in full as
    soon as it differs from zero. So parts whose slope does not account for the way are halved.

    Returns:
        the shares of the path at which parts begin and end, float64 `[parts + 1]`; the margins there; each token's
        slope in the middle of each part, float64 `[parts, time]`.
    """
    edges = np.linspace(0, 1, steps + 1)
    margins = path.margins(edges)
    slopes = path.slopes((edges[1:] + edges[:-1]) / 2)
    while True:
        widths = np.diff(edges)
        missed = np.abs(np.diff(margins) - widths * slopes.sum(axis=1))
        amount = max(float(np.abs(widths @ slopes).sum()), abs(float(margins[-1] - margins[0])))
        if missed.sum() <= _TOLERANCE * amount + _ROUNDING:
            return edges, margins, slopes
        # Where the answer jumps, halving never ends.
        worth = np.flatnonzero((missed >= missed.max() / 4) & (widths > _NARROWEST))
        if not len(worth) or len(widths) + len(worth) > _MOST_PARTS * steps:
            return edges, margins, slopes
        middles = (edges[worth] + edges[worth + 1]) / 2
        halves = np.stack([(edges[worth] + middles) / 2, (middles + edges[worth + 1]) / 2], axis=1)
        found = path.slopes(halves.ravel()).reshape(len(worth), 2, -1)
        slopes[worth] = found[:, 0]
        slopes = np.insert(slopes, worth + 1, found[:, 1], axis=0)
        margins = np.insert(margins, worth + 1, path.margins(middles))
        edges = np.insert(edges, worth + 1, middles)


class _Path:
    """The straight way from vectors of zeros to a text's own, and a label's margin along it."""

    def __init__(self, task: TextClassifier, token_ids: np.ndarray, direction: np.ndarray):
        import tensorflow as tf

        self._task = task
        self._token_ids = tf.constant(token_ids)
        self._direction = tf.constant(direction[:, np.newaxis], tf.float32)
        self._vectors = tf.nest.map_structure(
            lambda table: tf.cast(table, tf.float32), task.encoder.look_up(self._token_ids, training=False)
        )

        self._margins: Any = lambda shares: self._at(shares)[1]
        self._slopes: Any = self._slopes_at
        if token_ids.shape[1] > _LONG:
            # In eager mode every step of a recurrent network goes through Python, at every call.
            signature = [tf.TensorSpec([None], tf.float32)]
            self._margins = tf.function(self._margins, input_signature=signature, autograph=False)
            self._slopes = tf.function(self._slopes, input_signature=signature, autograph=False)

    def margins(self, shares: np.ndarray) -> np.ndarray:
        """The margins at shares of the way: float64 `[shares]`."""
        return self._batched(self._margins, shares)

    def slopes(self, shares: np.ndarray) -> np.ndarray:
        """How fast each token moves the margin there: float64 `[shares, time]`."""
        return self._batched(self._slopes, shares)

    def _batched(self, function: Any, shares: np.ndarray) -> np.ndarray:
        at_once = max(1, _TOKENS_A_BATCH // self._token_ids.shape[1])
        parts = [shares[first : first + at_once] for first in range(0, len(shares), at_once)]
        return np.concatenate([np.asarray(function(part.astype(np.float32))) for part in parts]).astype(
            np.float64
        )

    def _slopes_at(self, shares: Any) -> Any:
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            points, margins = self._at(shares, tape)
        gradients = tape.gradient(margins, points, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        pairs = zip(tf.nest.flatten(gradients), tf.nest.flatten(self._vectors), strict=True)
        return tf.add_n([tf.reduce_sum(gradient * vectors, axis=-1) for gradient, vectors in pairs])

    def _at(self, shares: Any, tape: Any = None) -> tuple[Any, Any]:
        """The vectors at shares of the way, and the margins there."""
        import tensorflow as tf

        points = tf.nest.map_structure(lambda table: shares[:, None, None] * table, self._vectors)
        if tape is not None:
            tape.watch(points)
        logits = self._task(tf.repeat(self._token_ids, tf.size(shares), axis=0), vectors=points)
        return points, tf.matmul(logits, self._direction)[:, 0]
