"""LSTM: a recurrent network with a memory that is added to, not written over."""

from __future__ import annotations

import keras

from tfnlp.encoders.recurrent import Recurrent


@keras.saving.register_keras_serializable(package="tfnlp")
class LSTM(Recurrent):
    """Long short-term memory, with forget gates that start open.

    `i, f, o = σ(W x + U h + b)`, each with its own `W`, `U`, `b`; `g = tanh(W_g x + U_g h + b_g)`,
    `c' = f c + i g`, `h' = o tanh(c')`. The settings are those of `Recurrent`.

    Reference:
        Hochreiter and Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735; Gers et al., 2000,
        https://doi.org/10.1162/089976600300015015
    """

    cell = "lstm"
