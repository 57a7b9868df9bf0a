"""The corpus: texts, their labels, and where each row came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

Labels = list[str] | list[list[str]] | None


@dataclass
class Corpus:
    """Texts held in memory, with or without labels.

    Attributes:
        texts: one `str` a row; never holds a lone surrogate, so that it always encodes to UTF-8.
        labels: one label a row, or one list of labels a row (multi-label; the list may be empty), or
            `None` for unlabelled text.
        source: the file, folder or name that it was read from, for messages.
        places: where each row stands in the source: its 1-based line number, or the path of its own file.
            `None` where the rows have no place of their own.
        undecodable: indices of the rows that held bytes that are not UTF-8, replaced by U+FFFD.
    """

    texts: list[str]
    labels: Labels
    source: str
    places: list[int] | list[str] | None = None
    undecodable: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.labels is not None and len(self.labels) != len(self.texts):
            raise ValueError(
                f"`labels` must hold one entry a text. Received: {len(self.texts)} texts, "
                f"{len(self.labels)} labels"
            )
        if self.places is not None and len(self.places) != len(self.texts):
            raise ValueError(
                f"`places` must hold one entry a text. Received: {len(self.texts)} texts, "
                f"{len(self.places)} places"
            )

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def multi_label(self) -> bool:
        """Whether a row bears a list of labels rather than one label."""
        return bool(self.labels) and isinstance(self.labels[0], list)  # type: ignore[index]

    def labels_of(self, row: int) -> list[str]:
        """Returns the labels of one row as a list: empty for unlabelled text, one entry for single-label."""
        if self.labels is None:
            return []
        label = self.labels[row]
        return label if isinstance(label, list) else [label]

    def label_counts(self) -> dict[str, int]:
        """Returns label -> number of rows that bear it, most frequent first, equal counts by name."""
        counts: Counter[str] = Counter()
        for row in range(len(self)):
            counts.update(set(self.labels_of(row)))
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def place(self, row: int) -> str:
        """Returns where a row stands in its source: `"line 12"`, `"pos/3.txt"` or `"row 12"`."""
        if self.places is None:
            return f"row {row + 1}"
        place = self.places[row]
        return f"line {place}" if isinstance(place, int) else place

    def subset(self, indices: Iterable[int]) -> Corpus:
        """Returns the rows with the given indices, in the given order."""
        rows = [int(index) for index in indices]
        broken = set(self.undecodable)
        return Corpus(
            texts=[self.texts[row] for row in rows],
            labels=None if self.labels is None else [self.labels[row] for row in rows],  # type: ignore[arg-type]
            source=self.source,
            places=None if self.places is None else [self.places[row] for row in rows],  # type: ignore[arg-type]
            undecodable=[new for new, row in enumerate(rows) if row in broken],
        )
