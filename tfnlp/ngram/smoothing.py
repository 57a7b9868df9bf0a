"""From counts to probabilities: every method ends in one form, a probability and a back-off weight for each n-gram."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfnlp.errors import UserError, did_you_mean
from tfnlp.ngram.counting import NgramCounts
from tfnlp.ngram.deleted_interpolation import OrderCounts, buckets_of, learn_weights
from tfnlp.ngram.discounts import (
    discounted,
    good_turing_discounts,
    kneser_ney_discounts,
    modified_kneser_ney_discounts,
)
from tfnlp.ngram.trie import START_ID, NgramTrie

SMOOTHINGS = ("mle", "add_k", "katz", "jelinek_mercer", "kneser_ney", "modified_kneser_ney")
_INTERPOLATED = ("jelinek_mercer", "kneser_ney", "modified_kneser_ney")
_KNESER_NEY = {"kneser_ney": kneser_ney_discounts, "modified_kneser_ney": modified_kneser_ney_discounts}
# Below this a difference of sums is what rounding left.
_NOTHING = 1e-12


@dataclasses.dataclass(frozen=True)
class Smoothing:
    """How counts become probabilities.

    Attributes:
        method: `"mle"`, `"add_k"`, `"katz"`, `"jelinek_mercer"`, `"kneser_ney"` or `"modified_kneser_ney"`.
        prune: for each order, the greatest count that is left out; the last number goes for all longer n-grams, and
            none is less than the one before. The first is 0: words stay. Empty for nothing.
        add_k: of `add_k`: what is added to every count, above 0.

    Raises:
        UserError: if one of them is out of range.
    """

    method: str = "modified_kneser_ney"
    prune: Sequence[int] = ()
    add_k: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in SMOOTHINGS:
            raise UserError(
                f"`smoothing` must be one of {', '.join(SMOOTHINGS)}. Received: {self.method!r}."
                f"{did_you_mean(self.method, SMOOTHINGS)}"
            )
        if not (self.add_k > 0 and np.isfinite(self.add_k)):
            raise UserError(f"`add_k` must be a number above 0. Received: {self.add_k}")
        prune = list(self.prune)
        if prune and (prune[0] != 0 or sorted(prune) != prune):
            raise UserError(
                "`prune` takes the greatest count to leave out for each order; it begins with 0, since words stay (use "
                f"`min_count`), and never falls: 0,0,1. Received: {','.join(map(str, prune))}"
            )

    def least_count(self, order: int) -> int:
        """The least count that an n-gram of this order must have to stay."""
        return self.prune[min(order, len(self.prune)) - 1] + 1 if self.prune else 1


@dataclasses.dataclass(frozen=True)
class Estimates:
    """Probabilities in back-off form.

    p(w|h) is the n-gram's own where it is there; else that of w after h without its first word, times h's back-off
    weight, which is 1 where h is not there.

    Attributes:
        trie: the n-grams.
        log_probabilities: for each order, logarithms to the base of 10, float32 `[ngrams]`; minus infinity for 0.
        log_backoffs: the same of the back-off weights, for all orders but the last.
        facts: what was learnt on the way, as plain JSON: discounts, or weights.
    """

    trie: NgramTrie
    log_probabilities: list[np.ndarray]
    log_backoffs: list[np.ndarray]
    facts: dict[str, Any]


def estimate(counted: NgramCounts, smoothing: Smoothing) -> Estimates:
    """Makes probabilities of counts.

    Memory goes with the number of n-grams of all orders together: some 100 bytes each, 130 for `jelinek_mercer`.

    Args:
        counted: the counts of all orders.
        smoothing: how.

    Returns:
        the probabilities: for every context, seen or not, they sum to 1 over all words but `<s>`.
    """
    trie = counted.trie
    orders = _orders(counted, smoothing.method)
    shares, facts = _shares(orders, trie, smoothing)
    probabilities = _unigrams(shares[0], orders[0].counts, smoothing.method)
    all_probabilities, backoffs, keeps = [probabilities], [], []
    for order in range(2, trie.order + 1):
        here, share = orders[order - 1], shares[order - 1]
        keep = np.asarray(counted.counts[order - 1]) >= smoothing.least_count(order)
        keeps.append(keep)
        lower = probabilities[here.suffixes]
        contexts = len(here.totals)
        if smoothing.method in _INTERPOLATED:
            backoff = _left(here.parents, share, keep, contexts)
            probabilities = share + backoff[here.parents] * lower
        else:
            probabilities, backoff = _back_off(
                here, share, lower, keep, trie.size - 1, must_leave=smoothing.method == "katz"
            )
        all_probabilities.append(probabilities)
        backoffs.append(backoff)
    masks = [np.ones(trie.size, bool), *keeps]
    with np.errstate(divide="ignore"):
        return Estimates(
            trie.filtered(keeps) if any(smoothing.prune) else trie,
            # Rounding must not lead above 1: readers of ARPA's format refuse that.
            [
                np.log10(np.minimum(values[mask], 1)).astype(np.float32)
                for values, mask in zip(all_probabilities, masks)
            ],
            [np.log10(values[mask]).astype(np.float32) for values, mask in zip(backoffs, masks)],
            facts,
        )


def _orders(counted: NgramCounts, method: str) -> list[OrderCounts]:
    """The counts that a method works with, with the n-grams' contexts."""
    trie = counted.trie
    parents = [np.zeros(trie.size, np.int64)]  # the one empty context
    suffixes = [np.zeros(trie.size, np.int64)]
    for order in range(2, trie.order + 1):
        parents.append(trie.parents(order))
        suffixes.append(trie.suffixes(order, parents[-1], suffixes[-1]))
    orders = []
    for order in range(1, trie.order + 1):
        counts = np.array(counted.counts[order - 1])
        if method in _KNESER_NEY and order < trie.order:
            # How many different words stand before an n-gram; before a sentence's start there is none to count.
            before = np.bincount(suffixes[order], minlength=len(counts))
            counts = np.where(begins_at_start(trie, order), counts, before)
        if order == 1:
            counts[START_ID] = 0  # it is given, never foretold
        contexts = trie.count(order - 1) if order > 1 else 1
        totals = np.bincount(parents[order - 1], counts, contexts)
        types = np.bincount(parents[order - 1][counts > 0], minlength=contexts)
        orders.append(OrderCounts(counts, parents[order - 1], suffixes[order - 1], totals, types))
    return orders


def begins_at_start(trie: NgramTrie, order: int) -> np.ndarray:
    """Which n-grams of an order begin with `<s>`: bool `[ngrams]`."""
    first = slice(START_ID, START_ID + 1)
    for level in range(2, order + 1):
        starts = trie.starts[level - 2]
        first = slice(int(starts[first.start]), int(starts[first.stop]))
    begins = np.zeros(trie.count(order), bool)
    begins[first] = True
    return begins


def _shares(
    orders: list[OrderCounts], trie: NgramTrie, smoothing: Smoothing
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """What each n-gram gets of its own context's probability, before anything comes from shorter contexts."""
    method = smoothing.method
    vocabulary = trie.size - 1  # without <s>
    if method == "jelinek_mercer":
        weights = learn_weights(orders, _leaves(trie), 1 / vocabulary)
        shares = []
        for order, weight in zip(orders, weights):
            trusted = weight[buckets_of(order.totals, order.types)]
            shares.append(_per_context(order, trusted * _inverse(order.totals)) * order.counts)
        return shares, {"weights": [weight.tolist() for weight in weights]}
    shares, discounts = [], []
    for number, order in enumerate(orders, 1):
        if method == "mle":
            shares.append(order.counts * _per_context(order, _inverse(order.totals)))
        elif method == "add_k":
            share = (order.counts + smoothing.add_k) / (
                _per_context(order, order.totals) + smoothing.add_k * vocabulary
            )
            if number < len(orders):
                # Only a whole context counts: orders - 1 words, or fewer from the sentence's start on. Shorter ones
                # stand for contexts never seen, where every word is as likely as any other.
                share = np.where(begins_at_start(trie, number) & (number > 1), share, 1 / vocabulary)
            shares.append(share)
        else:
            seen = order.counts[order.counts > 0]
            if method == "katz" and number == 1 and len(seen) == vocabulary:
                discounts.append(np.zeros(2))  # no word is left that it could go to
            else:
                discounts.append(_KNESER_NEY.get(method, good_turing_discounts)(seen, number))
            shares.append(
                discounted(order.counts, discounts[-1]) * _per_context(order, _inverse(order.totals))
            )
    return shares, {"discounts": [values.tolist() for values in discounts]} if discounts else {}


def _inverse(totals: np.ndarray) -> np.ndarray:
    return 1 / np.maximum(totals, 1)


def _per_context(order: OrderCounts, values: np.ndarray) -> np.ndarray:
    """Each context's value at each of its n-grams."""
    return values[order.parents]


def _leaves(trie: NgramTrie) -> list[np.ndarray]:
    """The n-grams that are the longest at some token: those of the last order, and shorter ones that begin at `<s>`."""
    leaves = [np.empty(0, np.int64)]
    for order in range(2, trie.order + 1):
        leaves.append(np.flatnonzero(begins_at_start(trie, order)))
    leaves[-1] = np.arange(trie.count(trie.order))
    return leaves


def _unigrams(share: np.ndarray, counts: np.ndarray, method: str) -> np.ndarray:
    """Probabilities of words without a context, float64 `[size]`; that of `<s>` is 0.

    What the discounts left goes to all words alike under interpolation, else to those never seen.
    """
    foretold = np.ones(len(share), bool)
    foretold[START_ID] = False
    share = np.where(foretold, share, 0.0)
    if method in _INTERPOLATED:
        return share + foretold * max(0.0, 1 - share.sum()) / foretold.sum()
    unseen = foretold & (counts == 0)
    if method == "katz" and unseen.any():
        if 1 - share.sum() < _NOTHING:
            share = counts / (counts.sum() + 1)
        return share + unseen * (1 - share.sum()) / unseen.sum()
    return share / share.sum()


def _left(parents: np.ndarray, share: np.ndarray, keep: np.ndarray, contexts: int) -> np.ndarray:
    """What the n-grams that are kept leave of their contexts' probability, float64 `[contexts]`."""
    return np.maximum(0.0, 1 - np.bincount(parents[keep], share[keep], contexts))


def _back_off(
    here: OrderCounts,
    share: np.ndarray,
    lower: np.ndarray,
    keep: np.ndarray,
    vocabulary: int,
    *,
    must_leave: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and the weights by which what is left goes to the words that did not follow the context."""
    contexts = len(here.totals)
    left = _left(here.parents, share, keep, contexts)
    left[left < _NOTHING] = 0.0
    followers = np.bincount(here.parents[keep], minlength=contexts)
    lower_left = _left(here.parents, lower, keep, contexts)
    lower_left[(followers == vocabulary) | (lower_left < _NOTHING)] = 0.0
    if must_leave:
        # All that follows was seen too often to be discounted, yet other words are possible: one more count for them.
        stingy = (left == 0) & (lower_left > 0) & (followers > 0)
        raised = np.where(stingy, here.totals / (here.totals + 1), 1.0)
        share = share * raised[here.parents]
        left = np.where(stingy, 1 - raised, left)
    # Where no other word is possible, what is left goes to those that are.
    stretched = np.where((lower_left == 0) & (followers > 0), 1 / np.maximum(1 - left, _NOTHING), 1.0)
    backoff = np.where(lower_left > 0, left / np.where(lower_left > 0, lower_left, 1.0), 0.0)
    return share * stretched[here.parents], np.where(followers > 0, backoff, 1.0)
