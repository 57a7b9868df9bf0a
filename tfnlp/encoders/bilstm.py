"""Bidirectional LSTM: each token read with all that stands before it and all that follows."""

from __future__ import annotations

from typing import Any

import keras

from tfnlp.encoders.lstm import LSTM


@keras.saving.register_keras_serializable(package="tfnlp")
class BiLSTM(LSTM):
    """`LSTM` with both directions switched on: its usual form in tagging and classification.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of a token's vector in one channel.
        bidirectional: bool. Whether each layer reads both ways; the backward one starts at the last real token.
        **kwargs: the settings of `LSTM`, and those that all encoders share; see `Encoder`.

    Reference:
        Graves and Schmidhuber, 2005, https://doi.org/10.1016/j.neunet.2005.06.042
    """

    def __init__(
        self, vocabulary_size: int, embedding_dim: int = 128, bidirectional: bool = True, **kwargs: Any
    ):
        super().__init__(vocabulary_size, embedding_dim, bidirectional=bidirectional, **kwargs)
