"""How the spans of each type went: found, found under another type, with other borders, or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfnlp.evaluation.readable import readable_text
from tfnlp.plots.figure import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    new_figure,
    plain_text,
    save_figure,
    style_axes,
)
from tfnlp.plots.fonts import use_readable_fonts

if TYPE_CHECKING:
    from tfnlp.evaluation.tagging import TaggingScores

_LONGEST_NAME = 24
_MOST_TYPES = 30
_OUTCOMES = (
    ("right", "right", BLUE),
    ("wrong_type", "wrong type", GREEN),
    ("overlapping", "other borders", ORANGE),
    ("missed", "missed", GREY),
)


def plot_span_outcomes(
    scores: TaggingScores, path: str | os.PathLike[str], *, title: str = "What became of the spans"
) -> Path:
    """Draws one bar a type, cut by what became of its true spans; beside it what was given where nothing was.

    Types stand in the order of their number, at most 30 of them. A type whose name no installed font can show appears
    under its number in the table of types, counted from 1.

    Args:
        scores: the scores, of a scheme with spans.
        path: where to write the PNG.
        title: heading of the picture.

    Returns:
        the path.

    Raises:
        ValueError: if the scheme is `plain`, which has no borders to miss.
        UserError: if the disk is full or the place may not be written.
    """
    if scores.scheme == "plain":
        raise ValueError("`scores` must be of a scheme with spans. Received: scheme='plain'")
    numbered = sorted(enumerate(scores.types, start=1), key=lambda item: (-item[1].support, item[0]))
    shown = numbered[:_MOST_TYPES]
    names = [readable_text(item.label or "word", 200) for _, item in shown]
    names = [name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…" for name in names]
    with use_readable_fonts([*names, title]) as can_show:
        figure = new_figure(7.2, 1.5 + 0.34 * len(shown))
        axes = figure.add_subplot()
        style_axes(axes, x_label="share of the true spans, %")
        heading = title if can_show(title) else "What became of the spans"
        plain_text(axes.set_title(heading, loc="left", fontsize=11, fontweight="bold", color=INK, pad=24))
        places = range(len(shown))
        left = [0.0] * len(shown)
        for field, label, colour in _OUTCOMES:
            widths = [100 * getattr(item, field) / item.support if item.support else 0.0 for _, item in shown]
            axes.barh(places, widths, left=left, color=colour, height=0.68, label=label)
            left = [start + width for start, width in zip(left, widths)]
        for place, (_, item) in zip(places, shown):
            if not item.support:
                axes.barh(place, 100, color=FAINT, height=0.68)
            note = f"{item.right:,} of {item.support:,}" + (
                f", {item.spurious:,} spurious" if item.spurious else ""
            )
            axes.text(102, place, note, va="center", fontsize=8, color=GREY)
        labels = [name if can_show(name) else f"type {number}" for name, (number, _) in zip(names, shown)]
        axes.set_yticks(list(places), labels, fontsize=9, color=INK)
        for tick in axes.get_yticklabels():
            plain_text(tick)
        axes.set_xlim(0, 100)
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=4,
            frameon=False,
            fontsize=8,
            handlelength=1,
            borderpad=0,
            borderaxespad=0.3,
            labelcolor=GREY,
        )
        return save_figure(figure, path)
