"""CNN + RNN: convolutions find phrases, a recurrent layer reads their sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.encoders.choices import Activation, check_choice
from tfnlp.encoders.recurrent import RecurrentReader
from tfnlp.layers.ngram_convolution import NgramConvolution


@keras.saving.register_keras_serializable(package="tfnlp")
class CNNRNN(RecurrentReader):
    """Convolves the token vectors, then reads the feature maps with recurrent layers.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of a token's vector in one channel.
        filter_sizes: list of ints, each at least 1. Window lengths in tokens; their maps stand side by side.
        filters: int, at least 1. Number of filters of each size.
        convolution_activation: name of the activation of the feature maps.
        cell: `"simple_rnn"`, `"gru"` or `"lstm"`.
        units: int, at least 1. Width of one direction's state.
        layers: int, at least 1. How many recurrent layers stand on each other.
        bidirectional: bool. Whether each recurrent layer reads both ways.
        dropout: float in `[0, 1)`. Dropout on what each recurrent layer reads.
        recurrent_dropout: float in `[0, 1)`. Dropout on the state on its way to the next step.
        pooling: as in `Recurrent`; `"last"` is each direction's last vector.
        **kwargs: the settings that all encoders share; see `Encoder`.

    Reference:
        Zhou et al., 2015 (C-LSTM), https://arxiv.org/abs/1511.08630
    """

    embedding_range = 0.25  # as TextCNN's: the convolutions read the vectors

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 128,
        filter_sizes: Sequence[int] = (3,),
        filters: int = 100,
        convolution_activation: Activation = "relu",
        cell: str = "lstm",
        units: int = 128,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        pooling: str | Sequence[str] = "last",
        **kwargs: Any,
    ):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        check_choice("convolution_activation", convolution_activation, Activation)
        if not filter_sizes:
            raise ValueError("`filter_sizes` must name at least one window length, e.g. [3]. Received: []")
        self.filter_sizes = list(filter_sizes)
        self.filters = filters
        self.convolution_activation = convolution_activation
        self._recurrent: dict[str, Any] = {
            "cell": cell,
            "units": units,
            "layers": layers,
            "bidirectional": bidirectional,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
        }
        self.convolutions = [
            NgramConvolution(
                filters,
                size,
                activation=convolution_activation,
                kernel_initializer=self.kernel_initializer,
                kernel_regularizer=self.kernel_regularizer(),
                dtype=self.dtype_policy,
                name=f"convolution_{size}",
            )
            for size in self.filter_sizes
        ]
        self._read_with(pooling, **self._recurrent)

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors, the kernels and the weights of the pooling."""
        width = self.build_vectors(input_shape)
        for convolution in self.convolutions:
            convolution.build((None, None, width))
        self._build_reader(self.filters * len(self.filter_sizes))
        self.built = True

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Convolves, then reads; see the class."""
        maps = ops.concatenate(
            [convolution(vectors, mask=mask) for convolution in self.convolutions], axis=-1
        )
        return self._read(maps, mask, training)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "filter_sizes": self.filter_sizes,
            "filters": self.filters,
            "convolution_activation": self.convolution_activation,
            **self._recurrent,
            "pooling": self.pooling.mode,
        }
