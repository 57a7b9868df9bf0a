"""GRU: a recurrent network whose gates decide what to keep."""

from __future__ import annotations

import keras

from tfnlp.encoders.recurrent import Recurrent


@keras.saving.register_keras_serializable(package="tfnlp")
class GRU(Recurrent):
    """The gated recurrent unit: an update gate mixes the old state with a new one, a reset gate makes that one.

    `z = σ(W_z x + U_z h + b_z)`, `r = σ(W_r x + U_r h + b_r)`, `n = tanh(W_n x + b_n + r (U_n h + c))`,
    `h' = z h + (1 - z) n`. The settings are those of `Recurrent`.

    Reference:
        Cho et al., 2014, https://arxiv.org/abs/1406.1078
    """

    cell = "gru"
