"""Trains NLTK's n-gram model, in a process of its own, and asks it."""

import pickle
import time
from pathlib import Path
from typing import Any

from benchmarks.language_model_corpora import read_sentences
from benchmarks.vector_memory import peak_mebibytes


class NltkSession:
    """`nltk.lm.Laplace`: the counts are those of all of NLTK's smoothings, and this one's scores are the quickest.

    Args:
        threads: cores that the process may use; NLTK uses one.
        train: the text to train on.
        order: length of the n-grams.
    """

    def __init__(self, threads: int, train: Path, order: int):
        import nltk.lm  # noqa: F401

        self.train_path, self.order = train, order

    def measure(self, texts: dict[str, Path]) -> dict[str, Any]:
        """Trains from the file to the pickled model, NLTK having no format of its own; asks for perplexities.

        Before a sentence stand order - 1 `<s>`, behind it one `</s>` is asked for, as everywhere here.
        """
        from nltk.lm import Laplace
        from nltk.lm.preprocessing import padded_everygram_pipeline
        from nltk.util import ngrams

        start = time.perf_counter()
        everygrams, words = padded_everygram_pipeline(
            self.order, [sentence.split() for sentence in read_sentences(self.train_path)]
        )
        model = Laplace(self.order)
        model.fit(everygrams, words)
        stored = len(pickle.dumps(model))
        seconds = time.perf_counter() - start
        perplexity, scoring, tokens = {}, 0.0, 0
        for part, text in texts.items():
            rows = [
                ["<s>"] * (self.order - 1) + sentence.split() + ["</s>"] for sentence in read_sentences(text)
            ]
            start = time.perf_counter()
            asked = [ngram for row in rows for ngram in ngrams(row, self.order)]
            perplexity[part] = model.perplexity(asked)
            scoring += time.perf_counter() - start
            tokens += len(asked)
        return {
            "perplexity": perplexity,
            "train_seconds": seconds,
            "megabytes": stored / 1e6,
            "tokens_scored_per_second": tokens / scoring,
            "peak_mebibytes": peak_mebibytes(),
        }
