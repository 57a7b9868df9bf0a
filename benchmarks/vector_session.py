"""Learns word vectors with tfnlp, in a process of its own, and tells how long each part took."""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import environment
from benchmarks.vector_memory import OwnMemory, peak_mebibytes, resident_mebibytes


class VectorSession:
    """One method of tfnlp on one corpus.

    Args:
        threads: int. Threads of TensorFlow.
        method: `"skipgram"`, `"cbow"`, `"hierarchical"` (skip-gram by hierarchical softmax), `"glove"` or `"svd"`.
        corpus: the text, a sentence a line, tokens between spaces.
        settings: dimension, window, negatives, min_count, epochs, glove_epochs; memory_bytes for counting, 1 GiB if not
            given.
        seed: of all chance.
        out: `.npz` file that the words and vectors are written to.
    """

    def __init__(
        self, threads: int, method: str, corpus: Path, settings: dict[str, Any], seed: int, out: Path
    ):
        environment.use_threads(threads)
        import tensorflow as tf

        self.method, self.corpus, self.settings, self.seed, self.out = method, corpus, settings, seed, out
        # Imports are not a part of training, nor the start of a device.
        devices = tf.config.list_physical_devices("GPU")
        self.accelerators = [tf.config.experimental.get_device_details(d).get("device_name") for d in devices]
        float(tf.reduce_sum(tf.ones([2])))

    def train(self) -> dict[str, Any]:
        """Reads, counts if the method counts, trains, writes the vectors; seconds and mebibytes of it."""
        from tfnlp.embeddings.encoded_corpus import encode_corpus
        from tfnlp.embeddings.sentences import Sentences

        at_start = resident_mebibytes()
        with OwnMemory() as memory, tempfile.TemporaryDirectory(dir=self.out.parent) as name:
            folder = Path(name)
            start = time.perf_counter()
            corpus = encode_corpus(Sentences(self.corpus), folder, min_count=self.settings["min_count"])
            encoded = time.perf_counter()
            vectors, counting, details = self._learn(corpus, folder)
            trained = time.perf_counter()
        facts = {
            "vocabulary_seconds": encoded - start,
            "counting_seconds": counting,
            "training_seconds": trained - encoded - counting,
            "start_mebibytes": at_start,
            "peak_mebibytes": peak_mebibytes(),
            "peak_own_mebibytes": memory.peak_mebibytes,
            "vocabulary": len(corpus.words),
            "accelerators": self.accelerators,
            **details,
        }
        np.savez(self.out, words=np.array(corpus.words), vectors=vectors)
        return facts

    def _learn(self, corpus: Any, folder: Path) -> tuple[np.ndarray, float, dict[str, Any]]:
        """The vectors, the seconds of counting, and what else there is to tell."""
        settings = self.settings
        common = {"dimension": settings["dimension"], "seed": self.seed}
        if self.method in ("skipgram", "cbow", "hierarchical"):
            from tfnlp.embeddings.word2vec.settings import Word2VecSettings
            from tfnlp.embeddings.word2vec.trainer import Word2VecTrainer

            chosen = {name: settings[name] for name in ("window", "negatives", "epochs")}
            chosen["architecture"] = "cbow" if self.method == "cbow" else "skipgram"
            chosen["loss"] = "hierarchical" if self.method == "hierarchical" else "negative"
            trainer = Word2VecTrainer(corpus, Word2VecSettings(**common, **chosen))
            trainer.train()
            return trainer.vectors(), 0.0, {"epochs": settings["epochs"], "losses": trainer.losses}
        from tfnlp.embeddings.counts.cooccurrence import count_cooccurrences

        weighting = "distance" if self.method == "glove" else "none"
        start = time.perf_counter()
        counts = count_cooccurrences(
            corpus,
            folder,
            window=settings["window"],
            weighting=weighting,
            memory_bytes=settings.get("memory_bytes", 1 << 30),
        )
        seconds = time.perf_counter() - start
        if self.method == "glove":
            from tfnlp.embeddings.glove import GloveSettings, GloveTrainer

            epochs = settings["glove_epochs"]
            glove = GloveTrainer(counts, corpus, GloveSettings(epochs=epochs, **common))
            glove.train()
            return (
                glove.vectors(),
                seconds,
                {"epochs": epochs, "losses": glove.losses, "entries": len(counts)},
            )
        from tfnlp.embeddings.counts.ppmi import ppmi
        from tfnlp.embeddings.svd import truncated_svd

        parts = truncated_svd(ppmi(counts.to_sparse()), settings["dimension"], seed=self.seed)
        return parts.row_vectors(), seconds, {"epochs": 1, "entries": len(counts)}
