"""The softmax over all words, computed whole."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfnlp.layers.precision import widened
from tfnlp.layers.word_softmax.softmax_losses import logits_of, softmax_losses
from tfnlp.layers.word_softmax.word_softmax import NO_MASS, WordSoftmax


@keras.saving.register_keras_serializable(package="tfnlp")
class FullSoftmax(WordSoftmax):
    """`log softmax(W v + b)`, exact in training too.

    All rows go through one product with the matrix. On a CPU this is most of what a small language model costs, so
    on TensorFlow its derivative is written out (`likelihood`): two products and no pass more over `[rows, words]`.

    Arguments are those of `WordSoftmax`.
    """

    def build(self, input_shape: Any) -> None:
        """Creates the matrix, unless it is tied, the projection, if it needs one, and the bias."""
        width = self.build_projection(int(input_shape[-1]))
        self.kernel = None if self.tied else self.own_matrix("kernel", self.vocabulary_size, width)
        self.bias = self.add_weight(shape=(self.vocabulary_size,), initializer="zeros", name="bias")
        self.built = True

    def negative_log_likelihood(
        self, vectors: Any, targets: Any, training: bool = False, table: Any = None
    ) -> Any:
        """See `WordSoftmax`; `training` changes nothing here."""
        matrix = self.matrix_of(self.kernel, table)
        return softmax_losses(self.projected(vectors), matrix, self._masked_bias(), targets)

    def log_probabilities(self, vectors: Any, table: Any = None) -> Any:
        """See `WordSoftmax`."""
        matrix = self.matrix_of(self.kernel, table)
        return ops.log_softmax(logits_of(self.projected(vectors), matrix, self._masked_bias()), axis=-1)

    def _masked_bias(self) -> Any:
        """The bias in full precision, padding's so low that it has no probability."""
        bias = widened(ops.convert_to_tensor(self.bias))
        padding = np.zeros(self.vocabulary_size, keras.backend.standardize_dtype(bias.dtype))
        padding[0] = NO_MASS
        return bias - padding
