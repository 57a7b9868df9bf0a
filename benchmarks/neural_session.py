"""Trains tfnlp's neural language models as `tfnlp train` does, in a process of its own, and asks them."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.language_model_corpora import PARTS, read_sentences
from benchmarks.vector_memory import peak_mebibytes

PIPELINES = Path(__file__).resolve().parent.parent / "pipelines"


class NeuralSession:
    """One shipped recipe.

    Args:
        threads: cores that the process may use.
        recipe: name of a file in `pipelines/`, without its ending.
        corpus: where `"train"`, `"valid"` and `"test"` lie.
        folder: the run's; one that is finished is judged as it is, one that was stopped goes on.
        changes: further settings, as `--set` takes them.
    """

    def __init__(
        self, threads: int, recipe: str, corpus: dict[str, Path], folder: Path, changes: Sequence[str] = ()
    ):
        from tfnlp.recipe import load_recipe

        paths = [f"corpus.{part}={json.dumps(str(corpus[part]))}" for part in PARTS]
        self.recipe = load_recipe(PIPELINES / f"{recipe}.toml", [*paths, *changes])
        self.folder = folder

    def measure(self, texts: dict[str, Path]) -> dict[str, Any]:
        """Trains, then scores each text as one stream, sentence after sentence; see `NgramSession.measure`."""
        from rich.console import Console

        from tfnlp.commands.models import load_keras
        from tfnlp.commands.progress import ProgressBar
        from tfnlp.commands.train import train

        finished = self.folder / "metrics.json"
        if not finished.is_file():
            stopped = (self.folder / "checkpoint" / "state.npz").is_file()
            train(
                self.recipe,
                folder=None if stopped else self.folder,
                resume=self.folder if stopped else None,
                callbacks=[ProgressBar(Console())],
            )
        metrics = json.loads(finished.read_text(encoding="utf-8"))
        path = self.folder / "model.keras"
        model = load_keras(path)
        perplexity, alone, scoring, tokens = {}, {}, 0.0, 0
        for part, text in texts.items():
            sentences = read_sentences(text)
            start = time.perf_counter()
            scores = model.score(sentences, as_stream=True)
            scoring += time.perf_counter() - start
            perplexity[part] = _perplexity(scores)
            alone[part] = _perplexity(model.score(sentences))
            tokens += int(scores.tokens.sum())
        return {
            "perplexity": perplexity,
            "perplexity_of_sentences_alone": alone,
            "train_seconds": metrics["training_seconds"],
            "epochs": metrics["epochs"],
            "best_epoch": metrics["best_epoch"],
            "parameters": metrics["parameters"],
            "megabytes": path.stat().st_size / 1e6,
            "tokens_scored_per_second": tokens / scoring,
            "peak_mebibytes": peak_mebibytes(),
        }


def _perplexity(scores: Any) -> float:
    from tfnlp.evaluation.perplexity import Perplexity

    return Perplexity.of(scores).perplexity
