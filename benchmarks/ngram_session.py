"""Trains tfnlp's n-gram models, in a process of its own, and asks them."""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.language_model_corpora import read_sentences
from benchmarks.vector_memory import peak_mebibytes


class NgramSession:
    """One smoothing at one order.

    Args:
        threads: cores that the process may use; counting itself uses one.
        train: the text to train on.
        smoothing: one of `tfnlp.ngram.SMOOTHINGS`.
        order: length of the longest n-grams.
        prune: greatest counts to leave out.
        arpa: where to write the model in ARPA's format too; None for nowhere.
    """

    def __init__(
        self,
        threads: int,
        train: Path,
        smoothing: str,
        order: int,
        prune: tuple = (),
        arpa: Path | None = None,
    ):
        import tfnlp.ngram.training  # noqa: F401  (imports are no part of training)

        self.train_path, self.smoothing, self.order, self.prune = train, smoothing, order, prune
        self.arpa = arpa

    def measure(self, texts: dict[str, Path]) -> dict[str, Any]:
        """Trains from the file to the saved model; seconds, megabytes, and the perplexity of each text."""
        from tfnlp.ngram import load_ngram_model, train_ngram_model, write_arpa

        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "model.ngram"
            start = time.perf_counter()
            trained = train_ngram_model(
                self.train_path, order=self.order, smoothing=self.smoothing, prune=self.prune
            )
            trained.save(path)
            seconds = time.perf_counter() - start
            if self.arpa:
                write_arpa(trained, self.arpa)
            model = load_ngram_model(path)
            reports, scoring, tokens = {}, 0.0, 0
            for part, text in texts.items():
                sentences = read_sentences(text)
                start = time.perf_counter()
                reports[part] = model.perplexity(sentences)
                scoring += time.perf_counter() - start
                tokens += reports[part].tokens
            return {
                "perplexity": {part: report.as_dict()["perplexity"] for part, report in reports.items()},
                "impossible": {part: report.impossible for part, report in reports.items()},
                "train_seconds": seconds,
                "megabytes": path.stat().st_size / 1e6,
                "tokens_scored_per_second": tokens / scoring,
                "peak_mebibytes": peak_mebibytes(),
                "entries": sum(model.ngrams),
            }
