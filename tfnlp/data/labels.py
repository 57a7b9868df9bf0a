"""Label names and their ids, and the checks that keep one corpus in step with another."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from tfnlp.data.corpus import Corpus, Labels
from tfnlp.errors import UserError, did_you_mean

logger = logging.getLogger(__name__)


class LabelIndex:
    """The labels of a task in a fixed order; a label's id is its place in it.

    Args:
        names: the labels, each once.
        multi_label: whether a text bears a list of labels.

    Raises:
        UserError: for a label that is there twice, or fewer labels than a classifier needs: two, or one where
            `multi_label`.
    """

    def __init__(self, names: Sequence[str], multi_label: bool = False) -> None:
        self.names = list(names)
        self.multi_label = multi_label
        self._ids = {name: number for number, name in enumerate(self.names)}
        if len(self._ids) != len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise UserError(f"a label must be there once. Received: `{twice}` twice in {self.names[:20]}")
        least = 1 if multi_label else 2
        if len(self.names) < least:
            raise UserError(
                f"a classifier needs at least {least} label{'s' if least > 1 else ''}. "
                f"Received: {self.names}; cure: check that `label_column` names the right column "
                "and that the corpus is whole"
            )

    @classmethod
    def from_corpus(cls, corpus: Corpus) -> LabelIndex:
        """Takes the labels of a training corpus, sorted by name (numerically where all are whole numbers)."""
        if corpus.labels is None:
            raise UserError(f"{corpus.source}: has no labels; cure: name their column with label_column=…")
        counts = corpus.label_counts()
        for label in [label for label, count in counts.items() if count == 1][:10]:
            row = next(row for row in range(len(corpus)) if label in corpus.labels_of(row))
            logger.warning(
                "%s, %s: the only training example of label `%s`; one example teaches next to nothing",
                corpus.source,
                corpus.place(row),
                label,
            )
        return cls(sorted(counts, key=_natural(counts)), corpus.multi_label)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._ids

    def index(self, name: str) -> int:
        """Returns the id of a label.

        Raises:
            UserError: for a label that is not known.
        """
        if name not in self._ids:
            raise UserError(
                f"no label `{name}`.{did_you_mean(name, self.names)} There: {_listed(self.names)}"
            )
        return self._ids[name]

    def encode(self, labels: Labels) -> np.ndarray:
        """Turns label names into training targets.

        Returns:
            int32 of shape `(rows,)`; for multi-label float32 of shape `(rows, labels)`, 1 where the row bears
            the label.
        """
        if labels is None:
            raise UserError("the corpus has no labels; cure: name their column with label_column=…")
        if not self.multi_label:
            return np.array([self.index(label) for label in labels], dtype=np.int32)  # type: ignore[arg-type]
        targets = np.zeros((len(labels), len(self)), dtype=np.float32)
        for row, names in enumerate(labels):
            for name in [names] if isinstance(names, str) else names:
                targets[row, self.index(name)] = 1.0
        return targets


def check_labels(train: Corpus | Sequence[str], other: Corpus, *, name: str = "validation") -> None:
    """Checks that a corpus can be scored by a model that knows the labels of another.

    Args:
        train: the training corpus, or the labels of a trained model.
        other: the corpus to check.
        name: what to call it in the message, e.g. `"validation"`.

    Raises:
        UserError: if it has no labels, a list of labels a row where training has one, or a label that
            never occurs in training; the message names the first line that bears it.
    """
    if other.labels is None:
        raise UserError(
            f"{other.source}: the {name} text has no labels; cure: name their column with label_column=…"
        )
    if isinstance(train, Corpus):
        if len(other) and train.multi_label != other.multi_label:
            kinds = ("one label a row", "a list of labels a row")
            raise UserError(
                f"{other.source}: {name} has {kinds[other.multi_label]} but training has "
                f"{kinds[train.multi_label]}; cure: give both the same form (label_separator=… makes lists)"
            )
        counts = train.label_counts()
        known = sorted(counts, key=_natural(counts))
    else:
        known = list(train)
    unseen = [label for label in other.label_counts() if label not in set(known)]
    if unseen:
        label = unseen[0]
        rows = [row for row in range(len(other)) if label in other.labels_of(row)]
        more = f" Unseen too: {_listed(unseen[1:])}." if unseen[1:] else ""
        raise UserError(
            f"label `{label}` in {name} ({other.source}, {other.place(rows[0])}; rows with it: {len(rows)}) "
            f"never occurs in training.{did_you_mean(label, known)} Training has {_listed(known)}.{more} "
            "Cure: mend the label, add training examples of it, or remove these rows"
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:20]) + (
        f" and {len(names) - 20} more" if len(names) > 20 else ""
    )


def _natural(names: object):
    """Returns the sort key that puts `2` before `10` where all names are whole numbers."""
    numeric = all(name.removeprefix("-").isdecimal() for name in names)  # type: ignore[attr-defined]
    return (lambda name: (int(name), name)) if numeric else (lambda name: name)
