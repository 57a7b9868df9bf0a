"""The look that all pictures share, and how they are saved."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.files import write_bytes_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart by every kind of colour vision: https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6B7280"
INK, FAINT = "#1F2937", "#E5E7EB"
DOTS_PER_INCH = 150


def new_figure(width: float, height: float, dots_per_inch: float = DOTS_PER_INCH) -> Figure:
    """A white figure of the given size in inches, on no screen and outside pyplot's global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=dots_per_inch, facecolor="white", layout="constrained")


def style_axes(axes: Axes, title: str = "", x_label: str = "", y_label: str = "") -> None:
    """Gives axes a light grid, no frame, and a title at the left."""
    if title:
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
    axes.set_xlabel(x_label, color=GREY, fontsize=9)
    axes.set_ylabel(y_label, color=GREY, fontsize=9)
    axes.grid(True, color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=GREY, labelsize=9, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def plain_text(item: Any) -> Any:
    """Keeps matplotlib from reading `$` in a name as mathematics, which would fail or garble it."""
    item.set_parse_math(False)
    return item


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Writes the figure as PNG, whole or not at all; the same figure gives the same bytes.

    Raises:
        UserError: if the disk is full or the place may not be written.
    """
    memory = io.BytesIO()
    figure.savefig(memory, format="png", metadata={"Software": None})
    return write_bytes_atomically(path, memory.getvalue())
