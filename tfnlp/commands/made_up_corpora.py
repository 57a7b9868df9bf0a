"""A few made-up texts for each task, where a recipe's own are not at hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnlp.data.corpus import Corpus
from tfnlp.data.sentence_corpus import SentenceCorpus
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.sentence import TaggedSentence
from tfnlp.recipe import Recipe

SOURCE = "made-up texts"
_TEXT = "the a Film plot actor was is very quite Dull fine long 42 and but London in her his we saw it all"
_WORDS = _TEXT.split(" ")
_CHARACTERS = list("这部电影很好看值得推荐房间太小服务差我们在北京")
_TEXTS = 60


def made_up_corpus(recipe: Recipe) -> Any:
    """Texts of the kind that the recipe's task learns from, always the same."""
    random = np.random.default_rng(0)
    kind, section = recipe.task.type, recipe.corpus
    of_characters = recipe.preprocessor.tokenizer == "char"
    tokens = [
        [
            str(word)
            for word in random.choice(_CHARACTERS if of_characters else _WORDS, random.integers(4, 13))
        ]
        for _ in range(_TEXTS)
    ]
    if kind == "token_tagger":
        return _tagged(tokens, section)
    texts = [("" if of_characters else " ").join(row) for row in tokens]
    if kind == "language_model":
        return SentenceCorpus(SOURCE, texts)
    labels: Any = ["good", "bad", "neither"] * (_TEXTS // 3)
    if section.label_separator:
        labels = [[label, "long"] if row % 2 else [label] for row, label in enumerate(labels)]
    return Corpus([f"{text} {row}" for row, text in enumerate(texts)], labels, SOURCE)


def _tagged(tokens: list[list[str]], section: Any) -> TaggedCorpus:
    """Free tags if the recipe says so, else spans of one, two and three tokens."""
    if section.scheme == "plain":
        tagged = [
            TaggedSentence(tuple(row), tuple(("N", "V", "X")[len(token) % 3] for token in row))
            for row in tokens
        ]
        return TaggedCorpus(tagged, SOURCE, "plain")
    spans = ["B-PER", "I-PER", "O", "B-LOC", "O", "B-PER", "I-PER", "I-PER", "O", "O", "B-LOC", "I-LOC", "O"]
    corpus = TaggedCorpus(
        [TaggedSentence(tuple(row), tuple(spans[: len(row)])) for row in tokens], SOURCE, "bio"
    )
    return corpus.converted(section.to_scheme)
