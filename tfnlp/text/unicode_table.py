"""The frozen table of characters that the graph and the Python twin both read.

ICU, RE2 and `unicodedata` each follow a Unicode version of their own, and each moves on its own day. A tokenizer
that asked them would change its mind with the machine. So the class and the lower-case form of every code point are
written down once, in `unicode_table.txt`, and read from there for ever after.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CODE_POINTS = 0x110000
WORD, SPACE, SINGLE, IGNORE = range(4)
CLASS_NAMES = ("WORD", "SPACE", "SINGLE", "IGNORE")
TABLE_PATH = Path(__file__).with_name("unicode_table.txt")

# Han with its radicals, strokes and compatibility forms, kana, bopomofo; marks inside are taken one by one as well.
_CJK = (
    (0x2E80, 0x2FFF),
    (0x3003, 0x3029),
    (0x3031, 0x312F),
    (0x3190, 0x4DBF),
    (0x4DC0, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x1AFF0, 0x1B16F),
    (0x1F200, 0x1F2FF),
    (0x20000, 0x3FFFF),
)
_VARIATION_SELECTORS = ((0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_WHITE_CONTROLS = {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85}
_LINE = re.compile(
    r"(class|lower) ([0-9A-F]+)\.\.([0-9A-F]+) (?:(WORD|SPACE|SINGLE|IGNORE)|step (\d+) add (-?\d+))"
)


@dataclass(frozen=True)
class UnicodeTable:
    """What every code point is and how it is written small.

    Attributes:
        version: the Unicode version that the table was frozen from, such as `"14.0.0"`.
        classes: one byte a code point, one of `WORD`, `SPACE`, `SINGLE`, `IGNORE`.
        lower: code point -> its lower-case code point, for those that have another one.
    """

    version: str
    classes: bytes
    lower: dict[int, int]


@functools.cache
def load_table() -> UnicodeTable:
    """Reads the frozen table (a few milliseconds, once a process).

    Returns:
        the table of all 1,114,112 code points.

    Raises:
        ValueError: if `unicode_table.txt` holds a line of another form.
    """
    version = ""
    classes = bytearray(CODE_POINTS)
    lower: dict[int, int] = {}
    for number, line in enumerate(TABLE_PATH.read_text(encoding="ascii").splitlines(), 1):
        if line.startswith("#"):
            continue
        if line.startswith("unicode "):
            version = line.split()[1]
            continue
        match = _LINE.fullmatch(line)
        if not match:
            raise ValueError(
                f"{TABLE_PATH}, line {number}: not a line of the table: {line!r}. Reinstall tfnlp."
            )
        first, last = int(match[2], 16), int(match[3], 16)
        if match[1] == "class":
            classes[first : last + 1] = bytes([CLASS_NAMES.index(match[4])]) * (last + 1 - first)
        else:
            for code_point in range(first, last + 1, int(match[5])):
                lower[code_point] = code_point + int(match[6])
    return UnicodeTable(version, bytes(classes), lower)


def is_spaceless(character: str) -> bool:
    """Tells whether a character belongs to a script written without spaces (Han, kana, their punctuation)."""
    code_point = ord(character)
    return (
        load_table().classes[code_point] == SINGLE
        and code_point >= 0x2E80
        and not 0x1F000 <= code_point <= 0x1F1FF
        and not 0x1F300 <= code_point <= 0x1FAFF
    )


def class_of(code_point: int) -> int:
    """Decides a code point's class from `unicodedata`; only the generator of the frozen table asks this.

    White space separates (`SPACE`). Controls, invisible format characters, variation selectors, surrogates and the
    replacement character U+FFFD vanish without separating (`IGNORE`). Punctuation, symbols, emoji, Han, kana and
    bopomofo stand alone (`SINGLE`). All else, marks, digits and Hangul included, builds words (`WORD`).
    """
    category = unicodedata.category(chr(code_point))
    if category[0] == "Z" or code_point in _WHITE_CONTROLS:
        return SPACE
    if category in ("Cc", "Cf", "Cs") or code_point == 0xFFFD or _within(code_point, _VARIATION_SELECTORS):
        return IGNORE
    if category[0] in "PS" or _within(code_point, _CJK):
        return SINGLE
    if category == "Cn" and 0x1F000 <= code_point <= 0x1FAFF:
        return SINGLE  # emoji to come
    return WORD


def lower_of(code_point: int) -> int:
    """Lower-cases a code point one to one; only the generator of the frozen table asks this.

    Two mappings differ from Unicode's: İ gives a plain i (not i and a dot above), and the final sigma ς gives σ, so
    that a Greek word in capitals and in small letters is one token.
    """
    if code_point == 0x0130:
        return ord("i")
    if code_point == 0x03C2:
        return 0x03C3
    lowered = chr(code_point).lower()
    return ord(lowered) if len(lowered) == 1 else code_point


def generate_table() -> str:
    """Writes the table of this Python's Unicode version as text.

    Returns:
        the lines `class FIRST..LAST NAME` for every class but `WORD`, and `lower FIRST..LAST step S add D` for the
        code points FIRST, FIRST + S, ..., LAST whose lower-case form lies D further on.
    """
    lines = [
        "# Character classes and lower-case forms, frozen. Made by tfnlp.text.unicode_table.write_table.",
        "# Code points that no `class` line names are WORD. Changing a line changes the tokens of saved models.",
        f"unicode {unicodedata.unidata_version}",
    ]
    for first, last, kind in _runs(class_of):
        if kind != WORD:
            lines.append(f"class {first:04X}..{last:04X} {CLASS_NAMES[kind]}")
    lowers = [(c, lower - c) for c in range(CODE_POINTS) if (lower := lower_of(c)) != c]
    position = 0
    while position < len(lowers):
        first, add = lowers[position]
        end, step = position + 1, 1
        if end < len(lowers) and lowers[end][1] == add and lowers[end][0] - first in (1, 2):
            step = lowers[end][0] - first
            while end < len(lowers) and lowers[end] == (lowers[end - 1][0] + step, add):
                end += 1
        lines.append(f"lower {first:04X}..{lowers[end - 1][0]:04X} step {step} add {add}")
        position = end
    return "\n".join(lines) + "\n"


def write_table(path: Path = TABLE_PATH) -> None:
    """Freezes this Python's Unicode version into the table's file. Saved models keep the table they were born with."""
    path.write_text(generate_table(), encoding="ascii")


def _within(code_point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code_point <= last for first, last in ranges)


def _runs(kind_of: Callable[[int], int]) -> Iterator[tuple[int, int, int]]:
    """Yields (first, last, kind) of each longest run of code points of one kind."""
    first, kind = 0, kind_of(0)
    for code_point in range(1, CODE_POINTS):
        if (other := kind_of(code_point)) != kind:
            yield first, code_point - 1, kind
            first, kind = code_point, other
    yield first, CODE_POINTS - 1, kind


if __name__ == "__main__":
    write_table()
