"""Which encoders there are. Adding one is a new file and a line here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tfnlp.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from tfnlp.encoders.encoder import Encoder

ENCODERS = {
    "bag_of_words": "tfnlp.encoders.bag_of_words:BagOfWords",
    "fixed_window": "tfnlp.encoders.fixed_window:FixedWindow",
    "text_cnn": "tfnlp.encoders.text_cnn:TextCNN",
    "wide_text_cnn": "tfnlp.encoders.wide_text_cnn:WideTextCNN",
    "simple_rnn": "tfnlp.encoders.simple_rnn:SimpleRNN",
    "gru": "tfnlp.encoders.gru:GRU",
    "lstm": "tfnlp.encoders.lstm:LSTM",
    "bilstm": "tfnlp.encoders.bilstm:BiLSTM",
    "cnn_rnn": "tfnlp.encoders.cnn_rnn:CNNRNN",
    "transformer": "tfnlp.encoders.transformer:Transformer",
}


def require_encoder(name: str) -> None:
    """Raises UserError, with the nearest spelling, unless there is an encoder that a recipe calls `name`."""
    if name not in ENCODERS:
        raise UserError(
            f"unknown encoder `{name}`; there are {', '.join(ENCODERS)}.{did_you_mean(name, ENCODERS)}"
        )


def encoder_class(name: str) -> type[Encoder]:
    """Returns the encoder that a recipe calls `name`.

    Raises:
        UserError: if there is none of that name.
    """
    require_encoder(name)
    module, class_name = ENCODERS[name].split(":")
    return getattr(importlib.import_module(module), class_name)
