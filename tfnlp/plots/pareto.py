"""Accuracy against latency: what more right answers cost in milliseconds, and which encoder to take."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfnlp.plots.figure import BLUE, FAINT, GREY, INK, ORANGE, new_figure, plain_text, save_figure, style_axes


@dataclass(frozen=True)
class ParetoPoint:
    """One encoder in the plane.

    Attributes:
        name: its name.
        milliseconds: for one text, above 0.
        accuracy: mean over the seeds, 0 to 1.
        deviation: its standard deviation, drawn as a bar up and down; None for no bar.
        on_front: whether no other point is both as fast and as accurate.
        recommended: whether it is the one to take.
    """

    name: str
    milliseconds: float
    accuracy: float
    deviation: float | None = None
    on_front: bool = False
    recommended: bool = False


def plot_pareto(
    points: Sequence[ParetoPoint],
    path: str | os.PathLike[str],
    *,
    band: tuple[float, float] | None = None,
    title: str = "What accuracy costs",
    y_label: str = "accuracy, %",
) -> Path:
    """Draws accuracy against milliseconds (logarithmic), the front as a line, the recommended point marked.

    Args:
        points: the encoders; at least one.
        path: where to write the PNG.
        band: lowest and highest accuracy, 0 to 1, that count as equal to the best, shaded; None for no band.
        title: heading of the picture.
        y_label: what is on the upright axis, in percent.

    Returns:
        the path.

    Raises:
        ValueError: if there is no point, or one takes no time.
        UserError: if the disk is full or the place may not be written.
    """
    if not points:
        raise ValueError("`points` holds no encoder.")
    if any(point.milliseconds <= 0 for point in points):
        raise ValueError("Every point must take more than 0 milliseconds.")
    figure = new_figure(7.2, 4.6)
    axes = figure.add_subplot()
    style_axes(axes, title, x_label="milliseconds for one text, one thread, int8 on LiteRT", y_label=y_label)
    axes.set_xscale("log")
    if band:
        axes.axhspan(100 * band[0], 100 * band[1], color=ORANGE, alpha=0.10, linewidth=0)
    front = sorted((point for point in points if point.on_front), key=lambda point: point.milliseconds)
    if len(front) > 1:
        # A step, not a slope: between two encoders there is none to be had.
        axes.step(
            [point.milliseconds for point in front],
            [100 * point.accuracy for point in front],
            where="post",
            color=GREY,
            linewidth=1,
            linestyle=(0, (2, 3)),
            zorder=1,
        )
    for point in points:
        colour = ORANGE if point.recommended else BLUE if point.on_front else GREY
        axes.errorbar(
            point.milliseconds,
            100 * point.accuracy,
            yerr=None if point.deviation is None else 100 * point.deviation,
            color=colour,
            marker="*" if point.recommended else "o",
            markersize=16 if point.recommended else 7,
            elinewidth=1.2,
            capsize=3,
            zorder=3 if point.recommended else 2,
        )
    _limit(axes, points, band)
    _name_points(axes, points)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    low, high = axes.get_xlim()
    named = (2, 5) if high > 5 * low else range(1, 10)
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if _leads_with(value, named) else "")
    axes.tick_params(axis="x", which="both", labelcolor=INK, length=0, labelsize=9)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.grid(True, which="minor", axis="x", color=FAINT, linewidth=0.4)
    return save_figure(figure, path)


def _limit(axes: Any, points: Sequence[ParetoPoint], band: tuple[float, float] | None) -> None:
    """Leaves room around the points, and for the names at their right."""
    fastest = min(point.milliseconds for point in points)
    slowest = max(point.milliseconds for point in points)
    # At least the width of one factor of two, so that a single point is not on an axis without an extent.
    axes.set_xlim(fastest / 1.35, max(slowest * (slowest / fastest) ** 0.3, slowest * 1.8))
    low = min(100 * (point.accuracy - (point.deviation or 0)) for point in points)
    high = max(100 * (point.accuracy + (point.deviation or 0)) for point in points)
    if band:
        low, high = min(low, 100 * band[0]), max(high, 100 * band[1])
    margin = 0.08 * (high - low) if high - low > 1 else 0.5  # a tenth of a point must not look like a gulf
    axes.set_ylim(low - margin, high + margin)


def _name_points(axes: Any, points: Sequence[ParetoPoint]) -> None:
    """Writes each name beside its point, where it covers least of the other points, bars and names.

    Above or below its point a name may come near to another's, so a line joins the two.
    """
    from matplotlib.patheffects import withStroke

    figure = axes.figure
    figure.draw_without_rendering()  # the layout settles where a point lies on the page
    scale = 72 / figure.dpi
    inside = tuple(axes.get_window_extent().extents * scale)
    # Bars, names and, three times over, the points themselves: a name across a bar can be read, a hidden point is lost.
    taken = [_box_of_point(axes, point, point.deviation or 0.0, scale) for point in points]
    taken += 3 * [_box_of_point(axes, point, 0.0, scale) for point in points]
    # The recommended one first: its name takes the best place.
    for point in sorted(points, key=lambda item: (not item.recommended, item.milliseconds)):
        x, y = axes.transData.transform((point.milliseconds, 100 * point.accuracy)) * scale
        width, height = 5.6 * len(point.name) + 4, 11.0
        choices = [
            (dx, dy, side)
            for dy in (0, 12, -12, 24, -24, 36, -36)
            for dx, side in ((0, "center"), (11, "left"), (-11, "right"))
            if dx or abs(dy) > 12 or (dy and point.deviation is None)  # not on the point itself
        ]
        boxes = [_box(x + dx, y + dy, width, height, side) for dx, dy, side in choices]
        # What hangs out of the picture counts as covered.
        covered = [
            sum(_overlap(box, other) for other in taken) + width * height - _overlap(box, inside)
            for box in boxes
        ]
        best = covered.index(min(covered))  # the first of equals: nearest to the point
        taken.append(boxes[best])
        dx, dy, side = choices[best]
        text = axes.annotate(
            point.name,
            (point.milliseconds, 100 * point.accuracy),
            xytext=(dx, dy),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=9,
            fontweight="bold" if point.recommended else "normal",
            color=ORANGE if point.recommended else INK,
            zorder=4,
            path_effects=[withStroke(linewidth=3, foreground="white")],  # legible across the front's line
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkB": 4} if dy else None,
        )
        plain_text(text).set_in_layout(False)


def _box_of_point(
    axes: Any, point: ParetoPoint, reach: float, scale: float
) -> tuple[float, float, float, float]:
    """What a point covers, and a bar that reaches so far up and down from it, in points of the page."""
    x, low = axes.transData.transform((point.milliseconds, 100 * (point.accuracy - reach))) * scale
    _, high = axes.transData.transform((point.milliseconds, 100 * (point.accuracy + reach))) * scale
    return x - 5, low - 5, x + 5, high + 5


def _box(x: float, y: float, width: float, height: float, side: str) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a name that stands at `x`, in points of the page."""
    left = {"left": x, "right": x - width, "center": x - width / 2}[side]
    return left, y - height / 2, left + width, y + height / 2


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)


def _leads_with(value: float, digits: Sequence[int]) -> bool:
    """Whether a number's first digit is one of these: which of a logarithmic axis's ticks are named."""
    return int(f"{value:e}"[0]) in digits
