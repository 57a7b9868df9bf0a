"""Positions as a heat map and as waves: what tells a network where in the text a token stands."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfnlp.plots.figure import BLUE, DOTS_PER_INCH, GREY, INK, new_figure, save_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_WAVES = 5
_MOST_DOTS = 40  # positions; beyond, dots on a line run together
_ROW = 0.42  # inches from wave to wave
_SWING = 0.42  # of a row, to either side: less than half, so that waves never touch


def plot_positions(table: Any, path: str | os.PathLike[str], *, units: Sequence[int] | None = None) -> Path:
    """Draws the vectors of positions in three panels: all units, a few of them as waves, and how alike positions are.

    The heat map has a column for each position and a row for each unit, with white at 0. The waves share one scale,
    and the heat map's positions. The last panel is the mean cosine of all pairs of positions at each distance, in a
    band of one standard deviation to either side; of sinusoidal positions the cosine follows from the distance alone,
    so the band has no width. Positions and units are counted from 0, as in the formula. A value that is not finite
    leaves a gap, grey in the heat map.

    Args:
        table: float array `[positions, width]`, as the `table(time, width)` of `SinusoidalPositions` and
            `LearnedPositions` gives it.
        path: where to write the PNG.
        units: the units to draw as waves, at least one, each in `[0, width)`; from the top down. By default up to 5,
            evenly spaced over the first half and even: sines from the fastest to one of 628 positions a wave, where the
            table is sinusoidal.

    Returns:
        the path.

    Raises:
        ValueError: if the shape of the table is another, or a unit is not in it.
        UserError: if the disk is full or the place may not be written.
    """
    table = np.asarray(table, np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(
            "`table` must be a float array [positions, width] that is not empty, such as the `table(100, 128)` of "
            f"`SinusoidalPositions`. Received: an array of the shape {list(table.shape)}"
        )
    width = table.shape[1]
    chosen = _spread(width) if units is None else list(units)
    if not chosen or not all(0 <= unit < width for unit in chosen):
        raise ValueError(
            f"`units` must name at least one unit, each from 0 to {width - 1}. Received: units={chosen}"
        )
    table = np.where(np.isfinite(table), table, np.nan)
    # Sines and cosines take turns, so that a row has to be some dots high to be told from the next.
    heights = [float(np.clip(3 * width / DOTS_PER_INCH, 2.2, 5.5)), _ROW * len(chosen) + 0.2, 1.5]
    figure = new_figure(8.6, sum(heights) + 1.7)
    heat, waves, likeness = figure.subplots(3, 1, gridspec_kw={"height_ratios": heights})
    _draw_heat(heat, table)
    _draw_waves(waves, table, chosen)
    _draw_likeness(likeness, table)
    figure.align_ylabels()
    return save_figure(figure, path)


def _greatest(values: np.ndarray) -> float:
    """What the scale reaches to on either side of 0."""
    return float(np.nanmax(np.abs(values), initial=0.0)) or 1.0


def _spread(width: int) -> list[int]:
    """Units over the first half of the width: in the second half waves are far longer than any text."""
    return sorted({int(unit) // 2 * 2 for unit in np.linspace(0, width / 2, _WAVES)})


def _draw_heat(axes: Axes, table: np.ndarray) -> None:
    style_axes(axes, "All units", y_label="unit")
    axes.grid(False)
    axes.set_facecolor(GREY)
    end = _greatest(table)
    # Never smoothed: the colour between a sine's and a cosine's is the value of neither.
    image = axes.imshow(table.T, cmap="RdBu_r", vmin=-end, vmax=end, aspect="auto", interpolation="nearest")
    _whole_numbers(axes.yaxis, 8)
    _place_axis(axes, len(table))
    figure: Any = axes.figure
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.015, aspect=25)
    bar.ax.tick_params(labelsize=8, colors=GREY, length=0)
    bar.outline.set_visible(False)


def _draw_waves(axes: Axes, table: np.ndarray, units: list[int]) -> None:
    style_axes(axes, "Single units as waves", x_label="position", y_label="unit")
    waves = _SWING * table[:, units] / _greatest(table[:, units])
    for row, wave in enumerate(waves.T):
        axes.plot(range(len(table)), wave - row, **_line(len(table)))
    axes.set_yticks([-row for row in range(len(units))], [str(unit) for unit in units])
    axes.set_ylim(0.55 - len(units), 0.55)
    _place_axis(axes, len(table))


def _draw_likeness(axes: Axes, table: np.ndarray) -> None:
    style_axes(
        axes,
        "How alike two positions are: mean ± standard deviation",
        x_label="distance in positions",
        y_label="cosine",
    )
    time = len(table)
    vectors = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    # One distance at a time: all pairs at once would need memory for the square of a long table.
    cosines = [np.sum(vectors[: time - distance] * vectors[distance:], axis=1) for distance in range(time)]
    cosines = [pairs[~np.isnan(pairs)] for pairs in cosines]
    means = np.array([pairs.mean() if pairs.size else np.nan for pairs in cosines])
    deviations = np.array([pairs.std() if pairs.size else np.nan for pairs in cosines])
    low, high = means - deviations, np.minimum(means + deviations, 1)
    axes.fill_between(range(time), low, high, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(range(time), means, **_line(time))
    axes.set_ylim(float(np.nanmin(low, initial=0.0)) - 0.08, 1.08)
    _place_axis(axes, time)


def _line(time: int) -> dict[str, Any]:
    return {"color": BLUE, "linewidth": 1.4, "marker": "o" if time <= _MOST_DOTS else None, "markersize": 3}


def _place_axis(axes: Axes, time: int) -> None:
    """The same places under one another in every panel."""
    axes.set_xlim(-0.5, time - 0.5)
    _whole_numbers(axes.xaxis, 11)
    axes.tick_params(labelcolor=INK)


def _whole_numbers(axis: Axis, most: int) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
