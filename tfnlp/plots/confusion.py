"""The confusion matrix: which class is taken for which."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.evaluation.readable import readable_text
from tfnlp.plots.figure import DOTS_PER_INCH, GREY, INK, new_figure, plain_text, save_figure, style_axes
from tfnlp.plots.fonts import use_readable_fonts

_LONGEST_NAME = 24
_CLASSES_WITH_SHARES = 12
_CLASSES_WITH_COUNTS = 50


def plot_confusion(
    confusion: Any, labels: Sequence[str], path: str | os.PathLike[str], *, title: str = "Confusion matrix"
) -> Path:
    """Draws how often each class was taken for each other.

    Rows are the truth and add up to 100 %; the colour of a cell is its share of its row. Up to 12
    classes each cell shows count and share, up to 50 the count alone; beyond, the colour has to
    do. A class whose name no installed font can show appears under its number, counted from 1.

    Args:
        confusion: int array `[classes, classes]`, truth in rows, answers in columns.
        labels: names of the classes.
        path: where to write the PNG.
        title: heading of the picture.

    Returns:
        the path.

    Raises:
        ValueError: if the matrix is not square, or the number of labels is another.
        UserError: if the disk is full or the place may not be written.
    """
    counts = np.asarray(confusion)
    classes = len(labels)
    if counts.shape != (classes, classes) or not classes:
        raise ValueError(f"{classes} labels for a confusion matrix of the shape {counts.shape}")
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros(counts.shape), where=rows > 0)
    shown = [readable_text(label, 200) for label in labels]
    shown = [name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…" for name in shown]
    with use_readable_fonts([*shown, title]) as can_show:
        names = [name if can_show(name) else f"class {i}" for i, name in enumerate(shown, start=1)]
        return _draw(counts, shares, names, title if can_show(title) else "Confusion matrix", path)


def _draw(counts: Any, shares: Any, names: list[str], title: str, path: str | os.PathLike[str]) -> Path:
    classes = len(names)
    cell = float(np.interp(classes, [2, 5, 12, 25, 50, 100], [1.15, 0.85, 0.62, 0.44, 0.30, 0.16]))
    size = min(cell * classes, 18.0)  # inches, as the other lengths
    step = max(1, round(0.11 * classes / size))  # where rows are too narrow, every so many bears a name
    room = size / classes * step
    font_size = float(np.clip(room * 72 * 0.4, 5.5, 10))
    longest = max(_width(name) for name in names) * font_size * 0.6 / 72
    upright = longest > room
    # Large pictures stay legible with fewer dots, and are quicker to draw and lighter to embed.
    dots = 110 if size > 10 else DOTS_PER_INCH
    below = 0.45 + (longest if upright else 0.2)
    figure = new_figure(max(size + longest + 0.5, 3.6), size + below + 0.55, dots)
    axes = figure.add_subplot()
    style_axes(axes, x_label="predicted", y_label="true")
    heading = f"{title}\n" if title else ""
    plain_text(axes.set_title(heading, loc="left", fontsize=11, fontweight="bold", color=INK))
    key = "darker: greater share of the row" + (", in %" if classes <= _CLASSES_WITH_SHARES else "")
    axes.annotate(
        key,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 6),
        textcoords="offset points",
        fontsize=8,
        color=GREY,
    )
    axes.grid(False)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, interpolation="nearest")
    if classes <= _CLASSES_WITH_COUNTS:  # white lines between the cells
        edges = np.arange(classes + 1) - 0.5
        axes.hlines(edges, -0.5, classes - 0.5, colors="white", linewidth=1)
        axes.vlines(edges, -0.5, classes - 0.5, colors="white", linewidth=1)
        _write_cells(axes, counts, shares, cell)
    ticks = list(range(0, classes, step))
    axes.set_xticks(
        ticks, [names[i] for i in ticks], fontsize=font_size, rotation=90 if upright else 0, color=INK
    )
    axes.set_yticks(ticks, [names[i] for i in ticks], fontsize=font_size, color=INK)
    for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        plain_text(label)
    return save_figure(figure, path)


def _write_cells(axes: Any, counts: Any, shares: Any, cell: float) -> None:
    with_share = len(counts) <= _CLASSES_WITH_SHARES
    widest = max(4, len(f"{counts.max():,}")) if with_share else max(2, len(str(counts.max())))
    size = float(min(11.0, cell * 72 * 0.8 / (0.62 * widest)))
    for row, column in zip(*np.nonzero(counts)):
        share = float(shares[row, column])
        style = {"ha": "center", "color": "white" if share > 0.55 else INK}
        if with_share:
            percent = (f"{share:.1%}" if share < 0.0995 else f"{share:.0%}").replace("%", " %")
            at = {"xy": (column, row), "textcoords": "offset points"}
            number = f"{counts[row, column]:,}"
            texts = [
                axes.annotate(number, xytext=(0, 0), va="bottom", fontsize=size, **at, **style),
                axes.annotate(percent, xytext=(0, -2), va="top", fontsize=size * 0.75, **at, **style),
            ]
        else:
            texts = [axes.text(column, row, str(counts[row, column]), va="center", fontsize=size, **style)]
        for text in texts:
            text.set_in_layout(False)  # thousands of them would slow the layout, and none leaves its cell


def _width(name: str) -> int:
    """Width in Latin letters; a Chinese character takes nearly two."""
    return sum(2 if ord(character) >= 0x2E80 else 1 for character in name)
