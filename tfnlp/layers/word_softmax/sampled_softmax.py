"""The softmax over all words whose sum, in training, is told from a sample of them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfnlp.layers.precision import widened
from tfnlp.layers.word_softmax.full_softmax import FullSoftmax
from tfnlp.layers.word_softmax.softmax_losses import logits_of
from tfnlp.layers.word_softmax.word_softmax import NO_MASS


@keras.saving.register_keras_serializable(package="tfnlp")
class SampledSoftmax(FullSoftmax):
    """A `FullSoftmax` that in training compares the word that came with `samples` others instead of all.

    Anew for each batch, and shared by its rows, words are drawn without replacement by Zipf's law: the word of rank `k`
    at the rate `log(1 + 1 / k)`, ids being in the order of frequency. Think of each word as arriving at a random time;
    the first `samples` to arrive are the sample, and a word would have been among them with the probability
    `q = 1 - exp(-rate t)`, `t` being the time at which the next one came. In the softmax's sum a sampled word counts
    `1 / q` times, the word that came once, sampled or not: so the sum is right on average, the loss a little too small.
    With as many samples as words it is the full softmax.

    Apart from training nothing is sampled: `log_probabilities`, and the likelihood without `training`, are exact. The
    weights are those of `FullSoftmax`, either can read the other's.

    Args:
        vocabulary_size: int, at least 2. Number of token ids, padding among them; ids after it in order of frequency.
        samples: int, at least 1. How many words are drawn for a batch; more are truer and dearer.
        seed: int, of the draws; None for one that `keras.utils.set_random_seed` sets.
        **kwargs: further arguments of `WordSoftmax`.

    Raises:
        ValueError: if `samples` is less than 1.

    Reference:
        Bengio and Senécal, 2008, https://ieeexplore.ieee.org/document/4443871; Jean et al., 2015, section 3,
        https://aclanthology.org/P15-1001; Kool et al., 2019, section 4.2 (what a draw without replacement counts),
        https://arxiv.org/abs/1903.06059
    """

    def __init__(self, vocabulary_size: int, samples: int = 1000, seed: int | None = None, **kwargs: Any):
        super().__init__(vocabulary_size, **kwargs)
        if samples < 1:
            raise ValueError(f"`samples` must be at least 1. Received: samples={samples}")
        self.samples = samples
        self.seed = seed
        self.draws = keras.random.SeedGenerator(seed)

    def negative_log_likelihood(
        self, vectors: Any, targets: Any, training: bool = False, table: Any = None
    ) -> Any:
        """See `WordSoftmax`; in training an estimate."""
        if not training or self.samples >= self.vocabulary_size - 1:
            return super().negative_log_likelihood(vectors, targets, training, table)
        vectors, matrix, bias = (
            self.projected(vectors),
            self.matrix_of(self.kernel, table),
            self._masked_bias(),
        )
        sampled, log_q = self.draw()
        weight = ops.take(bias, sampled) - ops.cast(log_q, bias.dtype)
        logits = logits_of(vectors, ops.take(matrix, sampled, axis=0), weight)
        hits = ops.equal(ops.expand_dims(targets, 1), sampled)  # [rows, samples]
        others = ops.logsumexp(ops.where(hits, -NO_MASS, logits), axis=1)
        came = ops.sum(widened(vectors * ops.take(matrix, targets, axis=0)), axis=1)
        # log(exp(came) + exp(others)) - came
        return ops.softplus(others - came - ops.take(bias, targets))

    def draw(self) -> tuple[Any, Any]:
        """Draws a batch's words.

        Returns:
            their ids, int32 `[samples]`, each once; and of each the logarithm of the probability that it was drawn,
            float32 `[samples]`.
        """
        rates = np.log1p(1 / np.arange(1, self.vocabulary_size)).astype(np.float32)
        # Above 0, whose logarithm no time has.
        luck = keras.random.uniform(rates.shape, 1e-30, 1.0, dtype="float32", seed=self.draws)
        earliness, words = ops.top_k(ops.log(luck) / rates, self.samples + 1)
        sampled = words[: self.samples]
        # 1 - exp(-x) as expm1: of rare words x is so small that the difference would be rough.
        log_q = ops.log(-ops.expm1(ops.take(rates, sampled) * earliness[self.samples]))
        return ops.cast(sampled, "int32") + 1, log_q

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), "samples": self.samples, "seed": self.seed}
