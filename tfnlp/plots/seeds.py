"""Every seed as a dot: whether two encoders differ by more than chance."""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfnlp.plots.figure import BLUE, GREY, INK, ORANGE, new_figure, plain_text, save_figure, style_axes


def plot_seeds(
    accuracies: Mapping[str, Sequence[float]],
    path: str | os.PathLike[str],
    *,
    recommended: str | None = None,
    baseline: float | None = None,
    title: str = "Every seed",
    x_label: str = "accuracy, %",
) -> Path:
    """Draws a line for each encoder: a dot a seed, a stroke at their mean; the most accurate on top.

    Args:
        accuracies: encoder -> accuracy of each seed, 0 to 1; at least one encoder, each with at least one seed.
        path: where to write the PNG.
        recommended: the encoder to mark, or None.
        baseline: accuracy, 0 to 1, drawn as a line across, or None.
        title: heading of the picture.
        x_label: what is on the level axis, in percent.

    Returns:
        the path.

    Raises:
        ValueError: if there is no encoder, or one without a seed.
        UserError: if the disk is full or the place may not be written.
    """
    if not accuracies or not all(accuracies.values()):
        raise ValueError("`accuracies` must hold at least one encoder, each with at least one seed.")
    means = {name: statistics.fmean(values) for name, values in accuracies.items()}
    names = sorted(means, key=lambda name: means[name])  # upwards, as the axis counts
    figure = new_figure(7.2, 1.1 + 0.36 * len(names))
    axes = figure.add_subplot()
    style_axes(axes, title, x_label=x_label)
    for line, name in enumerate(names):
        colour = ORANGE if name == recommended else BLUE
        axes.scatter(
            [100 * value for value in accuracies[name]],
            [line] * len(accuracies[name]),
            42,
            color=colour,
            alpha=0.6,
            linewidths=0,
            zorder=3,
        )
        axes.plot([100 * means[name]] * 2, [line - 0.3, line + 0.3], color=colour, linewidth=2, zorder=4)
    if baseline is not None:
        axes.axvline(100 * baseline, color=GREY, linewidth=1, linestyle=(0, (2, 3)), zorder=1)
        axes.annotate(
            "baseline",
            (100 * baseline, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, -2),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=GREY,
        )
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_yticks(range(len(names)), names, color=INK)
    for label, name in zip(axes.get_yticklabels(), names):
        plain_text(label).set_fontweight("bold" if name == recommended else "normal")
    axes.tick_params(axis="x", labelcolor=INK)
    axes.margins(x=0.06)
    return save_figure(figure, path)
