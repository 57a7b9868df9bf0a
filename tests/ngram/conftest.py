"""Language models written out plainly, word by word and with dictionaries: what the arrays are held to."""

import math
from collections import Counter

import numpy as np
import pytest

from tfnlp.ngram.discounts import (
    good_turing_discounts,
    kneser_ney_discounts,
    modified_kneser_ney_discounts,
)

START, END, UNKNOWN = "<s>", "</s>", "<unk>"


@pytest.fixture(scope="session")
def plain_model():
    """The class, for tests that ask it."""
    return PlainModel


class PlainModel:
    """Counts n-grams in dictionaries, and asks recursively.

    `discounts` are taken as learnt elsewhere; they are tested by hand. Everything else is written down anew.
    """

    def __init__(self, sentences, order, method, prune=(), k=1.0):
        self.order, self.method, self.k = order, method, k
        self.prune = [*prune, *[prune[-1]] * order] if prune else [0] * order
        rows = [[START, *sentence, END] for sentence in sentences]
        self.order = min(order, max(map(len, rows)))
        self.raw = Counter(
            tuple(row[i : i + n])
            for row in rows
            for n in range(1, self.order + 1)
            for i in range(len(row) - n + 1)
        )
        self.words = sorted({word for row in rows for word in row} - {START} | {UNKNOWN})
        self.counts = Counter({ngram: self.count(ngram) for ngram in self.raw})
        del self.counts[START,]
        self.followers = {}
        for ngram, count in self.counts.items():
            self.followers.setdefault(ngram[:-1], {})[ngram[-1]] = count
        self.discounts, self.known = {}, {}
        learn = {
            "kneser_ney": kneser_ney_discounts,
            "modified_kneser_ney": modified_kneser_ney_discounts,
            "katz": good_turing_discounts,
        }.get(method)
        if learn:
            for n in range(1, self.order + 1):
                of_order = np.array([count for ngram, count in self.counts.items() if len(ngram) == n])
                self.discounts[n] = learn(of_order, n).tolist()
            if method == "katz" and all((word,) in self.counts for word in self.words):
                self.discounts[1] = [0.0, 0.0]

    def count(self, ngram):
        """How often, or after how many different words, for Kneser and Ney."""
        if "kneser_ney" not in self.method or len(ngram) == self.order or ngram[0] == START:
            return self.raw[ngram]
        return sum(longer[1:] == ngram for longer in self.raw if len(longer) == len(ngram) + 1)

    def kept(self, context):
        return [
            word
            for word in self.followers.get(context, ())
            if not context or self.raw[*context, word] > self.prune[len(context)]
        ]

    def share(self, context, word):
        count, total = self.followers[context].get(word, 0), sum(self.followers[context].values())
        if self.method == "mle":
            return count / total
        discounts = self.discounts[len(context) + 1]
        return (count - discounts[min(count, len(discounts) - 1)]) / total

    def probability(self, word, context):
        """p(word | context), by the definition of each method."""
        context = tuple(context)[-(self.order - 1) :] if self.order > 1 else ()
        if (context, word) not in self.known:
            self.known[context, word] = self._probability(word, context)
        return self.known[context, word]

    def _probability(self, word, context):
        if self.method == "add_k":
            # Only what was seen of a whole context tells; nothing comes from a shorter one.
            total = sum(self.followers.get(context, {}).values())
            count = self.followers.get(context, {}).get(word, 0)
            return (count + self.k) / (total + self.k * len(self.words))
        if context and context not in self.followers:
            return self.probability(word, context[1:])
        if "kneser_ney" in self.method:
            seen = self.kept(context)
            own = self.share(context, word) if word in seen else 0.0
            left = 1 - sum(self.share(context, other) for other in seen)
            lower = self.probability(word, context[1:]) if context else 1 / len(self.words)
            return own + left * lower
        if not context:
            return self.unigram(word)
        return self.back_off(word, context)

    def unigram(self, word):
        unseen = [other for other in self.words if other not in self.followers[()]]
        shares = {other: self.share((), other) for other in self.followers[()]}
        left = 1 - sum(shares.values())
        if self.method == "katz" and unseen:
            if left < 1e-12:
                total = sum(self.followers[()].values())
                shares = {other: count / (total + 1) for other, count in self.followers[()].items()}
                left = 1 / (total + 1)
            return shares.get(word, left / len(unseen))
        return shares.get(word, 0.0) / sum(shares.values())

    def back_off(self, word, context):
        seen = self.kept(context)
        shares = {other: self.share(context, other) for other in seen}
        left = 1 - sum(shares.values())
        lower_left = sum(self.probability(o, context[1:]) for o in self.words if o not in shares)
        if self.method == "katz" and abs(left) < 1e-12 and lower_left > 0 and seen:
            total = sum(self.followers[context].values())
            shares = {other: share * total / (total + 1) for other, share in shares.items()}
            left = 1 / (total + 1)
        if lower_left < 1e-12 and seen:
            shares = {other: share / sum(shares.values()) for other, share in shares.items()}
        if word in shares:
            return shares[word]
        if lower_left < 1e-12:
            return 0.0
        return max(left, 0.0) / lower_left * self.probability(word, context[1:])

    def perplexity(self, sentences):
        logs = [
            math.log(self.probability(word, [START, *sentence[:i]]))
            for sentence in sentences
            for i, word in enumerate([*sentence, END])
        ]
        return math.exp(-sum(logs) / len(logs))
