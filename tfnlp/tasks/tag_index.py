"""The tags of a tagger and their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tfnlp.errors import UserError, did_you_mean
from tfnlp.text.tag_schemes import allowed_transitions, check_scheme


class TagIndex:
    """Tag names to numbers and back, and which tags may follow each other.

    Args:
        names: the tags; number `i` is `names[i]`.
        scheme: one of `tfnlp.data.tagging.SCHEMES`.

    Raises:
        UserError: if there is no tag, one stands twice, or one is not of the scheme.
    """

    def __init__(self, names: Sequence[str], scheme: str):
        self.names = list(names)
        self.scheme = check_scheme(scheme)
        self._numbers = {name: number for number, name in enumerate(self.names)}
        if not self.names or len(self._numbers) != len(self.names):
            raise UserError(f"`tags` must be at least one tag, each once. Received: {self.names}")
        # Which may follow which, begin and end a sentence: bool [tags, tags], [tags], [tags].
        self.allowed = allowed_transitions(self.names, scheme)

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, rows: Sequence[Sequence[str]]) -> np.ndarray:
        """Turns sentences' tags into one flat int32 array; a tag that is none of ours is -1."""
        flat = (self._numbers.get(tag, -1) for tags in rows for tag in tags)
        return np.fromiter(flat, np.int32)

    def require(self, tags: Iterable[str]) -> None:
        """Raises UserError, with the nearest spelling, for a tag that is none of ours."""
        for tag in tags:
            if tag not in self._numbers:
                shown = ", ".join(self.names[:20])
                raise UserError(f"there is no tag `{tag}`; there are {shown}.{did_you_mean(tag, self.names)}")

    def illegal(self, numbers: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """The rows whose tags may not stand as they do: int64 numbers of rows.

        Args:
            numbers: int32 `[tokens]`, as `encode` gives them; of a sentence with a -1 the answer means nothing.
            lengths: int64 `[rows]`.
        """
        transitions, starts, ends = self.allowed
        row_of = np.repeat(np.arange(len(lengths)), lengths)
        first = np.diff(row_of, prepend=-1) != 0
        last = np.diff(row_of, append=-1) != 0
        broken = (first & ~starts[numbers]) | (last & ~ends[numbers])
        broken[1:] |= ~first[1:] & ~transitions[numbers[:-1], numbers[1:]]
        return np.unique(row_of[broken])
