"""Strings to token ids, wholly in the graph; vocabularies; and the pure-Python twin for edge devices."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "CharacterTokenizer": "character_tokenizer",
        "PythonPreprocessor": "twin",
        "SentencePieceTokenizer": "sentencepiece_tokenizer",
        "SentencePreprocessor": "sentence_preprocessor",
        "SpaceTokenizer": "space_tokenizer",
        "TaggedSpan": "tag_spans",
        "TaggingPreprocessor": "tagging_preprocessor",
        "TextPreprocessor": "preprocessor",
        "TokenCounter": "vocabulary",
        "Tokenizer": "tokenizer",
        "Vocabulary": "vocabulary",
        "WordPieceTokenizer": "wordpiece_tokenizer",
        "WordTokenizer": "word_tokenizer",
        "byte_to_character_offsets": "offsets",
        "tagged_spans": "tag_spans",
        "tokenizer_class": "registry",
    },
)
