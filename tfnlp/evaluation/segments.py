"""A text cut into the pieces that a reader sees, each with what its tokens weigh."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from tfnlp.evaluation.readable import readable_text, visible_text
from tfnlp.evaluation.token_spans import Reading

_JOINER = "\u200d"


@dataclass(frozen=True)
class Segment:
    """A piece of a text.

    Attributes:
        text: its characters, as typed.
        value: the sum of what its tokens weigh; None where there is no token, or none that is read.
        read: whether the model reads it.
        number: which token of the text it is, counted from 1 (of several, the first); None where there is none.
    """

    text: str
    value: float | None = None
    read: bool = True
    number: int | None = None

    @property
    def shown(self) -> str:
        """The text as it may be shown: harmless and, where it is not read, shortened to its ends."""
        if self.read:
            return visible_text(self.text)
        before, after = (" " if edge.isspace() else "" for edge in (self.text[:1], self.text[-1:]))
        return before + readable_text(self.text, 80) + after


def text_segments(reading: Reading, values: Sequence[float]) -> list[Segment]:
    """Cuts a text into segments that, joined, are the text.

    A segment never ends inside what a reader takes for one character: a letter and its accents, an emoji and its
    skin colour, a flag. Tokens that share such a character share a segment.

    Args:
        reading: the text's tokens.
        values: what each token that is read weighs, in their order.

    Returns:
        the segments in the order of the text: tokens, what stands between them, and what the model does not read.
    """
    starts, ends = _character_edges(reading.text)
    weights = iter(values)
    pieces: list[tuple[int, int, Segment]] = []
    for number, token in enumerate(reading.tokens, start=1):
        place = min(
            token.start, len(reading.text) - 1
        )  # a token without characters of its own may stand at the end
        first, last = starts[place], ends[max(token.end - 1, place)]
        value = float(next(weights)) if token.read else None
        if pieces and first < pieces[-1][1]:
            begin, until, before = pieces.pop()
            known = [part for part in (before.value, value) if part is not None]
            first, last, number = begin, max(last, until), before.number or number
            value = sum(known) if known else None
        pieces.append((first, last, Segment(reading.text[first:last], value, value is not None, number)))
    return _with_what_lies_between(reading.text, pieces)


def _with_what_lies_between(text: str, pieces: list[tuple[int, int, Segment]]) -> list[Segment]:
    """Fills the gaps; neighbours that are not read become one."""
    found: list[Segment] = []
    position, read = 0, True

    def add(segment: Segment) -> None:
        if found and not segment.read and not found[-1].read:
            found[-1] = Segment(found[-1].text + segment.text, None, False, found[-1].number)
        elif segment.text:
            found.append(segment)

    for first, last, segment in pieces:
        # What lies between two tokens that are not read is not read either.
        between_unread = not read and not segment.read
        add(Segment(text[position:first], read=not between_unread))
        add(segment)
        position, read = last, segment.read
    add(Segment(text[position:], read=read))
    return found


def _character_edges(text: str) -> tuple[list[int], list[int]]:
    """For each place in the text, where the reader's character around it starts, and where it ends."""
    first = []
    flag_letters = 0  # regional indicators that directly precede: two make a flag
    for i, character in enumerate(text):
        if i == 0 or not (_joins(text, i) or (flag_letters % 2 == 1 and _is_flag_letter(character))):
            first.append(i)
        flag_letters = flag_letters + 1 if _is_flag_letter(character) else 0
    starts: list[int] = []
    ends: list[int] = []
    for start, end in zip(first, [*first[1:], len(text)]):
        starts += [start] * (end - start)
        ends += [end] * (end - start)
    return starts, ends


def _joins(text: str, i: int) -> bool:
    """Whether the code point at `i` is part of the character that the one before it belongs to.

    The cases of Unicode Standard Annex 29, section 3, that texts hold: marks, joiners, emoji modifiers and tags,
    vowels and finals of Hangul. https://www.unicode.org/reports/tr29/
    """
    before, here = text[i - 1], text[i]
    code = ord(here)
    if code < 0x300 or before.isspace():  # the quick way, and a mark on a space is the tokenizer's own affair
        return False
    if unicodedata.category(here).startswith("M") or here in (_JOINER, "\u200c"):
        return True
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:
        return True
    if 0x1160 <= code <= 0x11FF:
        return 0x1100 <= ord(before) <= 0x11FF or 0xAC00 <= ord(before) <= 0xD7A3
    # Between emoji; a joiner inside a word of an Indic script parts syllables.
    return before == _JOINER and i > 1 and ord(text[i - 2]) >= 0x2190


def _is_flag_letter(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF
