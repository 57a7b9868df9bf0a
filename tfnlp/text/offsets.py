"""Byte offsets, which the graph speaks, to character offsets, which people do."""

from __future__ import annotations

from collections.abc import Iterable


def byte_to_character_offsets(text: str | bytes, offsets: Iterable[int]) -> list[int]:
    """Turns byte offsets into a text's UTF-8 form into character offsets into the text as a Python string.

    Broken UTF-8 counts as Python's `bytes.decode(errors="replace")` shows it. An offset inside a character gives
    that character's place.

    Args:
        text: the text that was tokenized, as str or as UTF-8 bytes.
        offsets: byte offsets from `tokenize_with_offsets`, in any order, each from 0 to the length in bytes.

    Returns:
        the character offsets, in the order of `offsets`.

    Raises:
        ValueError: if an offset lies outside the text.

    Example:
        >>> byte_to_character_offsets("我喜欢 tea", [0, 3, 9, 10, 13])
        [0, 1, 3, 4, 7]
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    wanted = [int(offset) for offset in offsets]
    if wanted and not 0 <= min(wanted) <= max(wanted) <= len(raw):
        raise ValueError(f"Byte offsets must lie between 0 and {len(raw)}. Received: {wanted}")
    places = _character_places(raw)
    return [places[offset] for offset in wanted]


def _character_places(raw: bytes) -> list[int]:
    """Lists, for each byte offset, the number of characters that end at or before it."""
    places: list[int] = []
    position, characters = 0, 0
    while position < len(raw):
        width = _character_width(raw, position)
        places.extend([characters] * width)
        position += width
        characters += 1
    places.append(characters)
    return places


def _character_width(raw: bytes, position: int) -> int:
    """Bytes of the character at `position`; for broken UTF-8, the bytes that become one U+FFFD."""
    if raw[position] < 0x80:
        return 1
    try:
        return len(raw[position : position + 4].decode("utf-8")[0].encode("utf-8"))
    except UnicodeDecodeError as error:
        if error.start > 0:  # the character itself is whole, a later one in the window is not
            return len(raw[position : position + error.start].decode("utf-8")[0].encode("utf-8"))
        return error.end
