"""Jelinek and Mercer's weights: how far to trust each order, learnt by leaving each token out in its turn."""

from __future__ import annotations

import dataclasses

import numpy as np

_BUCKETS = 48
_BUCKETS_PER_DOUBLING = 3
_MOST_NGRAMS = 1 << 21  # to learn from; of more, every so-manieth is taken
_ROUNDS = 100
_ENOUGH = 1e-5  # nats a token


@dataclasses.dataclass(frozen=True)
class OrderCounts:
    """Counts of one order as the weights need them.

    Attributes:
        counts: int64 `[ngrams]`.
        parents: int64 `[ngrams]`, the number of each one's context.
        suffixes: int64 `[ngrams]`, the number of each one without its first word; 0, as the parents,
            for unigrams, which have the one empty context.
        totals: float64 `[contexts]`, how often each context stands before a word.
        types: int64 `[contexts]`, how many different words stand behind it.
    """

    counts: np.ndarray
    parents: np.ndarray
    suffixes: np.ndarray
    totals: np.ndarray
    types: np.ndarray


def buckets_of(totals: np.ndarray, types: np.ndarray) -> np.ndarray:
    """Contexts that share a weight: alike in how often, on average, the words behind them were seen.

    Chen and Goodman, 1998, section 2.3, found this to tell more than the context's own count. Three buckets a doubling.
    """
    average = np.maximum(totals, 1) / np.maximum(types, 1)
    return np.minimum(np.log2(average) * _BUCKETS_PER_DOUBLING, _BUCKETS - 1).astype(np.int64)


def learn_weights(orders: list[OrderCounts], leaves: list[np.ndarray], uniform: float) -> list[np.ndarray]:
    """Weights of the maximum-likelihood estimate of each order, by expectation and maximisation.

    Jelinek and Mercer, 1980, "Interpolated estimation of Markov source parameters from sparse data". Each token is
    predicted from the counts of all the others, so no text need be held out.

    Args:
        orders: from unigrams upwards.
        leaves: for each order, the numbers of the n-grams that are the longest at some token. Each token of the text
            is the last of just one.
        uniform: the probability of each word below the unigrams.

    Returns:
        for each order float64 `[buckets]`, each above 0 and below 1: p(w|h) = weight * c(hw) / c(h) + (1 - weight) *
        p(w|h').
    """
    tokens, shares, buckets = _left_out(orders, leaves)
    weights = np.full((len(orders), _BUCKETS), 0.5)
    last = -np.inf
    for _ in range(_ROUNDS):
        below = [np.full(len(tokens), uniform)]
        for share, bucket, weight in zip(shares, buckets, weights):
            mine = np.where(bucket >= 0, weight[bucket], 0.0)
            below.append(mine * share + (1 - mine) * below[-1])
        likelihood = float(tokens @ np.log(below[-1])) / tokens.sum()
        responsible = tokens / below[-1]
        for level in range(len(orders) - 1, -1, -1):
            share, bucket = shares[level], buckets[level]
            there = bucket >= 0
            mine = np.where(there, weights[level][bucket], 0.0)
            took = np.bincount(bucket[there], (responsible * mine * share)[there], _BUCKETS)
            reached = np.bincount(bucket[there], (responsible * below[level + 1])[there], _BUCKETS)
            # One more token on either side keeps every weight off 0 and 1: nothing becomes impossible.
            weights[level] = (took + 1) / (reached + 2)
            responsible = responsible * (1 - mine)
        if likelihood - last < _ENOUGH:
            break
        last = likelihood
    for level, bucket in enumerate(buckets):
        _fill(weights[level], np.bincount(bucket[bucket >= 0], minlength=_BUCKETS) > 0)
    return list(weights)


def _left_out(
    orders: list[OrderCounts], leaves: list[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Tokens each n-gram stands for, and per order its share without itself and its bucket, -1 without a context."""
    step = -(-sum(map(len, leaves)) // _MOST_NGRAMS)
    taken = [numbers[order.counts[numbers] > 0][::step] for order, numbers in zip(orders, leaves)]
    tokens = np.concatenate([order.counts[numbers] for order, numbers in zip(orders, taken)]).astype(
        np.float64
    )
    shares, buckets = [], []
    numbers = np.empty(0, np.int64)
    for order, mine in zip(reversed(orders), reversed(taken)):
        # Tokens whose longest n-gram is a shorter one have nothing at this order; theirs come first.
        numbers = np.concatenate([mine, numbers])
        absent = len(tokens) - len(numbers)
        counts = order.counts[numbers]
        context = order.parents[numbers]
        totals = order.totals[context] - 1
        types = order.types[context] - (counts == 1)
        share = (counts - 1) / np.maximum(totals, 1)
        bucket = np.where(totals > 0, buckets_of(totals, types), -1)
        shares.append(np.concatenate([np.zeros(absent), share]))
        buckets.append(np.concatenate([np.full(absent, -1), bucket]))
        numbers = order.suffixes[numbers]
    return tokens, shares[::-1], buckets[::-1]


def _fill(weights: np.ndarray, known: np.ndarray) -> None:
    """Gives buckets that no token fell into the weight of the nearest one that has one."""
    if known.any():
        places = np.flatnonzero(known)
        nearest = places[np.abs(np.arange(len(weights))[:, None] - places).argmin(1)]
        weights[:] = weights[nearest]
