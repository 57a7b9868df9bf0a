"""Errors that are the user's to mend: the command line prints them without a traceback and exits with 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """A mistake in what the user gave: a recipe, a file, a column, a label.

    The message says what was wrong, what was accepted, and how to mend it.
    """


class WorkError(RuntimeError):
    """Work that was rightly asked for and did not come out: the command line prints why and exits with 1."""


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Returns `" Did you mean `x`?"` for the nearest of the allowed words, or `""` where none is near."""
    near = difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.6)
    return f" Did you mean `{near[0]}`?" if near else ""
