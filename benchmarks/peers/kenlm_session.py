"""Asks KenLM for the probabilities in an ARPA file of ours, in a process of its own."""

import math
import time
from pathlib import Path
from typing import Any

from benchmarks.language_model_corpora import read_sentences
from benchmarks.vector_memory import peak_mebibytes


class KenlmSession:
    """KenLM's Python module, which reads models and does not train them.

    Args:
        threads: cores that the process may use; KenLM uses one.
        arpa: the model.
    """

    def __init__(self, threads: int, arpa: Path):
        import kenlm

        config = kenlm.Config()
        config.show_progress = False
        self.model = kenlm.Model(str(arpa), config)
        self.arpa = arpa

    def measure(self, texts: dict[str, Path]) -> dict[str, Any]:
        """The perplexity of each text, and how fast it came."""
        perplexity, scoring, all_tokens = {}, 0.0, 0
        for part, text in texts.items():
            sentences = read_sentences(text)
            start = time.perf_counter()
            log10 = sum(self.model.score(sentence, bos=True, eos=True) for sentence in sentences)
            scoring += time.perf_counter() - start
            tokens = sum(len(sentence.split()) + 1 for sentence in sentences)
            perplexity[part] = math.exp(-log10 * math.log(10) / tokens)
            all_tokens += tokens
        return {
            "perplexity": perplexity,
            "train_seconds": None,
            "megabytes": self.arpa.stat().st_size / 1e6,
            "tokens_scored_per_second": all_tokens / scoring,
            "peak_mebibytes": peak_mebibytes(),
        }
