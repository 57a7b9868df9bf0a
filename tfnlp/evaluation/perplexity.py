"""How well a language model foretells a text: one measure for every kind of model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np


@dataclasses.dataclass(frozen=True)
class SentenceScores:
    """What a language model says of each of several sentences.

    Every sentence ends with one `</s>`, which is foretold and counted like a word.

    Attributes:
        log_probabilities: float64 `[sentences]`, nats, of all tokens together; minus infinity where one is impossible.
        known_log_probabilities: float64 `[sentences]`, nats, of all tokens that are not unknown.
        tokens: int64 `[sentences]`, `</s>` among them.
        unknown: int64 `[sentences]`, how many of them the model's vocabulary does not have.
        impossible: int64 `[sentences]`, how many tokens have the probability 0.
        known_impossible: int64 `[sentences]`, how many of these are no unknown words.
        characters: int64 `[sentences]`, Unicode's characters of the text with one space between words, and one for
            its end.
    """

    log_probabilities: np.ndarray
    known_log_probabilities: np.ndarray
    tokens: np.ndarray
    unknown: np.ndarray
    impossible: np.ndarray
    known_impossible: np.ndarray
    characters: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)


class Scorer(Protocol):
    """What `tfnlp perplexity` asks of a model, whatever its kind."""

    def score(self, texts: Sequence[str]) -> SentenceScores:
        """Log-probabilities of sentences, without their `</s>`, which is added."""


class LanguageModel(Scorer, Protocol):
    """What `tfnlp perplexity` and `tfnlp generate` ask of a model, whatever its kind."""

    def generate(
        self,
        prompt: str = "",
        *,
        max_tokens: int = 100,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> str:
        """The prompt and what the model says comes next."""


@dataclasses.dataclass(frozen=True)
class Perplexity:
    """The measures of a text. Two texts' reports add up to the report of both.

    Attributes:
        sentences: how many.
        tokens: words, or characters, and one `</s>` for each sentence.
        unknown: tokens that the model's vocabulary does not have.
        impossible: tokens of probability 0.
        known_impossible: those of them that are not unknown.
        characters: of the text, and one for each sentence's end.
        log_probability: nats, of all tokens.
        known_log_probability: nats, of all tokens but the unknown.
    """

    sentences: int = 0
    tokens: int = 0
    unknown: int = 0
    impossible: int = 0
    known_impossible: int = 0
    characters: int = 0
    log_probability: float = 0.0
    known_log_probability: float = 0.0

    @classmethod
    def of(cls, scores: SentenceScores) -> Perplexity:
        """The report of some sentences."""
        return cls(
            sentences=len(scores),
            tokens=int(scores.tokens.sum()),
            unknown=int(scores.unknown.sum()),
            impossible=int(scores.impossible.sum()),
            known_impossible=int(scores.known_impossible.sum()),
            characters=int(scores.characters.sum()),
            log_probability=float(scores.log_probabilities.sum()),
            known_log_probability=float(scores.known_log_probabilities.sum()),
        )

    def __add__(self, other: Perplexity) -> Perplexity:
        mine, theirs = dataclasses.astuple(self), dataclasses.astuple(other)
        return Perplexity(*(a + b for a, b in zip(mine, theirs)))

    @property
    def nats_per_token(self) -> float:
        """Cross-entropy; not a number where there is no token, infinite where one is impossible."""
        return -self.log_probability / self.tokens if self.tokens else math.nan

    @property
    def perplexity(self) -> float:
        """Among how many equally likely tokens the model chooses, on average: e to the nats a token."""
        return e_to(self.nats_per_token)

    @property
    def perplexity_without_unknown(self) -> float:
        """The same over the tokens that the vocabulary has, as SRILM reports it."""
        known = self.tokens - self.unknown
        return e_to(-self.known_log_probability / known) if known else math.nan

    @property
    def bits_per_character(self) -> float:
        """Cross-entropy of the text in bits a character, whatever its tokens are."""
        return -self.log_probability / math.log(2) / self.characters if self.characters else math.nan

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, which has no infinity: what is infinite is None, and `impossible` says why."""
        measures = {
            "perplexity": self.perplexity,
            "perplexity_without_unknown": self.perplexity_without_unknown,
            "nats_per_token": self.nats_per_token,
            "bits_per_character": self.bits_per_character,
            "log_probability": self.log_probability,
        }
        return {
            **{name: value if math.isfinite(value) else None for name, value in measures.items()},
            **{
                name: getattr(self, name)
                for name in ("sentences", "tokens", "unknown", "impossible", "known_impossible", "characters")
            },
        }


def perplexity_of(model: Scorer, texts: Iterable[str], *, batch_size: int = 1024) -> Perplexity:
    """The report of a text of any length.

    Args:
        model: any language model, or a reader of one that scores sentences one after the other.
        texts: sentences.
        batch_size: sentences scored at a time; the report does not depend on it.
    """
    report, batch = Perplexity(), []
    for text in texts:
        batch.append(text)
        if len(batch) == batch_size:
            report += Perplexity.of(model.score(batch))
            batch = []
    return report + Perplexity.of(model.score(batch)) if batch else report


def e_to(nats: float) -> float:
    """E to the power of so many nats; infinite where that is more than a float holds."""
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf
