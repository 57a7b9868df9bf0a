"""Pages of one file: pictures and style inside, nothing fetched, every text made harmless."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

from tfnlp.evaluation.readable import readable_text, spaced_text, visible_text
from tfnlp.version import __version__

_LONGEST_STRING = 600


def render_page(template: str, **values: Any) -> str:
    """Renders a template of this room, which extends `page.html`.

    Whatever a text or a name holds, it is escaped and shortened.

    Args:
        template: the file's name.
        **values: what the template names; `title` is the page's heading.

    Returns:
        the HTML.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup, escape

    def verbatim(text: str) -> Markup:
        """A text with every space in it and all of its length, for where it is laid out as it was written."""
        return escape(visible_text(text))

    def clean(value: Any) -> Any:
        """Makes every string harmless that reaches the page, and every other value readable."""
        return value if isinstance(value, Markup) else readable_text(str(value), _LONGEST_STRING)

    environment = Environment(
        loader=PackageLoader("tfnlp", "evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=clean,
        trim_blocks=True,
    )
    environment.filters.update(
        percent=_percent,
        duration=duration,
        number=_number,
        words=words,
        spaced=spaced_text,
        verbatim=verbatim,
    )
    return environment.get_template(template).render(version=__version__, **values)


def picture(name: str, png: bytes, caption: str = "") -> dict[str, Any]:
    """A PNG as `parts.html` shows it, its bytes inside the page."""
    from markupsafe import Markup

    return {
        "name": name,
        "caption": caption,
        "data": Markup(base64.b64encode(png).decode("ascii")),
        # Bytes 16 to 19 of a PNG are its width. Shown smaller than drawn, so that it is sharp on fine screens.
        "width": round(int.from_bytes(png[16:20], "big") / 1.5),
    }


def sections(nested: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Sections with their rows; what stands outside a section comes first, deeper levels get dotted names."""
    loose = [(str(key), words(value)) for key, value in nested.items() if not isinstance(value, Mapping)]
    sections = [("", loose)] if loose else []
    for name, section in nested.items():
        if isinstance(section, Mapping):
            sections.append((str(name), _rows(section)))
    return sections


def _rows(section: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for key, value in section.items():
        if isinstance(value, Mapping):
            rows += _rows(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", words(value)))
    return rows


def words(value: Any) -> str:
    """A setting or a label as one writes it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        shown = ", ".join(words(item) for item in value[:50])
        return (f"{shown}, … ({len(value):,} in all)" if len(value) > 50 else shown) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {words(item)}" for key, item in value.items())
    return _number(value) if isinstance(value, float) else str(value)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _number(value: Any) -> str:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return "–"
    try:
        return f"{float(value):.4g}" if not float(value).is_integer() else f"{int(float(value)):,}"
    except (OverflowError, TypeError, ValueError):
        return str(value)


def duration(seconds: float) -> str:
    """Seconds as one says them: `8.2 s`, `3 min 5 s`, `1 h 12 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
