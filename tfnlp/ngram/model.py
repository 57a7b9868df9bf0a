"""A counting language model: asked for probabilities of texts and of next words, saved and loaded."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.errors import UserError
from tfnlp.evaluation.perplexity import Perplexity, SentenceScores, perplexity_of
from tfnlp.ngram.levels import level_of
from tfnlp.ngram.model_file import read_arrays, write_arrays
from tfnlp.ngram.sampling import Sampling
from tfnlp.ngram.scoring import BackOffScorer
from tfnlp.ngram.trie import END, END_ID, NOT_FOUND, START, START_ID, UNKNOWN_ID, NgramTrie


class NgramModel:
    """An n-gram language model in back-off form, whatever smoothing made it.

    A text is one sentence; before it stands `<s>`, behind it `</s>`, which is foretold like a word. Words that the
    vocabulary does not have are `<unk>`. Probabilities are natural logarithms (nats) in all answers.

    Args:
        words: the vocabulary; `<unk>`, `<s>` and `</s>` are its first three.
        trie: the n-grams.
        log_probabilities: for each order, logarithms to the base of 10, float32 `[ngrams]`.
        log_backoffs: the same of the back-off weights, for all orders but the last.
        about: plain JSON: at least `level`; `smoothing` and how it was trained, where it is known.
    """

    def __init__(
        self,
        words: Sequence[str],
        trie: NgramTrie,
        log_probabilities: Sequence[np.ndarray],
        log_backoffs: Sequence[np.ndarray],
        about: dict[str, Any],
    ):
        self.words = words
        self.trie = trie
        self.about = about
        self.level = level_of(about["level"])
        self.scorer = BackOffScorer(trie, log_probabilities, log_backoffs)

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return self.trie.order

    @property
    def ngrams(self) -> list[int]:
        """How many n-grams of each order there are."""
        return [self.trie.count(order) for order in range(1, self.order + 1)]

    @functools.cached_property
    def ids(self) -> dict[str, int]:
        """Each word's id."""
        return {word: number for number, word in enumerate(self.words)}

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sentences as ids.

        Args:
            texts: a sentence each.

        Returns:
            ids, int64 `[tokens]`, of one sentence behind the other, each from `<s>` to `</s>`, -1 for words that the
            vocabulary does not have; how many each sentence has, `<s>` and `</s>` among them, int64 `[sentences]`;
            and the characters of each, its end among them. A `<unk>` in the text is no unknown word, but this one.

        Raises:
            UserError: if `<s>` or `</s>` stands in a text.
        """
        ids, lengths, characters = [], [], []
        for text in texts:
            tokens = self.level.tokens(text)
            refuse_marks(tokens)
            ids.append(START_ID)
            ids += [self.ids.get(token, NOT_FOUND) for token in tokens]
            ids.append(END_ID)
            lengths.append(len(tokens) + 2)
            characters.append(len(self.level.text(tokens)) + 1)
        return np.array(ids, np.int64), np.array(lengths, np.int64), np.array(characters, np.int64)

    def score(self, texts: Sequence[str]) -> SentenceScores:
        """Log-probabilities of sentences.

        Args:
            texts: a sentence each; an empty one has `</s>` alone.

        Returns:
            what each one's tokens come to.

        Raises:
            UserError: if `<s>` or `</s>` stands in a text.
        """
        ids, lengths, characters = self.encode(texts)
        if not len(lengths):
            nothing = np.zeros(0, np.int64)
            return SentenceScores(np.zeros(0), np.zeros(0), *[nothing] * 5)
        unknown = ids == NOT_FOUND
        logs = self.scorer.score(np.where(unknown, UNKNOWN_ID, ids)) * math.log(10)
        starts = np.cumsum(lengths) - lengths
        impossible = np.isneginf(logs)

        def summed(values: np.ndarray) -> np.ndarray:
            return np.add.reduceat(values, starts)

        return SentenceScores(
            log_probabilities=summed(logs),
            known_log_probabilities=summed(np.where(unknown, 0.0, logs)),
            tokens=lengths - 1,
            unknown=summed(unknown.astype(np.int64)),
            impossible=summed(impossible.astype(np.int64)),
            known_impossible=summed((impossible & ~unknown).astype(np.int64)),
            characters=characters,
        )

    def perplexity(self, texts: Iterable[str]) -> Perplexity:
        """The report of a text of any length; batches do not change it.

        Args:
            texts: a sentence each.

        Raises:
            UserError: if `<s>` or `</s>` stands in a text.
        """
        return perplexity_of(self, texts)

    def next_words(self, text: str = "") -> np.ndarray:
        """Probabilities of what comes next.

        Args:
            text: the beginning of a sentence.

        Returns:
            float64 `[vocabulary]`, in the order of `words`; they sum to 1.
        """
        return self.scorer.next_words(self._beginning(text))

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
        """Goes on with a text until the sentence ends.

        Args:
            prompt: the beginning of a sentence; words that are not known may stand in it.
            max_tokens: tokens to add at most.
            temperature: above 0; 1 draws from the model's own distribution.
            top_k: draw from the so many likeliest tokens; 1 is greedy.
            top_p: draw from the likeliest tokens that together have this probability.
            seed: the same seed says the same; None for another text each time.

        Returns:
            the prompt and what follows. `<unk>` is never drawn.

        Raises:
            UserError: if an option is out of range.
        """
        sampling = Sampling(temperature, top_k, top_p)
        if max_tokens < 0:
            raise UserError(f"`max_tokens` must be 0 or more. Received: {max_tokens}")
        random = np.random.default_rng(seed)
        tokens = self.level.tokens(prompt)
        ids = self._beginning(prompt)
        for _ in range(max_tokens):
            probabilities = self.scorer.next_words(ids)
            probabilities[[UNKNOWN_ID, START_ID]] = 0.0
            if not probabilities.any():
                break  # without smoothing, nothing is known to follow
            drawn = sampling.draw(probabilities, random)
            if drawn == END_ID:
                break
            ids.append(drawn)
            tokens.append(self.words[drawn])
        return self.level.text(tokens)

    def _beginning(self, text: str) -> list[int]:
        tokens = self.level.tokens(text)
        refuse_marks(tokens)
        return [START_ID, *(self.ids.get(token, UNKNOWN_ID) for token in tokens)]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the model, whole or not at all, to one file that `load` maps.

        Raises:
            UserError: if the disk is full or the place may not be written.
        """
        arrays = {"vocabulary": np.frombuffer("\n".join(self.words).encode(), np.uint8)}
        for order, logs in enumerate(self.scorer.log_probabilities, 1):
            if order > 1:
                arrays[f"{order}.words"] = self.trie.words[order - 2]
                arrays[f"{order}.starts"] = self.trie.starts[order - 2]
            arrays[f"{order}.probabilities"] = logs
            if order < self.order:
                arrays[f"{order}.backoffs"] = self.scorer.log_backoffs[order - 1]
        write_arrays(Path(path), {**self.about, "order": self.order}, arrays)
        return Path(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> NgramModel:
        """What `save` wrote; the arrays stay on the disk until they are asked.

        Raises:
            UserError: if the file is missing, of another kind, or broken.
        """
        about, arrays = read_arrays(Path(path))
        words = arrays["vocabulary"].tobytes().decode().split("\n")
        orders = range(1, about.pop("order") + 1)
        return cls(
            words,
            NgramTrie(
                len(words),
                [arrays[f"{order}.words"] for order in orders[1:]],
                [arrays[f"{order}.starts"] for order in orders[1:]],
            ),
            [arrays[f"{order}.probabilities"] for order in orders],
            [arrays[f"{order}.backoffs"] for order in orders[:-1]],
            about,
        )


def refuse_marks(tokens: Iterable[str]) -> None:
    """Refuses a text in which a sentence's start or end stands as a word.

    Raises:
        UserError: naming it.
    """
    for mark in (START, END):
        if mark in tokens:
            raise UserError(
                f"`{mark}` stands in the text, but it marks a sentence here, and is set around every line by itself; "
                "cure: take it out, e.g. by `sed -E 's:</?s>::g'`"
            )
