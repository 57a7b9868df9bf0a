"""Training curves: loss, metrics and learning rate over the epochs."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfnlp.plots.figure import BLUE, GREEN, GREY, INK, ORANGE, new_figure, save_figure, style_axes

_NOT_METRICS = {"epoch", "loss", "learning_rate", "lr", "seconds", "steps_seconds", "time", "step", "steps"}
_MOST_METRICS = 2
_COLUMNS = 3


def plot_curves(
    history: Sequence[Mapping[str, Any]],
    path: str | os.PathLike[str],
    *,
    metrics: Sequence[str] | None = None,
    best_epoch: int | None = None,
) -> Path:
    """Draws how loss, metrics and learning rate went, training and validation side by side.

    Args:
        history: one mapping an epoch, as a run's history names things: `loss`, `valid_loss`, `accuracy`,
            `valid_accuracy`, `learning_rate`, ... and `epoch`, if the count does not start at 1.
            A value that is missing, `None` or NaN leaves a gap.
        path: where to write the PNG.
        metrics: which metrics to draw, without `valid_`. By default the first two in the history,
            those with validation values before the others.
        best_epoch: the epoch whose weights were kept, marked by a line; in the count of `epoch`.

    Returns:
        the path.

    Raises:
        ValueError: if the history is empty.
        UserError: if the disk is full or the place may not be written.
    """
    if not history:
        raise ValueError("`history` holds no epoch.")
    epochs = [float(row.get("epoch", index)) for index, row in enumerate(history, start=1)]
    names = list(dict.fromkeys(key for row in history for key in row))
    if metrics is None:
        known = dict.fromkeys(name.removeprefix("valid_") for name in names)
        found = [name for name in known if name not in _NOT_METRICS and _any(history, name)]
        metrics = sorted(found, key=lambda name: f"valid_{name}" not in names)[:_MOST_METRICS]
    panels = [name for name in ("loss", *metrics) if _any(history, name)]
    rate = next((name for name in ("learning_rate", "lr") if name in names and _any(history, name)), None)
    if rate:
        panels.append(rate)
    columns = min(len(panels), _COLUMNS) or 1
    rows = max(1, math.ceil(len(panels) / columns))
    figure = new_figure(0.4 + 3.9 * columns, 3.1 * rows)
    for index, name in enumerate(panels):
        axes = figure.add_subplot(rows, columns, index + 1)
        style_axes(axes, name.replace("_", " "), x_label="epoch")
        if name == rate:
            _line(axes, epochs, history, name, GREEN, "")
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        else:
            ends = [
                _line(axes, epochs, history, name, BLUE, "training"),
                _line(axes, epochs, history, f"valid_{name}", ORANGE, "validation"),
            ]
            _label_ends(axes, [end for end in ends if end])
        _epoch_axis(axes, epochs)
        if best_epoch is not None:
            axes.axvline(best_epoch, color=GREY, linewidth=1, linestyle=(0, (2, 3)))
            if index == 0:
                axes.annotate(
                    "kept",
                    (best_epoch, 1.0),
                    xycoords=("data", "axes fraction"),
                    xytext=(-3, -2),
                    textcoords="offset points",
                    ha="right",
                    va="top",
                    fontsize=8,
                    color=GREY,
                )
    return save_figure(figure, path)


def _value(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    try:
        return float("nan") if value is None or value == "" else float(value)
    except (TypeError, ValueError):
        return float("nan")


def _any(history: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(math.isfinite(_value(row, key)) for row in history for key in (name, f"valid_{name}"))


def _line(axes: Any, epochs: list[float], history: Any, name: str, colour: str, label: str) -> tuple | None:
    values = [_value(row, name) for row in history]
    values = [value if math.isfinite(value) else float("nan") for value in values]
    seen = [(epoch, value) for epoch, value in zip(epochs, values) if not math.isnan(value)]
    if not seen:
        return None
    marker = "o" if len(seen) <= 30 else None
    axes.plot(epochs, values, color=colour, linewidth=1.8, marker=marker, markersize=3.5)
    return (*seen[-1], colour, label)


def _label_ends(axes: Any, ends: list[tuple]) -> None:
    """Writes each line's name and last value at its end, apart from one another."""
    low, high = axes.get_ylim()
    height = 170.0  # points; about the height of a panel
    places = [(value - low) / ((high - low) or 1.0) * height for _, value, _, _ in ends]
    if len(places) == 2 and abs(places[0] - places[1]) < 24:
        middle, upper = sum(places) / 2, int(places[1] > places[0])
        moved = [middle - 12, middle - 12]
        moved[upper] = middle + 12
    else:
        moved = places
    for (epoch, value, colour, label), place, target in zip(ends, places, moved):
        axes.annotate(
            f"{label}\n{value:.3g}" if abs(value) < 1000 else f"{label}\n{value:.2e}",
            (epoch, value),
            xytext=(6, target - place),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=colour,
            linespacing=1.1,
            annotation_clip=False,
        )


def _epoch_axis(axes: Any, epochs: list[float]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
    margin = max((epochs[-1] - epochs[0]) * 0.04, 0.15)
    axes.set_xlim(epochs[0] - margin, epochs[-1] + margin)
    axes.tick_params(axis="x", labelcolor=INK)
    axes.tick_params(axis="y", labelcolor=INK)
