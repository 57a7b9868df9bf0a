"""Fonts that can show the names in a picture: Chinese as Chinese."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

logger = logging.getLogger(__name__)

_BASE = "DejaVu Sans"  # comes with matplotlib; Latin, Greek, Cyrillic, Arabic, Hebrew, symbols
# Preferred first, matched against file names; simplified Chinese faces before the rest of the family.
_PREFERRED = (
    r"NotoSans(Mono)?(CJK)?-?SC|NotoSansSC|SourceHanSans(SC|CN)",
    r"NotoSansCJK|SourceHanSans",
    r"PingFang|msyh|MicrosoftYaHei|HarmonyOS",
    r"wqy-?microhei|wqy-?zenhei",
    r"SimHei|Heiti|Hiragino|Deng|SimSun|Songti|simkai|uming|ukai",
    r"DroidSansFallback|ArialUnicode|Arial Unicode|Unifont",
    r"NotoSans|Noto",
)
# Colour bitmaps that matplotlib cannot draw, and the font whose every glyph is a box.
_UNUSABLE = re.compile(r"emoji|lastresort|LastResort", re.IGNORECASE)


@contextlib.contextmanager
def use_readable_fonts(texts: Iterable[str]) -> Iterator[Callable[[str], bool]]:
    """Lets matplotlib show these texts, by adding installed fonts that hold what its own font lacks.

    Fonts are looked up on the disk, not in matplotlib's list, which goes stale when a font is
    installed after its first use. Where no installed font holds some characters, one log message
    says which package to install, and matplotlib's warnings, one for each missing character and
    drawing, are kept quiet. Draw and save inside the `with` block.

    Example:
        >>> with use_readable_fonts(["好评", "差评"]) as can_show:
        ...     name = "好评" if can_show("好评") else "class 1"

    Args:
        texts: all texts that the picture shows.

    Yields:
        a function that says of a text whether every character of it can be shown.
    """
    import matplotlib

    wanted = {character for text in texts for character in text if not character.isspace()}
    families, missing = _fonts_for(frozenset(wanted))
    if missing:
        _say_what_to_install(missing)
    finder = logging.getLogger("matplotlib.font_manager")
    finder.addFilter(_not_about_weight)
    with matplotlib.rc_context({"font.family": list(families)}), warnings.catch_warnings():
        if missing:
            warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
            warnings.filterwarnings("ignore", message=r".* does not support .* natively")
        try:
            yield lambda text: missing.isdisjoint(text)
        finally:
            finder.removeFilter(_not_about_weight)


def _not_about_weight(record: logging.LogRecord) -> bool:
    """Passes all but "Failed to find font weight": few Chinese fonts have a bold face; it does no harm."""
    return "font weight" not in str(record.msg)


@functools.lru_cache(maxsize=64)
def _fonts_for(wanted: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Font families, matplotlib's own first, that together hold the characters; and what none holds."""
    from matplotlib import font_manager

    base = font_manager.findfont(_BASE, fallback_to_default=True)
    missing = _lacking(base, wanted)
    families = [_BASE]
    for path in _installed_fonts() if missing else ():
        left = _lacking(path, missing)
        if len(left) == len(missing):
            continue
        if not (names := _names_in(path)):
            font_manager.fontManager.addfont(path)
            names = _names_in(path)
        families.append(names[0])  # a collection (.ttc) bears several
        missing = left
        if not missing:
            break
    return tuple(families), missing


def _names_in(path: str) -> list[str]:
    """Family names under which matplotlib knows a font file, in the order of its faces."""
    from matplotlib import font_manager

    return [entry.name for entry in font_manager.fontManager.ttflist if str(entry.fname) == path]


def _installed_fonts() -> list[str]:
    """Paths of the installed fonts, the preferred for Chinese first, the rest in the order of their names."""
    from matplotlib import font_manager

    paths = [path for path in font_manager.findSystemFonts() if not _UNUSABLE.search(Path(path).name)]

    def rank(path: str) -> tuple[int, bool, str]:
        name = Path(path).name
        matches = (i for i, pattern in enumerate(_PREFERRED) if re.search(pattern, name, re.IGNORECASE))
        plain = re.search(r"regular|[^a-z](zenhei|microhei)|^[^-]*$", name, re.IGNORECASE) is not None
        return next(matches, len(_PREFERRED)), not plain, path

    return sorted(paths, key=rank)


def _lacking(path: str, characters: frozenset[str]) -> frozenset[str]:
    """Those characters that the font file does not hold; all of them where it cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        held = FT2Font(path).get_charmap()
    except Exception as error:  # FreeType refuses bitmap and damaged fonts each in its own way
        logger.debug("The font `%s` cannot be read: %s", path, error)
        return characters
    return frozenset(character for character in characters if ord(character) not in held)


@functools.lru_cache(maxsize=64)
def _say_what_to_install(missing: frozenset[str]) -> None:
    """Logs the cure, once for the same characters in a process."""
    examples = "".join(sorted(missing)[:8])
    if any(0x2E80 <= ord(c) <= 0x9FFF or 0xAC00 <= ord(c) <= 0xD7FF or ord(c) >= 0x20000 for c in missing):
        cure = (
            "Install one with `apt install fonts-noto-cjk` (Debian, Ubuntu) or "
            "`dnf install google-noto-sans-cjk-fonts` (Fedora)"
        )
    else:
        package = "fonts-symbola" if min(missing) >= "\U0001f000" else "fonts-noto"  # emoji: outlines only
        cure = f"Install one that does, for instance `apt install {package}` (Debian, Ubuntu)"
    logger.warning(
        "No installed font shows these characters: %s. The pictures write numbers in their place. "
        "%s and draw again; nothing else is affected.",
        examples,
        cure,
    )
