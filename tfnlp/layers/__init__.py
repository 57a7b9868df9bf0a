"""Keras layers that Keras lacks, written with `keras.ops` for every backend."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AttentionPooling": "attention_pooling",
        "ChronoBias": "chrono_bias",
        "GRU": "recurrent",
        "HashedNgrams": "hashed_ngrams",
        "KMaxPooling": "k_max_pooling",
        "LSTM": "recurrent",
        "NgramConvolution": "ngram_convolution",
        "RecurrentStack": "recurrent_stack",
        "SequencePooling": "sequence_pooling",
        "SimpleRNN": "recurrent",
        "TokenEmbedding": "token_embedding",
    },
)
