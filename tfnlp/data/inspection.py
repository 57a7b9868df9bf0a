"""Looks a corpus over before anything is trained on it: balance, lengths, repeats, leaks, broken lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from tfnlp.data.corpus import Corpus

if TYPE_CHECKING:
    from rich.console import Group

QUANTILES = {
    "min": 0.0,
    "p5": 0.05,
    "p25": 0.25,
    "median": 0.5,
    "p75": 0.75,
    "p95": 0.95,
    "p99": 0.99,
    "max": 1.0,
}


@dataclass
class SplitReport:
    """What was found in one corpus.

    Attributes:
        source: where it was read from.
        rows: number of rows.
        labels: label -> number of rows that bear it, most frequent first; empty for unlabelled text.
        characters: quantiles of the text lengths in characters: `min`, `p5`, `p25`, `median`, `p75`, `p95`,
            `p99`, `max`.
        empty: rows whose text is empty or blank.
        duplicates: rows whose text stands in an earlier row.
        conflicting: texts that stand under more than one label.
        undecodable: places of the rows that are not valid UTF-8, e.g. `"line 12"`.
        single: labels with one example.
    """

    source: str
    rows: int
    labels: dict[str, int]
    characters: dict[str, int]
    empty: int
    duplicates: int
    conflicting: int
    undecodable: list[str]
    single: list[str]


@dataclass
class CorpusReport:
    """What was found in the corpora of a task.

    Attributes:
        splits: name -> what was found in it.
        shared: `(one, other, rows)`: rows of `other` whose text also stands in `one`.
        unseen: name -> its labels that the first corpus lacks.
    """

    splits: dict[str, SplitReport]
    shared: list[tuple[str, str, int]]
    unseen: dict[str, list[str]]

    def as_dict(self) -> dict[str, Any]:
        """Returns the report as plain JSON."""
        return {
            "splits": {name: asdict(split) for name, split in self.splits.items()},
            "shared": [{"one": one, "other": other, "rows": rows} for one, other, rows in self.shared],
            "unseen": self.unseen,
        }


def inspect_corpus(corpora: Mapping[str, Corpus]) -> CorpusReport:
    """Looks over the corpora of a task.

    Args:
        corpora: name, such as `"train"`, -> corpus; the first is the training corpus. Read them with
            `on_undecodable="replace"`, so that broken lines are listed rather than stop the reading.
    """
    seen = {name: set(corpus.texts) for name, corpus in corpora.items()}
    shared = []
    for one, other in combinations(corpora, 2):
        count = sum(text in seen[one] for text in corpora[other].texts)
        shared.append((one, other, count))
    splits = {name: _inspect_one(corpus) for name, corpus in corpora.items()}
    training = next(iter(splits.values()), None)
    unseen = {
        name: [label for label in split.labels if training and label not in training.labels]
        for name, split in splits.items()
    }
    return CorpusReport(splits, shared, {name: labels for name, labels in unseen.items() if labels})


def _inspect_one(corpus: Corpus) -> SplitReport:
    labels_of_text: dict[str, set[tuple[str, ...]]] = {}
    for row, text in enumerate(corpus.texts):
        labels_of_text.setdefault(text, set()).add(tuple(sorted(corpus.labels_of(row))))
    counts = corpus.label_counts()
    lengths = np.array([len(text) for text in corpus.texts], dtype=np.int64)
    quantiles: Any = np.quantile(lengths, list(QUANTILES.values()), method="lower") if len(lengths) else []
    return SplitReport(
        source=corpus.source,
        rows=len(corpus),
        labels=counts,
        characters={name: int(value) for name, value in zip(QUANTILES, quantiles)},
        empty=sum(not text.strip() for text in corpus.texts),
        duplicates=len(corpus) - len(labels_of_text),
        conflicting=sum(len(labels) > 1 for labels in labels_of_text.values()),
        undecodable=[corpus.place(row) for row in corpus.undecodable],
        single=[label for label, count in counts.items() if count == 1],
    )


def inspection_table(report: CorpusReport) -> Group:
    """Returns the report as tables that `rich` prints."""
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    overview = Table(title="Corpus")
    overview.add_column("")
    for name in report.splits:
        overview.add_column(escape(name), justify="right")
    splits = list(report.splits.values())
    overview.add_row("rows", *(f"{split.rows:,}" for split in splits))
    for quantile in QUANTILES:
        lengths = (f"{split.characters[quantile]:,}" if split.characters else "" for split in splits)
        overview.add_row(f"characters, {quantile}", *lengths)
    overview.add_row("empty texts", *(f"{split.empty:,}" for split in splits))
    overview.add_row("repeated rows", *(f"{split.duplicates:,}" for split in splits))
    overview.add_row("texts with different labels", *(f"{split.conflicting:,}" for split in splits))
    overview.add_row("rows not UTF-8", *(f"{len(split.undecodable):,}" for split in splits))
    tables: list[Any] = [overview]
    if any(split.labels for split in splits):
        balance = Table(title="Labels")
        balance.add_column("label")
        for name in report.splits:
            balance.add_column(escape(name), justify="right")
            balance.add_column("share", justify="right")
        for label in dict.fromkeys(label for split in splits for label in split.labels):
            cells = []
            for split in splits:
                count = split.labels.get(label, 0)
                cells += [f"{count:,}", f"{count / max(split.rows, 1):.1%}"]
            balance.add_row(escape(label), *cells)
        tables.append(balance)
    if report.shared:
        leaks = Table(title="Rows whose text also stands in another split")
        leaks.add_column("split")
        leaks.add_column("stands in")
        leaks.add_column("rows", justify="right")
        for one, other, rows in report.shared:
            leaks.add_row(escape(other), escape(one), f"{rows:,}")
        tables.append(leaks)
    tables += [escape(note) for note in _notes(report)]
    return Group(*tables)


def _notes(report: CorpusReport) -> list[str]:
    notes = []
    for name, split in report.splits.items():
        if split.undecodable:
            listed = ", ".join(split.undecodable[:10])
            more = f" and {len(split.undecodable) - 10} more" if len(split.undecodable) > 10 else ""
            notes.append(f"{name}: not valid UTF-8: {listed}{more}")
        if split.single:
            notes.append(f"{name}: labels with one example: {', '.join(split.single[:20])}")
    for name, labels in report.unseen.items():
        first = next(iter(report.splits))
        notes.append(f"{name}: labels that never occur in {first}: {', '.join(labels[:20])}")
    return notes
