"""The tokenizers by the names that recipes use."""

from __future__ import annotations

import importlib

from tfnlp.errors import UserError, did_you_mean

# name -> "module:Class"; strings, so that a wrong name is answered without importing TensorFlow
TOKENIZERS = {
    "word": "tfnlp.text.word_tokenizer:WordTokenizer",
    "char": "tfnlp.text.character_tokenizer:CharacterTokenizer",
    "space": "tfnlp.text.space_tokenizer:SpaceTokenizer",
    "wordpiece": "tfnlp.text.wordpiece_tokenizer:WordPieceTokenizer",
    "sentencepiece": "tfnlp.text.sentencepiece_tokenizer:SentencePieceTokenizer",
}


def tokenizer_class(name: str) -> type:
    """Returns the tokenizer class of a registered name.

    Raises:
        UserError: if no tokenizer has that name.
    """
    if name not in TOKENIZERS:
        names = ", ".join(f"`{known}`" for known in TOKENIZERS)
        raise UserError(f"There is no tokenizer `{name}`; there are {names}.{did_you_mean(name, TOKENIZERS)}")
    module, _, attribute = TOKENIZERS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
