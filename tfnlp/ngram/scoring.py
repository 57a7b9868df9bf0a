"""Probabilities from n-grams and back-off weights, for whole texts at once and for every next word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfnlp.ngram.trie import END_ID, NOT_FOUND, START_ID, NgramTrie


class BackOffScorer:
    """Looks probabilities up in back-off form.

    Args:
        trie: the n-grams.
        log_probabilities: for each order, to the base of 10, float32 `[ngrams]`.
        log_backoffs: the same of the back-off weights, for all orders but the last.
    """

    def __init__(
        self,
        trie: NgramTrie,
        log_probabilities: Sequence[np.ndarray],
        log_backoffs: Sequence[np.ndarray],
    ):
        self.trie = trie
        self.log_probabilities = log_probabilities
        self.log_backoffs = log_backoffs

    def score(self, tokens: np.ndarray) -> np.ndarray:
        """Log-probability of each token after those before it in its sentence.

        Args:
            tokens: int64 `[tokens]`, sentence behind sentence, each from `<s>` to `</s>`.

        Returns:
            float64 `[tokens]`, to the base of 10; 0 for `<s>`, minus infinity for what is impossible.
        """
        scores = self.log_probabilities[0][tokens].astype(np.float64)
        # The n-gram that begins at each token; an end goes on into nothing, so none leads into the next sentence.
        begun = tokens.astype(np.int64)
        for order in range(2, self.trie.order + 1):
            reach = order - 1
            contexts = begun[: len(tokens) - reach]
            contexts = np.where(tokens[reach - 1 : len(tokens) - 1] == END_ID, NOT_FOUND, contexts)
            begun = self.trie.find(order, contexts, tokens[reach:])
            weighted = scores[reach:] + _taken(self.log_backoffs[order - 2], contexts)
            scores[reach:] = np.where(begun >= 0, _taken(self.log_probabilities[order - 1], begun), weighted)
        scores[tokens == START_ID] = 0.0
        return scores

    def next_words(self, context: Sequence[int]) -> np.ndarray:
        """Probabilities of all words behind a context.

        Args:
            context: ids from `<s>` on; of a longer one, the last order - 1 count.

        Returns:
            float64 `[size]`, which sum to 1.
        """
        context = list(context)[-(self.trie.order - 1) :] if self.trie.order > 1 else []
        probabilities = 10.0 ** self.log_probabilities[0].astype(np.float64)
        for length in range(1, len(context) + 1):
            number = self.number(context[-length:])
            if number == NOT_FOUND:
                continue
            children = self.trie.children(length + 1, number)
            probabilities *= 10.0 ** float(self.log_backoffs[length - 1][number])
            probabilities[self.trie.words[length - 1][children]] = 10.0 ** self.log_probabilities[length][
                children
            ].astype(np.float64)
        return probabilities

    def number(self, words: Sequence[int]) -> int:
        """The number of one n-gram, or `NOT_FOUND`."""
        number = words[0]
        for order, word in enumerate(words[1:], 2):
            siblings = self.trie.children(order, number)
            sorted_words = self.trie.words[order - 2]
            place = siblings.start + int(np.searchsorted(sorted_words[siblings], word))
            if place == siblings.stop or sorted_words[place] != word:
                return NOT_FOUND
            number = place
        return number


def _taken(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The values at some numbers, and 0 where there is none."""
    if not len(values):
        return np.zeros(len(numbers))
    return np.where(numbers >= 0, values[np.maximum(numbers, 0)], 0.0)
