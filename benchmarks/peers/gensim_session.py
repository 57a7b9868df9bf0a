"""Learns word vectors with gensim's word2vec, in a process of its own."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.vector_memory import peak_mebibytes, resident_mebibytes


class GensimSession:
    """gensim's word2vec on one corpus, by its quicker way: the workers read the file themselves.

    Args:
        threads: int. Workers.
        method: `"skipgram"`, `"cbow"` or `"hierarchical"` (skip-gram by hierarchical softmax).
        corpus: the text, a sentence a line, tokens between spaces; no line longer than gensim's 10,000 tokens.
        settings: dimension, window, negatives, min_count, epochs.
        seed: of the first vectors; with more than one worker gensim's result differs each time all the same.
        out: `.npz` file that the words and vectors are written to.
    """

    def __init__(
        self, threads: int, method: str, corpus: Path, settings: dict[str, Any], seed: int, out: Path
    ):
        import gensim  # noqa: F401 - imports are not a part of training

        self.threads, self.method, self.corpus = threads, method, corpus
        self.settings, self.seed, self.out = settings, seed, out

    def train(self) -> dict[str, Any]:
        """Reads the vocabulary, trains, writes the vectors; seconds and mebibytes of it."""
        from gensim.models import Word2Vec

        at_start = resident_mebibytes()
        start = time.perf_counter()
        settings = self.settings
        tree = self.method == "hierarchical"
        model = Word2Vec(
            vector_size=settings["dimension"], window=settings["window"], hs=int(tree),
            negative=0 if tree else settings["negatives"], min_count=settings["min_count"],
            sg=int(self.method != "cbow"), workers=self.threads, seed=self.seed,
        )  # fmt: skip
        model.build_vocab(corpus_file=str(self.corpus))
        read = time.perf_counter()
        epochs = settings["epochs"]
        model.train(corpus_file=str(self.corpus), total_words=model.corpus_total_words, epochs=epochs)
        trained = time.perf_counter()
        facts = {
            "vocabulary_seconds": read - start,
            "counting_seconds": 0.0,
            "training_seconds": trained - read,
            "start_mebibytes": at_start,
            "peak_mebibytes": peak_mebibytes(),
            "vocabulary": len(model.wv),
            "epochs": epochs,
        }
        np.savez(self.out, words=np.array(model.wv.index_to_key), vectors=model.wv.vectors)
        return facts
