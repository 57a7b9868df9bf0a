"""What the smoothing methods take from counts that were seen, for those that were not."""

from __future__ import annotations

import logging

import numpy as np

logger = logging.getLogger(__name__)

_LARGEST_GOOD_TURING = 5  # counts above it are believed, as Katz does
_FALLBACK = 0.5


def counts_of_counts(counts: np.ndarray, largest: int) -> np.ndarray:
    """How many n-grams stand there exactly r times, for r from 0 to `largest`: int64 `[largest + 1]`."""
    return np.bincount(counts[counts <= largest], minlength=largest + 1)[: largest + 1]


def kneser_ney_discounts(counts: np.ndarray, order: int) -> np.ndarray:
    """One discount for all counts, n1 / (n1 + 2 n2), where nr n-grams have the count r.

    Ney, Essen and Kneser, 1994, https://doi.org/10.1006/csla.1994.1001

    Args:
        counts: int64 `[ngrams]`.
        order: of these n-grams, for the warning.

    Returns:
        float64 `[2]`: what to take from the counts 0, and 1 or more. Half a count, with a warning, where n1 or n2 is 0.
    """
    n = counts_of_counts(counts, 2)
    if n[1] == 0 or n[2] == 0:
        _warn(order, "n-grams seen once and twice", "half a count")
        return np.array([0.0, _FALLBACK])
    return np.array([0.0, n[1] / (n[1] + 2 * n[2])])


def modified_kneser_ney_discounts(counts: np.ndarray, order: int) -> np.ndarray:
    """Three discounts, for the counts 1, 2, and 3 or more.

    Chen and Goodman, 1998, section 3, https://dash.harvard.edu/handle/1/25104739: with Y = n1 / (n1 + 2 n2), the
    discount of r is r - (r + 1) Y n(r+1) / n(r).

    Args:
        counts: int64 `[ngrams]`.
        order: of these n-grams, for the warning.

    Returns:
        float64 `[4]`: what to take from the counts 0, 1, 2, and 3 or more. 0.5, 1 and 1.5, with a warning, where the
        counts are too few for the formula.
    """
    n = counts_of_counts(counts, 4).astype(np.float64)
    if n[1:].all():
        y = n[1] / (n[1] + 2 * n[2])
        discounts = np.array([0.0, *(r - (r + 1) * y * n[r + 1] / n[r] for r in (1, 2, 3))])
        if (discounts >= 0).all():
            return discounts
    _warn(order, "n-grams seen once to four times", "0.5, 1 and 1.5")
    return np.array([0.0, 0.5, 1.0, 1.5])


def good_turing_discounts(counts: np.ndarray, order: int) -> np.ndarray:
    """What Katz's back-off takes from the counts 1 to 5, after Good and Turing.

    Katz, 1987, equations 9 to 13, https://doi.org/10.1109/TASSP.1987.1165125: a count r up to k is multiplied by
    (r*/r - A) / (1 - A), with r* = (r + 1) n(r+1) / n(r) and A = (k + 1) n(k+1) / n(1). k is 5, or the greatest number
    below for which all these factors lie above 0 and at most at 1.

    Args:
        counts: int64 `[ngrams]`.
        order: of these n-grams, for the warning.

    Returns:
        float64 `[k + 2]`: what to take from the counts 0 to k, and from all above (nothing). Nothing at all where no
        n-gram was seen just once; half a count from all, with a warning, where the counts are too few.
    """
    n = counts_of_counts(counts, _LARGEST_GOOD_TURING + 1).astype(np.float64)
    if n[1] == 0:  # what was never seen has n(1) of all tokens
        return np.zeros(2)
    for k in range(_LARGEST_GOOD_TURING, 1, -1):
        if not n[1 : k + 1].all():
            continue
        r = np.arange(1, k + 1)
        common = (k + 1) * n[k + 1] / n[1]
        if common >= 1:
            continue
        factors = ((r + 1) * n[r + 1] / (r * n[r]) - common) / (1 - common)
        if (factors > 0).all() and (factors <= 1).all():
            return np.concatenate([[0.0], r * (1 - factors), [0.0]])
    _warn(order, f"n-grams seen up to {_LARGEST_GOOD_TURING + 1} times", "half a count")
    return np.array([0.0, _FALLBACK])


def discounted(counts: np.ndarray, discounts: np.ndarray) -> np.ndarray:
    """Counts less their discounts, float64; the last discount is that of all greater counts."""
    return np.asarray(counts, np.float64) - discounts[np.minimum(counts, len(discounts) - 1)]


def _warn(order: int, what: str, instead: str) -> None:
    logger.warning("order %d: too few %s to learn discounts from; %s instead", order, what, instead)
