"""The tagger's preprocessor once more in plain Python: same tokens, same places, same ids."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tfnlp.errors import UserError
from tfnlp.text.casing_names import CASINGS, DIGIT_RANGES
from tfnlp.text.truncation import truncate_sequence
from tfnlp.text.unicode_table import IGNORE, SINGLE, SPACE, load_table
from tfnlp.text.vocabulary import UNKNOWN_ID, Vocabulary
from tfnlp.text.widths import in_other_width


class Tokens(NamedTuple):
    """A text's tokens, as they are written, and the bytes where each starts and ends in its UTF-8 form."""

    tokens: list[str]
    starts: list[int]
    ends: list[int]


class PythonTaggingPreprocessor:
    """Cuts texts, and turns tokens into the ids that the graph's `TaggingPreprocessor` gives.

    Args:
        settings: what `TaggingPreprocessor.settings()` returned.
        vocabulary: the words in the order of their ids, `[PAD]` and `[UNK]` first.
        characters: the characters likewise; empty where none are read.

    Raises:
        UserError: if the settings were written with another Unicode table.
    """

    def __init__(
        self, settings: Mapping[str, Any], vocabulary: Sequence[str], characters: Sequence[str] = ()
    ):
        frozen = settings.get("unicode", load_table().version)
        if frozen != load_table().version:
            raise UserError(
                f"This model's texts were cut with the character table of Unicode {frozen}; this tfnlp holds that of "
                f"{load_table().version}. Install the tfnlp version that exported the model, or export it again."
            )
        self.kind = settings["kind"]
        self.lowercase = bool(settings["lowercase"])
        self.max_characters = int(settings["max_characters"])
        self.casing = bool(settings["casing"])
        self.vocabulary = Vocabulary(vocabulary)
        self.characters = Vocabulary(characters) if characters else None

    def tokenize(self, text: str | bytes) -> Tokens:
        """Cuts a text into all its tokens."""
        found = Tokens([], [], [])
        word: list[str] = []
        space = -1  # where a run of white space began, with a token before it
        begin = end = place = 0
        classes, spaces_count = load_table().classes, self.kind == "char"

        def finish() -> None:
            if word:
                _add(found, "".join(word), begin, end)
                word.clear()

        for character in _decoded(text):
            width = len(character) if isinstance(character, bytes) else len(character.encode("utf-8"))
            start, place = place, place + width
            if isinstance(character, bytes):
                continue
            kind = classes[ord(character)]
            if kind == IGNORE:
                continue
            if kind == SPACE:
                finish()
                if spaces_count and space < 0 and found.tokens:
                    space = start
                continue
            if space >= 0:  # it reaches to the next token
                _add(found, " ", space, start)
                space = -1
            if kind == SINGLE or spaces_count:
                finish()
                _add(found, character, start, place)
                continue
            if not word:
                begin = start
            word.append(character)
            end = place
        finish()
        return found

    def token_id(self, token: str) -> int:
        """The id of a token, never 0."""
        small = _normal(token, lowercase=True)
        forms = (_normal(token, self.lowercase), small, in_other_width(small))
        return next((index for form in forms if (index := self._index(form)) != UNKNOWN_ID), UNKNOWN_ID)

    def _index(self, word: str) -> int:
        if self.kind == "char" and len(word) != 1:
            return UNKNOWN_ID
        return max(self.vocabulary.index(word), UNKNOWN_ID)

    def character_ids(self, token: str) -> list[int]:
        """The ids of a token's characters, those of the middle left out where they are too many."""
        if self.characters is None:
            return []
        ids = [max(self.characters.index(character), UNKNOWN_ID) for character in _kept(token)]
        return truncate_sequence(ids, self.max_characters, "middle")

    def casing_id(self, token: str) -> int:
        """How a token is written: a place in `tfnlp.text.casing_names.CASINGS`."""
        kinds = [_letter_kind(character) for character in _kept(token)]
        cased = [kind for kind in kinds if kind in ("upper", "lower")]
        if not cased:
            return CASINGS.index("digits" if "digit" in kinds else "other")
        upper = cased.count("upper")
        if not upper:
            return CASINGS.index("lower")
        if upper == 1 and cased[0] == "upper":
            return CASINGS.index("title")
        return CASINGS.index("upper" if upper == len(cased) else "mixed")


def _add(found: Tokens, token: str, start: int, end: int) -> None:
    found.tokens.append(token)
    found.starts.append(start)
    found.ends.append(end)


def _decoded(text: str | bytes) -> Sequence[str | bytes]:
    """The characters of a text; what is not UTF-8 comes as the bytes it is."""
    if isinstance(text, str):
        try:
            text.encode("utf-8")
            return text
        except UnicodeEncodeError:
            text = text.encode("utf-8", "surrogatepass")
    shown = text.decode("utf-8", "surrogateescape")
    return [c.encode("utf-8", "surrogateescape") if "\udc80" <= c <= "\udcff" else c for c in shown]


def _kept(token: str) -> list[str]:
    """The characters of a token that are read."""
    classes = load_table().classes
    return [c for c in _decoded(token) if isinstance(c, str) and classes[ord(c)] != IGNORE]


def _normal(token: str, lowercase: bool) -> str:
    table = load_table()
    return "".join(
        " " if table.classes[ord(c)] == SPACE else chr(table.lower.get(ord(c), ord(c))) if lowercase else c
        for c in _kept(token)
    )


@functools.lru_cache(maxsize=1 << 16)
def _letter_kind(character: str) -> str:
    point = ord(character)
    if point in load_table().lower:
        return "upper"
    if point in _small_letters():
        return "lower"
    return "digit" if any(first <= point < end for first, end in DIGIT_RANGES) else ""


@functools.cache
def _small_letters() -> frozenset[int]:
    return frozenset(load_table().lower.values())
