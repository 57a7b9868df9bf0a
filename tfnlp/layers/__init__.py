"""Keras layers that Keras lacks, written with `keras.ops` for every backend."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AttentionPooling": "attention_pooling",
        "CharacterBiLSTM": "character_bilstm",
        "CharacterCNN": "character_cnn",
        "ChronoBias": "chrono_bias",
        "ConditionalRandomField": "conditional_random_field",
        "FeedForward": "feed_forward",
        "GRU": "recurrent",
        "HashedNgrams": "hashed_ngrams",
        "KMaxPooling": "k_max_pooling",
        "LSTM": "recurrent",
        "LearnedPositions": "positional_encoding",
        "MultiHeadAttention": "multi_head_attention",
        "NgramConvolution": "ngram_convolution",
        "RecurrentStack": "recurrent_stack",
        "SequencePooling": "sequence_pooling",
        "SimpleRNN": "recurrent",
        "SinusoidalPositions": "positional_encoding",
        "TokenEmbedding": "token_embedding",
        "TransformerBlock": "transformer_block",
    },
)
