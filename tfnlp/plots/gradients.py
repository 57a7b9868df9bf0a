"""Gradients as a training went: how large, layer by layer, and how far back in a text they reached."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.plots.figure import BLUE, FAINT, GREY, INK, ORANGE, new_figure, plain_text, save_figure, style_axes

if TYPE_CHECKING:
    from tfnlp.training.gradient_health import GradientHealth

# Below, single precision has nothing left to say; the axis would be all noise.
_LOWEST_SHARE = 1e-8
_MOST_LAYERS = 14


def plot_gradient_health(records: Sequence[GradientHealth], path: str | os.PathLike[str]) -> Path:
    """Draws a run's gradients: before training in grey, after the last epoch in blue.

    On the left each layer's norm beside its weights' norm, what lies between the two measures as a line; on the right
    how much of the nearest token's gradient reaches a token further back.

    Args:
        records: of a run, in the order of its epochs, at least one.
        path: where to write the PNG.

    Returns:
        the path.

    Raises:
        ValueError: if there is no record.
        UserError: if the disk is full or the place may not be written.
    """
    if not records:
        raise ValueError("`records` holds no epoch.")
    shown = [layer for layer in records[-1].layers if layer.weights][:_MOST_LAYERS]
    figure = new_figure(9.6, max(3.2, 0.9 + 0.28 * len(shown)))
    layers, distances = figure.subplots(1, 2, width_ratios=(1.15, 1))
    _draw_layers(layers, records, [layer.name for layer in shown])
    _draw_distances(distances, records)
    return save_figure(figure, path)


def _draw_layers(axes: Any, records: Sequence[GradientHealth], names: list[str]) -> None:
    style_axes(axes, "gradient / weights, by layer", x_label="norm of the gradient / norm of the weights")
    ends = [(records[0], GREY, "before training" if not records[0].epoch else f"epoch {records[0].epoch}")]
    if len(records) > 1:
        ends.append((records[-1], BLUE, f"epoch {records[-1].epoch}"))
    for record, colour, label in ends:
        found = {layer.name: layer.gradient / layer.weights for layer in record.layers if layer.weights}
        drawn = [(found[name], row) for row, name in enumerate(names) if found.get(name)]
        if drawn:
            axes.scatter(*zip(*drawn), color=colour, s=26, zorder=3, label=label)
    for row, name in enumerate(names):
        shares = [
            layer.gradient / layer.weights
            for record in records
            for layer in record.layers
            if layer.name == name and layer.weights and layer.gradient
        ]
        if shares:
            axes.plot([min(shares), max(shares)], [row, row], color=FAINT, linewidth=3, zorder=2)
    axes.set_xscale("log")
    _whole_decades(axes, "x")
    axes.set_yticks(range(len(names)), names)
    for label in axes.get_yticklabels():
        plain_text(label).set_color(INK)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", labelsize=8)
    _legend(axes)


def _draw_distances(axes: Any, records: Sequence[GradientHealth]) -> None:
    style_axes(axes, "how far back a loss teaches", x_label="tokens back from the loss")
    axes.set_ylabel("norm of the gradient / nearest token's", color=GREY, fontsize=9)
    middle = records[len(records) // 2] if len(records) > 2 else None
    lines = [
        (records[0], GREY, 1.4),
        (middle, ORANGE, 1.2),
        (records[-1] if len(records) > 1 else None, BLUE, 1.8),
    ]
    for record, colour, width in lines:
        if record is None or not record.distances or not record.distances[0]:
            continue
        shares = [norm / record.distances[0] for norm in record.distances]
        kept = [(k, share) for k, share in enumerate(shares) if share >= _LOWEST_SHARE]
        label = f"epoch {record.epoch}" if record.epoch else "before training"
        axes.plot(
            *zip(*kept),
            color=colour,
            linewidth=width,
            label=label,
            marker="o" if len(kept) < 12 else None,
            ms=3,
        )
    axes.axhline(1e-3, color=GREY, linewidth=0.8, linestyle=(0, (2, 3)))
    axes.set_yscale("log")
    _whole_decades(axes, "y")
    axes.tick_params(labelcolor=INK)
    _legend(axes)


def _whole_decades(axes: Any, side: str) -> None:
    """Widens a logarithmic axis to powers of ten and labels these alone."""
    from matplotlib.ticker import NullLocator

    low, high = getattr(axes, f"get_{side}lim")()
    getattr(axes, f"set_{side}lim")(10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high)))
    getattr(axes, f"{side}axis").set_minor_locator(NullLocator())


def _legend(axes: Any) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8, labelcolor=INK, loc="best")
