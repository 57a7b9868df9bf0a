"""The report of a run: one HTML file that holds all it shows and needs nothing else."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.evaluation.readable import readable_text
from tfnlp.files import write_text_atomically
from tfnlp.version import __version__

if TYPE_CHECKING:
    from tfnlp.evaluation.baseline import BaselineResult
    from tfnlp.evaluation.classification import ClassificationReport

_LONGEST_STRING = 600
_CAPTIONS = {
    "curves": "Training and validation, epoch by epoch. The dotted line marks the epoch whose weights were kept.",
    "confusion": "Which class was taken for which. Rows are the truth.",
    "calibration": "On the dotted line a score of 80 % is right in 80 % of the cases; below it the model is "
    "surer than it should be.",
}


def write_report(
    path: str | os.PathLike[str],
    *,
    title: str,
    settings: Mapping[str, Any],
    device: str,
    history: Sequence[Mapping[str, Any]],
    report: ClassificationReport,
    baseline: BaselineResult | None = None,
    data_summary: Mapping[str, Any] | None = None,
    plots: Mapping[str, str | os.PathLike[str]] | None = None,
    seconds: float,
) -> Path:
    """Writes what a run did and reached as a single self-contained page, whole or not at all.

    Pictures and style are inside the file; it fetches nothing, runs no script, and reads well on a
    phone and in dark mode. Texts and names are escaped and shortened, whatever they hold.

    Args:
        path: where to write, by custom `report.html`.
        title: heading of the page.
        settings: the resolved recipe, nested by section.
        device: what the training ran on, in words.
        history: one mapping an epoch; may be empty.
        report: what the evaluation found.
        baseline: the figures to beat, shown beside the model's.
        data_summary: what the data holds, nested as the settings; `None` leaves the section out.
        plots: name -> path of a PNG, as `plot_classification` returns them, in the order to show.
        seconds: how long the run took.

    Returns:
        the path.

    Raises:
        FileNotFoundError: if a picture is missing.
        UserError: if the disk is full or the place may not be written.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def clean(value: Any) -> Any:
        """Makes every string harmless that reaches the page, and every other value readable."""
        return value if isinstance(value, Markup) else readable_text(str(value), _LONGEST_STRING)

    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=clean, trim_blocks=True)
    environment.filters.update(percent=_percent, duration=_duration, number=_number, words=_words)
    template = environment.from_string(
        resources.files("tfnlp.evaluation").joinpath("report.html").read_text(encoding="utf-8")
    )
    pictures = [_picture(name, Path(file).read_bytes()) for name, file in (plots or {}).items()]
    columns = list(dict.fromkeys(key for row in history for key in row))
    page = template.render(
        title=title,
        version=__version__,
        device=device,
        seconds=seconds,
        report=report,
        wrong=round(report.examples * (1 - report.accuracy)),
        baseline=baseline,
        pictures=pictures,
        columns=columns,
        history=[[row.get(column) for column in columns] for row in history],
        data=_sections(data_summary or {}),
        settings=_sections(settings),
    )
    return write_text_atomically(path, page)


def _picture(name: str, png: bytes) -> dict[str, Any]:
    from markupsafe import Markup

    return {
        "name": name,
        "caption": _CAPTIONS.get(name, ""),
        "data": Markup(base64.b64encode(png).decode("ascii")),
        # Bytes 16 to 19 of a PNG are its width. Shown smaller than drawn, so that it is sharp on fine screens.
        "width": round(int.from_bytes(png[16:20], "big") / 1.5),
    }


def _sections(nested: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Sections with their rows; what stands outside a section comes first, deeper levels get dotted names."""
    loose = [(str(key), _words(value)) for key, value in nested.items() if not isinstance(value, Mapping)]
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
            rows.append((f"{prefix}{key}", _words(value)))
    return rows


def _words(value: Any) -> str:
    """A setting or a label as one writes it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        shown = ", ".join(_words(item) for item in value[:50])
        return (f"{shown}, … ({len(value):,} in all)" if len(value) > 50 else shown) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(item)}" for key, item in value.items())
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


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
