"""Texts at which a generation ends: found and cut off, in the graph and in Python."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any


class StopTexts:
    """Ends a text before the first of some texts.

    Args:
        texts: none of them empty.
    """

    def __init__(self, texts: Sequence[str]):
        self.texts = tuple(texts)
        self._pattern = re.compile("|".join(map(re.escape, self.texts)))
        # Code points by number: no character of a text means anything to RE2.
        escaped = ("".join(f"\\x{{{ord(character):x}}}" for character in text) for text in self.texts)
        self._in_graph = f"(?:{'|'.join(escaped)})"

    def found(self, text: str) -> bool:
        """Whether one stands in the text."""
        return self._pattern.search(text) is not None

    def cut(self, text: str) -> str:
        """The text before the first of them."""
        match = self._pattern.search(text)
        return text if match is None else text[: match.start()]

    def safe(self, text: str) -> str:
        """The part of an unfinished text that stays whatever follows: its end may be the start of a stop text."""
        held = max(
            (size for stop in self.texts for size in range(1, len(stop)) if text.endswith(stop[:size])),
            default=0,
        )
        return text[: len(text) - held]

    def found_in_graph(self, texts: Any) -> Any:
        """Whether one stands in each of some texts: string `[batch]` -> bool `[batch]`."""
        import tensorflow as tf

        return tf.strings.regex_full_match(texts, f"(?s).*{self._in_graph}.*")

    def cut_in_graph(self, texts: Any) -> Any:
        """Each text before the first of them: string `[batch]`."""
        import tensorflow as tf

        return tf.strings.regex_replace(texts, f"(?s){self._in_graph}.*", "")
