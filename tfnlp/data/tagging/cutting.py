"""Cuts a text into characters or words with their places in it, as the tokenizers of `tfnlp.text` do."""

from __future__ import annotations

from collections.abc import Iterable

from tfnlp.text.unicode_table import IGNORE, SINGLE, SPACE, WORD, is_spaceless, load_table


def cut(text: str, tokenizer: str) -> tuple[list[str], list[int], list[int]]:
    """Cuts a text where `WordTokenizer` or `CharacterTokenizer` cuts it; capitals stay.

    A token is the text from its start to its end without invisible format characters; a run of white space, which is
    a token only among characters, is one blank.

    Args:
        text: the text.
        tokenizer: "char" or "word".

    Returns:
        the tokens, and for each the place where it starts and the place after its end, in characters (code points).
    """
    return _characters(text) if tokenizer == "char" else _words(text)


def mostly_spaceless(texts: Iterable[str]) -> bool:
    """Tells whether most letters of the texts, blanks and controls aside, are Han, kana or full-width signs."""
    classes = load_table().classes
    spaceless = others = 0
    for text in texts:
        for character in text:
            if is_spaceless(character):
                spaceless += 1
            elif classes[ord(character)] in (WORD, SINGLE):
                others += 1
    return spaceless > others


def without_ignored(text: str) -> str:
    """Returns the text without the invisible characters that no tokenizer sees."""
    classes = load_table().classes
    return "".join([character for character in text if classes[ord(character)] != IGNORE])


def _words(text: str) -> tuple[list[str], list[int], list[int]]:
    classes = load_table().classes
    tokens: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    in_word = False
    for place, character in enumerate(text):
        kind = classes[ord(character)]
        if kind == WORD and in_word:
            tokens[-1] += character
            ends[-1] = place + 1
        elif kind in (WORD, SINGLE):
            tokens.append(character)
            starts.append(place)
            ends.append(place + 1)
        if kind != IGNORE:
            in_word = kind == WORD
    return tokens, starts, ends


def _characters(text: str) -> tuple[list[str], list[int], list[int]]:
    classes = load_table().classes
    tokens: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    space: int | None = None  # where the run of white space began that a following character makes a token
    for place, character in enumerate(text):
        kind = classes[ord(character)]
        if kind == SPACE:
            space = place if space is None else space
        elif kind != IGNORE:
            if space is not None and tokens:
                tokens.append(" ")
                starts.append(space)
                ends.append(place)
            space = None
            tokens.append(character)
            starts.append(place)
            ends.append(place + 1)
    return tokens, starts, ends
