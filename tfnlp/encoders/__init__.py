"""Networks that turn token ids into vectors: one of the field's networks a file."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BagOfWords": "bag_of_words",
        "BiLSTM": "bilstm",
        "CNNRNN": "cnn_rnn",
        "ENCODERS": "registry",
        "Encoder": "encoder",
        "FixedWindow": "fixed_window",
        "GRU": "gru",
        "LSTM": "lstm",
        "SimpleRNN": "simple_rnn",
        "TextCNN": "text_cnn",
        "Transformer": "transformer",
        "WideTextCNN": "wide_text_cnn",
        "encoder_class": "registry",
    },
)
