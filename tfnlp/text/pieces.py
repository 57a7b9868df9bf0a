"""Where a text too long to be read at once is cut in pieces: behind a sentence, wherever there is room."""

from __future__ import annotations

from collections.abc import Sequence

_STOPS = frozenset("。！？!?.；;…\n")
_PAUSES = frozenset("，,、：:")


def piece_ends(tokens: Sequence[str], longest: int) -> list[int]:
    """Says where each piece ends, so that none has more than `longest` tokens.

    A piece ends behind the last full stop in its second half, else behind the last comma there, else where it is full.

    Args:
        tokens: the tokens of a text.
        longest: int, at least 1.

    Returns:
        the place after each piece's last token; the last one is `len(tokens)`, also for an empty text.

    Example:
        >>> piece_ends(["a", "b", ".", "c", "d", "e", "f"], 4)
        [3, 7]
    """
    ends: list[int] = []
    start = 0
    while len(tokens) - start > longest:
        full = start + longest
        start = _behind(tokens, start + longest // 2, full, _STOPS)
        start = start or _behind(tokens, full - longest + longest // 2, full, _PAUSES) or full
        ends.append(start)
    return [*ends, len(tokens)]


def _behind(tokens: Sequence[str], first: int, end: int, marks: frozenset[str]) -> int:
    """The place behind the last of the marks among the tokens from `first` to `end`; 0 if there is none."""
    return next((place + 1 for place in range(end - 1, first - 1, -1) if tokens[place] in marks), 0)
