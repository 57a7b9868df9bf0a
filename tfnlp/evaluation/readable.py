"""Text that is safe and short enough to show: in a table on a terminal, in a report, in a JSON file."""

from __future__ import annotations

import unicodedata

# Joiners and variation selectors belong to emoji and to Indic and Persian spelling: they stay.
_JOINERS = {"\u200c", "\u200d"}


def readable_text(text: str | bytes, limit: int = 500) -> str:
    """Makes a text short and harmless to show.

    Whitespace runs become one space. Control characters become their pictures (NUL is `␀`), so
    that neither a terminal nor a browser obeys them. Invisible format characters that could turn
    the direction of what follows, lone surrogates and bytes that are no UTF-8 become `�`.

    Args:
        text: the text; bytes are read as UTF-8.
        limit: the greatest length in characters; what is longer loses its middle and says how
            many characters went.

    Returns:
        one line of at most about `limit` characters.

    Raises:
        ValueError: if `limit` is less than 20.
    """
    if limit < 20:
        raise ValueError(f"`limit` must be at least 20 characters. Received: limit={limit}")
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    head, tail = text, ""
    gap = ""
    if len(text) > limit:
        keep = limit * 3 // 4
        head, tail = text[:keep], text[len(text) - (limit - keep) :]
        gap = f" … [{len(text) - limit:,} characters left out] … "
    return _clean(head) + gap + _clean(tail)


def visible_text(text: str) -> str:
    """Makes a piece of a text harmless as `readable_text` does, but keeps its length and every space in it."""
    return "".join(" " if character.isspace() else _visible(character) for character in text)


def spaced_text(text: str) -> str:
    """As `visible_text`, for a token that stands alone: where it is nothing but white space, `␣` says so."""
    return visible_text(text) if text.strip() else "␣"


def _clean(text: str) -> str:
    return "".join(_visible(character) for character in " ".join(text.split()))


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if character in _JOINERS or 0xE0020 <= code <= 0xE007F:  # the latter spell flags of regions
        return character
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cf", "Cs") else character
