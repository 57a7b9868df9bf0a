"""TextCNN: n-gram detectors of several widths, each pooled over the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.encoders.choices import Activation, check_choice
from tfnlp.encoders.encoder import Encoder
from tfnlp.layers.ngram_convolution import NgramConvolution
from tfnlp.layers.sequence_pooling import SequencePooling


@keras.saving.register_keras_serializable(package="tfnlp")
class TextCNN(Encoder):
    """Convolves the token vectors with filters of several widths and pools each filter over the text.

    Windows reach over real tokens alone (see `NgramConvolution`), so padding never changes the result.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of a token's vector in one channel.
        filter_sizes: list of ints, each at least 1. Window lengths in tokens.
        filters: int, at least 1. Number of filters of each size.
        pooling: `"max"`, `"mean"`, `"k_max"`, `"attention"`, or a list of them, concatenated. `"attention"` learns one
            query for each size.
        k: int, at least 1. How many values `"k_max"` keeps of each filter.
        padding: `"same"` (a window around each token) or `"valid"` (whole windows only).
        activation: name of the activation, e.g. `"relu"` or `"gelu"`.
        **kwargs: the settings that all encoders share; see `Encoder`.

    Reference:
        Kim, 2014, https://arxiv.org/abs/1408.5882
    """

    embedding_range = 0.25  # Kim, section 3.2

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 128,
        filter_sizes: Sequence[int] = (3, 4, 5),
        filters: int = 100,
        pooling: str | Sequence[str] = "max",
        k: int = 3,
        padding: str = "same",
        activation: Activation = "relu",
        **kwargs: Any,
    ):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        if not filter_sizes:
            raise ValueError(
                "`filter_sizes` must name at least one window length, e.g. [3, 4, 5]. Received: []"
            )
        if filters < 1:
            raise ValueError(f"`filters` must be at least 1. Received: filters={filters}")
        check_choice("activation", activation, Activation)
        self.filter_sizes = list(filter_sizes)
        self.filters = filters
        self.padding = padding
        self.activation = activation
        self.convolutions = [
            NgramConvolution(
                filters,
                size,
                padding=padding,
                activation=activation,
                kernel_initializer=self.kernel_initializer,
                kernel_regularizer=self.kernel_regularizer(),
                dtype=self.dtype_policy,
                name=f"convolution_{size}",
            )
            for size in self.filter_sizes
        ]
        self.poolings = [
            SequencePooling(
                pooling,
                k=k,
                kernel_regularizer=self.kernel_regularizer(),
                dtype=self.dtype_policy,
                name=f"pooling_{size}",
            )
            for size in self.filter_sizes
        ]

    @property
    def sequence_dim(self) -> int:
        """Width of `"sequence"`."""
        return self.filters * len(self.filter_sizes)

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        return sum(pooling.output_dim(self.filters) for pooling in self.poolings)

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors, the kernels and the weights of the pooling."""
        width = self.build_vectors(input_shape)
        for convolution, pooling in zip(self.convolutions, self.poolings):
            convolution.build((None, None, width))
            pooling.build((None, None, self.filters))
        self.built = True

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Convolves and pools; see the class."""
        maps = [convolution(vectors, mask=mask) for convolution in self.convolutions]
        pooled = [
            pooling(feature_map, mask=convolution.window_mask(mask))
            for convolution, pooling, feature_map in zip(self.convolutions, self.poolings, maps)
        ]
        return ops.concatenate(maps, axis=-1), ops.concatenate(pooled, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "filter_sizes": self.filter_sizes,
            "filters": self.filters,
            "pooling": self.poolings[0].mode,
            "k": self.poolings[0].k,
            "padding": self.padding,
            "activation": self.activation,
        }
