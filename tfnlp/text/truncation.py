"""The four ways of cutting a text that is too long, as plain arithmetic shared by graph and twin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from tfnlp.errors import UserError, did_you_mean

Item = TypeVar("Item")

TRUNCATIONS = {
    "tail": "drops the end",
    "head": "drops the start",
    "both": "drops from both ends, the middle stays",
    "middle": "drops the middle, both ends stay",
}


def check_truncation(max_tokens: int, truncate: str) -> None:
    """Checks the two settings of a truncation.

    Raises:
        UserError: if `max_tokens` is below 1 or `truncate` is not one of the four.
    """
    if max_tokens < 1:
        raise UserError(f"`max_tokens` must be at least 1 token. Received: max_tokens={max_tokens}")
    if truncate not in TRUNCATIONS:
        names = ", ".join(map(repr, TRUNCATIONS))
        hint = did_you_mean(str(truncate), TRUNCATIONS)
        raise UserError(f"`truncate` must be one of {names}. Received: truncate={truncate!r}.{hint}")


def truncate_sequence(tokens: Sequence[Item], max_tokens: int, truncate: str) -> list[Item]:
    """Cuts a sequence to at most `max_tokens` items.

    An odd number dropped from both ends takes the extra one from the end; an odd `max_tokens` kept at both ends
    gives the extra one to the start.
    """
    surplus = len(tokens) - max_tokens
    if surplus <= 0:
        return list(tokens)
    if truncate == "tail":
        return list(tokens[:max_tokens])
    if truncate == "head":
        return list(tokens[surplus:])
    if truncate == "both":
        return list(tokens[surplus // 2 : surplus // 2 + max_tokens])
    front = (max_tokens + 1) // 2
    return [*tokens[:front], *tokens[front + surplus :]]
