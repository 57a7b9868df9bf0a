"""One tagger trained and judged, or a peer, in a process of its own (see `benchmarks.workers`)."""

import json
import logging
import time
from pathlib import Path
from typing import Any

from benchmarks import tagging_corpora
from benchmarks.peers import crfsuite_peer, segmenters
from benchmarks.tagging_settings import TASKS


class TaggingSession:
    """What a corpus is learnt with, and what came of it.

    Args:
        threads: int. Number of threads.
        task: the task's name.
        data_dir: folder of the corpora, or None.
        limit: most training sentences, or None for all.
    """

    def __init__(self, threads: int, task: str, data_dir: Path | None, limit: int | None):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        self.task = task
        self.parts = tagging_corpora.load(task, data_dir, limit)
        self.threads = threads

    def sizes(self) -> dict[str, dict[str, int]]:
        """Sentences and tokens of each part."""
        return {name: {"sentences": len(part), "tokens": part.tokens} for name, part in self.parts.items()}

    def train(self, system: str, seed: int, folder: Path, changes: tuple[str, ...]) -> dict[str, Any]:
        """Trains one of ours as `tfnlp train` does and tags the test part.

        A run that stands finished in the folder is taken as it is, one that was stopped goes on.
        """
        from rich.console import Console

        from tfnlp.commands.models import load_keras
        from tfnlp.commands.progress import ProgressBar
        from tfnlp.commands.segment import load_segmenter
        from tfnlp.commands.train import train

        ours = TASKS[self.task].systems[system]
        finished = folder / "metrics.json"
        if not finished.is_file():
            stopped = (folder / "checkpoint" / "state.npz").is_file()
            train(
                ours.load(seed, changes),
                folder=None if stopped else folder,
                resume=folder if stopped else None,
                corpora=self.parts,
                callbacks=[ProgressBar(Console())],
            )
        metrics = json.loads(finished.read_text(encoding="utf-8"))
        texts = [self.parts["test"].text_of(row) for row in range(len(self.parts["test"]))]
        tagger = load_keras(folder / "model.keras")
        if self.task == "segmentation":
            segment = load_segmenter(folder / "model.keras")
            lines = [text.encode("utf-8") for text in texts]
            segment(lines)  # what is traced late is traced now
            start = time.perf_counter()
            words = [line.decode("utf-8").split(" ") for line in segment(lines)]
            seconds = time.perf_counter() - start
            figures = self._word_figures(words, seconds)
            typed = self._figures(tagger.predict(self.parts["test"]), seconds)
            figures |= {name: typed[name] for name in ("types", "accuracy")}
            return {**figures, **self._facts(ours.title, seed, metrics)}
        tagger.tag_numbers(texts)  # what is traced late is traced now
        start = time.perf_counter()
        tagger.tag_numbers(texts)
        seconds = time.perf_counter() - start
        tags = tagger.predict(self.parts["test"])
        return {**self._figures(tags, seconds), **self._facts(ours.title, seed, metrics)}

    def peer(self, name: str) -> dict[str, Any]:
        """Trains and asks a peer, or asks one that comes trained."""
        if name in segmenters.NAMES:
            truth = self._true_words()
            words, seconds = segmenters.cut(name, ["".join(line) for line in truth])
            return {"system": segmenters.NAMES[name], "seed": None, **self._word_figures(words, seconds)}
        tags, training, tagging, settings = crfsuite_peer.run(
            self.parts, characters=self.parts["train"].of_characters
        )
        figures = self._figures(tags, tagging)
        return {
            "system": crfsuite_peer.NAME,
            "seed": None,
            **figures,
            "train_seconds": training,
            "settings": settings,
        }

    def _true_words(self) -> list[list[str]]:
        from tfnlp.commands.tagging import words_of

        return words_of(self.parts["test"])

    def _word_figures(self, words: list[list[str]], seconds: float) -> dict[str, Any]:
        from tfnlp.commands.tagging import words_of
        from tfnlp.evaluation.segmentation import evaluate_segmentation

        truth = self._true_words()
        known = {word for line in words_of(self.parts["train"]) for word in line}
        scores = evaluate_segmentation(truth, words, training_words=known)
        return {
            "figure": 100.0 * scores.f1, "precision": 100.0 * scores.precision, "recall": 100.0 * scores.recall,
            "oov_recall": 100.0 * (scores.oov_recall or 0.0), "oov_rate": 100.0 * (scores.oov_rate or 0.0),
            "tokens_per_second": scores.words / seconds, "predict_seconds": seconds,
        }  # fmt: skip

    def _figures(self, tags: list[list[str]], seconds: float) -> dict[str, Any]:
        from tfnlp.evaluation.tagging import evaluate_tags

        test = self.parts["test"]
        scores = evaluate_tags([sentence.tags for sentence in test.sentences], tags, test.scheme)
        return {
            "figure": 100.0 * (scores.accuracy if test.scheme == "plain" else scores.f1),
            "precision": 100.0 * scores.precision, "recall": 100.0 * scores.recall,
            "accuracy": 100.0 * scores.accuracy,
            "types": {item.label: round(100.0 * item.f1, 2) for item in scores.types},
            "tokens_per_second": test.tokens / seconds, "predict_seconds": seconds,
        }  # fmt: skip

    def _facts(self, title: str, seed: int, metrics: dict[str, Any]) -> dict[str, Any]:
        valid = metrics["valid"]
        return {
            "system": title, "seed": seed, "valid": 100.0 * valid["f1"], "train_seconds": metrics["training_seconds"],
            "parameters": metrics["parameters"], "epochs": metrics["epochs"], "best_epoch": metrics["best_epoch"],
        }  # fmt: skip
