"""The reliability diagram: whether a score of 80 % is right in 80 % of the cases."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tfnlp.plots.figure import BLUE, GREY, INK, new_figure, save_figure, style_axes


def plot_calibration(
    calibration: Sequence[tuple[int, float, float]],
    path: str | os.PathLike[str],
    *,
    title: str = "Can the score be believed?",
) -> Path:
    """Draws the share of right answers against the score they were given with.

    Args:
        calibration: for each bin of score: answers in it, their mean score, the share that was
            right, as `ClassificationReport.calibration`. Empty bins are left out.
        path: where to write the PNG.
        title: heading of the picture.

    Returns:
        the path.

    Raises:
        ValueError: if no bin holds an answer.
        UserError: if the disk is full or the place may not be written.

    Reference:
        Guo et al., 2017, figure 1, https://arxiv.org/abs/1706.04599
    """
    bins = [row for row in calibration if row[0]]
    if not bins:
        raise ValueError("No bin of `calibration` holds an answer.")
    total = sum(answers for answers, _, _ in bins)
    figure = new_figure(4.6, 4.2)
    axes = figure.add_subplot()
    style_axes(axes, title, x_label="score of the answer", y_label="share that was right")
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (2, 3)))
    axes.annotate("as sure as it should be", (0.03, 0.07), rotation=45, fontsize=8, color=GREY)
    axes.plot([row[1] for row in bins], [row[2] for row in bins], color=BLUE, linewidth=1.5)
    sizes = [25 + 500 * answers / total for answers, _, _ in bins]
    axes.scatter([row[1] for row in bins], [row[2] for row in bins], sizes, color=BLUE, alpha=0.85, zorder=3)
    axes.annotate("larger dot: more answers", (0.98, 0.03), fontsize=8, color=GREY, ha="right")
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, 1.03)
    axes.set_aspect("equal")
    ticks = [0, 0.25, 0.5, 0.75, 1]
    axes.set_xticks(ticks, ["0", "25 %", "50 %", "75 %", "100 %"], color=INK)
    axes.set_yticks(ticks, ["0", "25 %", "50 %", "75 %", "100 %"], color=INK)
    return save_figure(figure, path)
