"""The letters, digits and signs that Unicode has in two widths: `!` to `~`, and ！ to ～."""

HALF_WIDTH = range(0x21, 0x7F)
FULL_WIDTH = range(0xFF01, 0xFF5F)
_SHIFT = FULL_WIDTH.start - HALF_WIDTH.start
_OTHER = {point: point + _SHIFT for point in HALF_WIDTH} | {point: point - _SHIFT for point in FULL_WIDTH}


def in_other_width(text: str) -> str:
    """Writes what comes in two widths in the other one, and leaves the rest.

    Example:
        >>> in_other_width("ＡＢ 2026年")
        'AB ２０２６年'
    """
    return text.translate(_OTHER)
