"""SimpleRNN: the first recurrent network of language."""

from __future__ import annotations

import keras

from tfnlp.encoders.recurrent import Recurrent


@keras.saving.register_keras_serializable(package="tfnlp")
class SimpleRNN(Recurrent):
    """Elman's network: the state is one dense layer of the token's vector and the state before.

    `h' = tanh(W x + U h + b)`. It forgets what stands more than some ten tokens back; `gru` and `lstm` do not.
    The settings are those of `Recurrent`.

    Reference:
        Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1
    """

    cell = "simple_rnn"
