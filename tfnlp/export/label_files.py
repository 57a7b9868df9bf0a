"""Files with one name a line, as `vocab.txt` and `labels.txt` are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfnlp.errors import UserError


def lines(items: Iterable[str]) -> bytes:
    """One item a line."""
    return "".join(f"{item}\n" for item in items).encode("utf-8")


def check_labels(labels: Sequence[str], file: str = "labels.txt") -> None:
    """Refuses labels that a file with one label a line cannot hold.

    Raises:
        UserError: naming the first such label.
    """
    for label in labels:
        if "\n" in label or "\r" in label:
            raise UserError(
                f"label {label!r} has a line break in it, so it cannot stand in `{file}`. Rename it in "
                "the corpus and train again."
            )
