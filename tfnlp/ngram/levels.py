"""What the tokens of a model are, words or characters, and how a text is cut into them and joined again."""

from __future__ import annotations

import abc
import os
import re
from collections.abc import Iterator, Sequence

from tfnlp.embeddings.encoded_corpus import END_OF_SENTENCE
from tfnlp.embeddings.sentences import Sentences
from tfnlp.errors import UserError, did_you_mean

# Stands for the space among characters: tables of n-grams in text part their words by spaces.
SPACE = "<space>"
_WIDE_SPACE = "\u3000"
_SPACES = re.compile(rb"[ \t\r\v\f]*\n[ \t\r\v\f]*")


class Level(abc.ABC):
    """Words or characters."""

    name: str

    @abc.abstractmethod
    def tokens(self, text: str) -> list[str]:
        """The tokens of one sentence."""

    @abc.abstractmethod
    def text(self, tokens: Sequence[str]) -> str:
        """The text that tokens stand for."""

    @abc.abstractmethod
    def sentences(self, source: str | os.PathLike[str]) -> Sentences:
        """The sentences of a file or a package, as a stream of tokens."""


class WordLevel(Level):
    """Words stand between white space (ASCII's and U+3000), as in `tfnlp.embeddings.Sentences`."""

    name = "word"

    def tokens(self, text: str) -> list[str]:
        """The words."""
        return [token.decode() for token in text.replace(_WIDE_SPACE, " ").encode("utf-8", "replace").split()]

    def text(self, tokens: Sequence[str]) -> str:
        """The words with one space between them."""
        return " ".join(tokens)

    def sentences(self, source: str | os.PathLike[str]) -> Sentences:
        """The sentences of a file, a line each."""
        return Sentences(source)


class CharacterLevel(Level):
    """Unicode's characters (code points); ASCII white space is `<space>`, and none at a line's two ends."""

    name = "char"

    def tokens(self, text: str) -> list[str]:
        """The characters."""
        stripped = text.encode("utf-8", "replace").strip().decode()
        return [SPACE if character in " \t\n\r\v\f" else character for character in stripped]

    def text(self, tokens: Sequence[str]) -> str:
        """The characters in one."""
        return "".join(" " if token == SPACE else token for token in tokens)

    def sentences(self, source: str | os.PathLike[str]) -> Sentences:
        """The sentences of a file, a line each; of a package cut into words by hand, without those cuts."""
        return _CharacterSentences(source)


class _CharacterSentences(Sentences):
    """The characters of a corpus, in large lists."""

    def token_blocks(self) -> Iterator[list[bytes]]:
        """Lists of about a million characters in UTF-8, `END_OF_SENTENCE` behind each line."""
        space = None if self.is_cut_by_hand else SPACE.encode()
        table = _Encoded({"\n": END_OF_SENTENCE, **dict.fromkeys(" \t\r\v\f", space)})
        new_line = True
        for block in self.text_blocks(at_spaces=False):
            if new_line:
                block = block.lstrip(b" \t\r\v\f")
            new_line = block.endswith(b"\n")
            tokens = map(table.__getitem__, _SPACES.sub(b"\n", block).decode())
            yield [token for token in tokens if token is not None]


class _Encoded(dict):
    """Characters in UTF-8, each encoded once."""

    def __missing__(self, character: str) -> bytes:
        self[character] = encoded = character.encode()
        return encoded


LEVELS: dict[str, Level] = {level.name: level for level in (WordLevel(), CharacterLevel())}


def level_of(name: str) -> Level:
    """The level of that name.

    Raises:
        UserError: if there is none.
    """
    if name not in LEVELS:
        raise UserError(
            f"`level` must be one of {', '.join(LEVELS)}. Received: {name!r}.{did_you_mean(name, LEVELS)}"
        )
    return LEVELS[name]
