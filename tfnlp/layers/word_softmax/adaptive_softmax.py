"""A softmax in two steps: the frequent words and the clusters of the rare ones, then the words of one cluster."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import keras
from keras import ops

from tfnlp.layers.precision import widened
from tfnlp.layers.word_softmax.softmax_losses import logits_of, softmax_losses
from tfnlp.layers.word_softmax.word_softmax import NO_MASS, WordSoftmax


@keras.saving.register_keras_serializable(package="tfnlp")
class AdaptiveSoftmax(WordSoftmax):
    """Foretells a frequent word at once, a rare one by its cluster and then within it, in fewer dimensions.

    The ids being in the order of frequency, `cutoffs` cut them: the head has the ids below the first cutoff and one
    entry for each cluster behind it. A word of a cluster has the head's probability of the cluster times the
    cluster's of the word: so all sum to 1, exact in training too. The `i`-th cluster's vectors, from 1, are
    `factor ** i` times narrower than the head's, with a projection in front: rare words have too few examples to fill
    more, and cost less. Training computes a cluster for those rows alone whose word is in it, which most are not.

    It has matrices of its own and cannot be tied: a table of one width is what it spares.

    Args:
        vocabulary_size: int, at least 2. Number of token ids, padding among them; ids after it in order of frequency.
        cutoffs: list of ints, rising, each in `2 … vocabulary_size - 1`: the first id of each cluster. An empty one
            leaves a full softmax. None for what `default_cutoffs` finds.
        factor: int, at least 1. How many times narrower each cluster's vectors are than those before.
        **kwargs: further arguments of `WordSoftmax`.

    Raises:
        ValueError: if `cutoffs` do not cut the vocabulary, `factor` is less than 1, or a table is to be tied.

    Reference:
        Grave et al., 2017, section 4, https://arxiv.org/abs/1609.04309
    """

    def __init__(
        self, vocabulary_size: int, cutoffs: Sequence[int] | None = None, factor: int = 4, **kwargs: Any
    ):
        super().__init__(vocabulary_size, **kwargs)
        if self.tied:
            raise ValueError(
                "an adaptive softmax has matrices of its own: the input's table cannot be tied to it. Take "
                "the full or the sampled softmax, or untie it"
            )
        if factor < 1:
            raise ValueError(f"`factor` must be at least 1. Received: factor={factor}")
        self.cutoffs = default_cutoffs(vocabulary_size) if cutoffs is None else list(cutoffs)
        bounds = [1, *self.cutoffs, vocabulary_size]
        if any(one >= other for one, other in pairwise(bounds)):
            raise ValueError(
                f"`cutoffs` must rise and lie between 2 and `vocabulary_size` - 1 = {vocabulary_size - 1}. "
                f"Received: cutoffs={self.cutoffs}"
            )
        self.factor = factor
        self.clusters = list(pairwise(bounds[1:]))  # first id, and the one after the last
        self.head_words = bounds[1] - 1

    def build(self, input_shape: Any) -> None:
        """Creates the head's matrix, and a projection and a matrix for each cluster, all with biases."""
        width = int(input_shape[-1])
        entries = self.head_words + len(self.clusters)
        self.head = self.own_matrix("head", entries, width)
        self.head_bias = self.add_weight(shape=(entries,), initializer="zeros", name="head_bias")
        self.tails, self.tail_biases, self.narrowings = [], [], []
        for i, (first, end) in enumerate(self.clusters):
            narrow = max(1, width // self.factor ** (i + 1))
            narrowing = keras.layers.Dense(
                narrow, use_bias=False, dtype=self.dtype_policy, name=f"projection_{i}"
            )
            narrowing.build((None, width))
            self.narrowings.append(narrowing)
            self.tails.append(self.own_matrix(f"tail_{i}", end - first, narrow))
            self.tail_biases.append(
                self.add_weight(shape=(end - first,), initializer="zeros", name=f"tail_bias_{i}")
            )
        self.built = True

    def negative_log_likelihood(
        self, vectors: Any, targets: Any, training: bool = False, table: Any = None
    ) -> Any:
        """See `WordSoftmax`; `training` changes nothing here."""
        self.matrix_of(self.head, table)  # refuses a table
        vectors = ops.cast(vectors, self.compute_dtype)
        entry = ops.maximum(targets - 1, 0)  # padding is anything
        for i, (first, _) in enumerate(self.clusters):
            entry = ops.where(targets >= first, self.head_words + i, entry)
        losses = softmax_losses(vectors, *self._weights(self.head, self.head_bias), entry)
        for i, (first, end) in enumerate(self.clusters):
            inside = ops.logical_and(targets >= first, targets < end)
            losses = losses + self._within(i, vectors, targets - first, inside)
        return losses

    def _within(self, i: int, vectors: Any, places: Any, inside: Any) -> Any:
        """The loss of a cluster's words in it, float32 `[rows]`; 0 for the rows that are not `inside`."""
        weights = self._weights(self.tails[i], self.tail_biases[i])
        if keras.backend.backend() == "jax":  # it knows no tensor whose length depends on the values
            places = ops.where(inside, places, 0)
            return ops.where(inside, softmax_losses(self.narrowings[i](vectors), *weights, places), 0.0)
        rows = ops.cast(ops.nonzero(inside)[0], "int32")
        losses = softmax_losses(
            self.narrowings[i](ops.take(vectors, rows, axis=0)), *weights, ops.take(places, rows)
        )
        return ops.scatter(ops.expand_dims(rows, 1), losses, ops.shape(inside))

    def log_probabilities(self, vectors: Any, table: Any = None) -> Any:
        """See `WordSoftmax`."""
        self.matrix_of(self.head, table)
        vectors = ops.cast(vectors, self.compute_dtype)
        head = ops.log_softmax(logits_of(vectors, *self._weights(self.head, self.head_bias)), axis=-1)
        parts = [ops.full_like(head[:, :1], -NO_MASS), head[:, : self.head_words]]
        for i, (narrowing, tail, bias) in enumerate(zip(self.narrowings, self.tails, self.tail_biases)):
            within = ops.log_softmax(logits_of(narrowing(vectors), *self._weights(tail, bias)), axis=-1)
            cluster = self.head_words + i
            parts.append(head[:, cluster : cluster + 1] + within)
        return ops.concatenate(parts, axis=-1)

    def _weights(self, matrix: Any, bias: Any) -> tuple[Any, Any]:
        return ops.cast(matrix, self.compute_dtype), widened(ops.convert_to_tensor(bias))

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), "cutoffs": self.cutoffs, "factor": self.factor}


def default_cutoffs(vocabulary_size: int) -> list[int]:
    """A tenth of the vocabulary, at most 4,000; and ten times as much, at most half of it.

    Every row pays for the head; by Zipf's law two words in three are in the first 4,000 of 200,000.
    """
    head = min(vocabulary_size // 10, 4_000)
    return sorted({cut for cut in (head, min(10 * head, vocabulary_size // 2)) if cut >= 2})
