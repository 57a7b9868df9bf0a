"""The report of a run: one HTML file that holds all it shows and needs nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.evaluation.run_page import write_run_page

if TYPE_CHECKING:
    from tfnlp.evaluation.baseline import BaselineResult
    from tfnlp.evaluation.classification import ClassificationReport

_CAPTIONS = {
    "curves": "Training and validation, epoch by epoch. The dotted line marks the epoch whose weights were kept.",
    "confusion": "Which class was taken for which. Rows are the truth.",
    "calibration": "On the dotted line a score of 80 % is right in 80 % of the cases; below it the model is "
    "surer than it should be.",
}


def write_report(
    path: str | os.PathLike[str],
    *,
    title: str,
    settings: Mapping[str, Any],
    device: str,
    history: Sequence[Mapping[str, Any]],
    report: ClassificationReport,
    baseline: BaselineResult | None = None,
    data_summary: Mapping[str, Any] | None = None,
    plots: Mapping[str, str | os.PathLike[str]] | None = None,
    seconds: float,
    gradients: GradientSection | None = None,
) -> Path:
    """Writes what a run did and reached as a single self-contained page, whole or not at all.

    Pictures and style are inside the file; it fetches nothing, runs no script, and reads well on a
    phone and in dark mode. Texts and names are escaped and shortened, whatever they hold.

    Args:
        path: where to write, by custom `report.html`.
        title: heading of the page.
        settings: the resolved recipe, nested by section.
        device: what the training ran on, in words.
        history: one mapping an epoch; may be empty.
        report: what the evaluation found.
        baseline: the figures to beat, shown beside the model's.
        data_summary: what the data holds, nested as the settings; `None` leaves the section out.
        plots: name -> path of a PNG, as `plot_classification` returns them, in the order to show.
        seconds: how long the run took.
        gradients: what was measured of them, or None.

    Returns:
        the path.

    Raises:
        FileNotFoundError: if a picture is missing.
        UserError: if the disk is full or the place may not be written.
    """
    return write_run_page(
        path,
        "report.html",
        title=title,
        settings=settings,
        device=device,
        history=history,
        data_summary=data_summary,
        plots=plots,
        captions=_CAPTIONS,
        seconds=seconds,
        gradients=gradients,
        report=report,
        wrong=round(report.examples * (1 - report.accuracy)),
        baseline=baseline,
    )
