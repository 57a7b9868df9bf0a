"""A linear-chain conditional random field: tags that know their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tfnlp.layers.crf.k_best import k_best_paths
from tfnlp.layers.crf.likelihood import log_likelihood
from tfnlp.layers.crf.marginals import tag_marginals
from tfnlp.layers.crf.paths import FORBIDDEN, Transitions, path_scores
from tfnlp.layers.crf.viterbi import best_paths
from tfnlp.layers.precision import full_precision


@keras.saving.register_keras_serializable(package="tfnlp")
class ConditionalRandomField(keras.layers.Layer):
    """Scores whole sequences of tags: `s(y) = b[y_1] + sum_t e[t, y_t] + sum_t A[y_t, y_t+1] + f[y_T]`.

    `e` are a network's scores of each tag at each token; the starts `b`, the transitions `A` and the ends `f` are
    learnt here. `p(y) = exp s(y) / sum_y' exp s(y')`, over all sequences that the constraints allow. Everything is
    exact, for lengths from 0 on, and computed in float32 whatever the dtype policy. Cost is linear in time and
    quadratic in tags.

    A sequence against the constraints has no probability and is never given back. Where the constraints
    leave a row no sequence at all (say, one token whose only allowed start is no allowed end) the answers mean nothing:
    `viterbi`'s score and the log-likelihood are then about `-1e30`.

    Masks are right padding: no real token stands behind a padded one. What stands under padding changes nothing.

    Args:
        tags: int, at least 1. Number of tags.
        allowed_transitions: bool `[tags, tags]`, from the row's tag to the column's, or None: all are allowed.
        allowed_starts: bool `[tags]`, or None.
        allowed_ends: bool `[tags]`, or None.

    Call arguments:
        scores: float tensor `[batch, time, tags]`.
        mask: bool tensor `[batch, time]`, True = real token; None: all are real.

    Returns:
        int32 tensor `[batch, time]`: the best sequence, 0 under padding.

    Raises:
        ValueError: if `tags` is less than 1, or constraints have another shape or leave nothing allowed.

    Reference:
        Lafferty et al., 2001, https://dl.acm.org/doi/10.5555/645530.655813; on a BiLSTM, Lample et al., 2016,
        https://aclanthology.org/N16-1030
    """

    def __init__(
        self,
        tags: int,
        allowed_transitions: Sequence[Sequence[bool]] | None = None,
        allowed_starts: Sequence[bool] | None = None,
        allowed_ends: Sequence[bool] | None = None,
        **kwargs: Any,
    ):
        # Sums over thousands of tokens need more digits than half precision has.
        dtype = full_precision(keras.dtype_policies.get(kwargs.get("dtype")).compute_dtype)
        super().__init__(**{**kwargs, "dtype": dtype})
        if tags < 1:
            raise ValueError(f"`tags` must be at least 1. Received: tags={tags}")
        self.tags = tags
        self.supports_masking = True
        self.allowed_transitions = _allowed("allowed_transitions", allowed_transitions, (tags, tags))
        self.allowed_starts = _allowed("allowed_starts", allowed_starts, (tags,))
        self.allowed_ends = _allowed("allowed_ends", allowed_ends, (tags,))
        self._connected = _is_connected(self.allowed_transitions, self.allowed_starts, self.allowed_ends)
        # All 0: before training the field says what the scores alone say. Made at once, since `log_likelihood` and its
        # like are not `call`, which would build first.
        self.transitions = self.add_weight(shape=(tags, tags), initializer="zeros", name="transitions")
        self.starts = self.add_weight(shape=(tags,), initializer="zeros", name="starts")
        self.ends = self.add_weight(shape=(tags,), initializer="zeros", name="ends")

    def build(self, input_shape: Any) -> None:
        """Nothing to create: the weights are there from the start."""

    def call(self, scores: Any, mask: Any = None) -> Any:
        """Decodes; see the class."""
        return self.viterbi(scores, mask)[0]

    def log_likelihood(self, scores: Any, tags: Any, mask: Any = None) -> Any:
        """The log of the sequences' probability; its negative is the loss to train with.

        Args:
            scores: float tensor `[batch, time, tags]`.
            tags: int tensor `[batch, time]`, in `[0, tags)`; under padding anything.
            mask: bool tensor `[batch, time]`.

        Returns:
            float32 tensor `[batch]`, in nats, at most 0; 0 for an empty row, about -1e30 for a sequence against the
            constraints.
        """
        tags = ops.cast(tags, "int32")
        if _may_be_empty(scores):
            tags = ops.pad(tags, [[0, 0], [0, 1]])
        scores, mask, _ = self._at_least_one_step(scores, mask)
        tags = ops.where(mask, tags, ops.zeros_like(tags))
        return log_likelihood(scores, tags, mask, self._constrained(), self._connected)

    def viterbi(self, scores: Any, mask: Any = None) -> tuple[Any, Any]:
        """Finds the best sequence.

        Args:
            scores: float tensor `[batch, time, tags]`.
            mask: bool tensor `[batch, time]`.

        Returns:
            int32 tensor `[batch, time]`, 0 under padding, and the sequences' scores `s(y)`, float32 `[batch]`; 0
            for an empty row.
        """
        scores, mask, time = self._at_least_one_step(scores, mask)
        tags = best_paths(scores, mask, self._constrained())
        return tags[:, :time], path_scores(scores, tags, mask, self._constrained())

    def k_best(self, scores: Any, mask: Any = None, k: int = 1) -> tuple[Any, Any]:
        """Finds the `k` best sequences, all different, best first.

        Args:
            scores: float tensor `[batch, time, tags]`.
            mask: bool tensor `[batch, time]`.
            k: int, at least 1.

        Returns:
            int32 tensor `[batch, k, time]`, 0 under padding, and the sequences' scores `s(y)`, float32 `[batch, k]`.
            Where fewer than `k` sequences are allowed, the rest have the score `-1e30` and -1 at every place. An
            empty row has one sequence, the empty one, of score 0.

        Raises:
            ValueError: if `k` is less than 1.
        """
        if k < 1:
            raise ValueError(f"`k` must be at least 1. Received: k={k}")
        scores, mask, time = self._at_least_one_step(scores, mask)
        tags, score = k_best_paths(scores, mask, self._constrained(), k)
        return tags[:, :, :time], score

    def marginals(self, scores: Any, mask: Any = None) -> Any:
        """Each tag's probability at each token, all sequences taken together.

        Args:
            scores: float tensor `[batch, time, tags]`.
            mask: bool tensor `[batch, time]`.

        Returns:
            float32 tensor `[batch, time, tags]`, 1 in all at each token and 0 under padding.
        """
        scores, mask, time = self._at_least_one_step(scores, mask)
        return tag_marginals(scores, mask, self._constrained(), self._connected)[:, :time]

    def _constrained(self) -> Transitions:
        """The weights, with `FORBIDDEN` in place of those that the constraints take out."""

        def only(weight: Any, allowed: np.ndarray | None) -> Any:
            weight = ops.copy(weight.value)  # a tensor, in every backend
            return weight if allowed is None else ops.where(allowed, weight, FORBIDDEN)

        return Transitions(
            only(self.transitions, self.allowed_transitions),
            only(self.starts, self.allowed_starts),
            only(self.ends, self.allowed_ends),
        )

    def _at_least_one_step(self, scores: Any, mask: Any) -> tuple[Any, Any, Any]:
        """Scores in float32, a mask, and the length they came with.

        Where that may be 0 a padded step is added: a loop wants one.
        """
        scores = ops.cast(scores, self.compute_dtype)
        time = ops.shape(scores)[1]
        mask = ops.ones_like(scores[:, :, 0], dtype="bool") if mask is None else ops.cast(mask, "bool")
        if _may_be_empty(scores):
            scores = ops.pad(scores, [[0, 0], [0, 1], [0, 0]])
            mask = ops.pad(mask, [[0, 0], [0, 1]], constant_values=False)
        return scores, mask, time

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The tags are padded as the scores are."""
        return mask

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, int | None]:
        """`[batch, time]`."""
        return (input_shape[0], input_shape[1])

    def compute_output_spec(self, scores: Any, mask: Any = None) -> keras.KerasTensor:
        """int32 `[batch, time]`."""
        return keras.KerasTensor(self.compute_output_shape(scores.shape), dtype="int32")

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""

        def plain(allowed: np.ndarray | None) -> list | None:
            return None if allowed is None else allowed.tolist()

        return {
            **super().get_config(),
            "tags": self.tags,
            "allowed_transitions": plain(self.allowed_transitions),
            "allowed_starts": plain(self.allowed_starts),
            "allowed_ends": plain(self.allowed_ends),
        }


def _may_be_empty(scores: Any) -> bool:
    """Whether there may be no place at all in time."""
    return not scores.shape[1]


def _allowed(name: str, values: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    if values is None:
        return None
    allowed = np.asarray(values, dtype=bool)
    if allowed.shape != shape:
        raise ValueError(f"`{name}` must have the shape {shape}. Received: shape {allowed.shape}")
    if not allowed.any():
        raise ValueError(f"`{name}` must allow something. Received: nothing but False")
    return allowed


def _is_connected(transitions: np.ndarray | None, starts: np.ndarray | None, ends: np.ndarray | None) -> bool:
    """Whether every tag can stand second and last but one in some sequence, and so anywhere between."""
    if transitions is None:
        return True
    after_start = transitions if starts is None else transitions[starts]
    before_end = transitions if ends is None else transitions[:, ends]
    return bool(after_start.any(axis=0).all() and before_end.any(axis=1).all())
