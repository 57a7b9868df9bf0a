"""All pictures of a classifier's run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.plots.calibration import plot_calibration
from tfnlp.plots.confusion import plot_confusion
from tfnlp.plots.curves import plot_curves

if TYPE_CHECKING:
    from tfnlp.evaluation.classification import ClassificationReport


def plot_classification(
    directory: str | os.PathLike[str],
    report: ClassificationReport,
    history: Sequence[Mapping[str, Any]] = (),
    *,
    best_epoch: int | None = None,
) -> dict[str, Path]:
    """Draws the pictures of a run into a folder.

    Args:
        directory: the folder; made if it is missing.
        report: what the evaluation found.
        history: one mapping an epoch, see `plot_curves`; without it there are no curves.
        best_epoch: the epoch whose weights were kept.

    Returns:
        name -> path: `curves` (with a history), `confusion` (unless multi-label), `calibration`.

    Raises:
        UserError: if the disk is full or the place may not be written.
    """
    directory = Path(directory)
    pictures = {}
    if history:
        pictures["curves"] = plot_curves(history, directory / "curves.png", best_epoch=best_epoch)
    if report.confusion is not None:
        pictures["confusion"] = plot_confusion(report.confusion, report.labels, directory / "confusion.png")
    pictures["calibration"] = plot_calibration(report.calibration, directory / "calibration.png")
    return pictures
