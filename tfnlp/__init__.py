"""tfnlp: text in, a served model out, and every copy of the model agrees."""

from tfnlp._lazy import lazy_exports
from tfnlp.version import __version__

# The names that a first program needs; each room exports the rest. Nothing is imported until it is used.
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BagOfWords": "encoders.bag_of_words",
        "BiLSTM": "encoders.bilstm",
        "CharacterTokenizer": "text.character_tokenizer",
        "EdgeClassifier": "edge.classifier",
        "EdgeTagger": "edge.tagger",
        "FixedWindow": "encoders.fixed_window",
        "FullSoftmax": "layers.word_softmax.full_softmax",
        "GRU": "encoders.gru",
        "LSTM": "encoders.lstm",
        "LanguageModel": "tasks.language_model",
        "SegmentingTokenizer": "tasks.segmenting_tokenizer",
        "SentencePieceTokenizer": "text.sentencepiece_tokenizer",
        "SentencePreprocessor": "text.sentence_preprocessor",
        "SpaceTokenizer": "text.space_tokenizer",
        "TextCNN": "encoders.text_cnn",
        "TaggingPreprocessor": "text.tagging_preprocessor",
        "TextClassifier": "tasks.text_classifier",
        "TextPreprocessor": "text.preprocessor",
        "TokenTagger": "tasks.token_tagger",
        "Trainer": "training.trainer",
        "Transformer": "encoders.transformer",
        "WordPieceTokenizer": "text.wordpiece_tokenizer",
        "WordTokenizer": "text.word_tokenizer",
        "read_corpus": "data.readers",
        "read_tagged": "data.tagging.reading",
    },
)

__all__ = ["__version__"]
