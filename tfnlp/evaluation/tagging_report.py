"""The report of a tagger's run: one HTML file that holds all it shows and needs nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.evaluation.run_page import write_run_page

if TYPE_CHECKING:
    from tfnlp.evaluation.segmentation import SegmentationScores
    from tfnlp.evaluation.tagging import TaggingScores
    from tfnlp.evaluation.tagging_mistakes import WrongSentence

_CAPTIONS = {
    "curves": "Training and validation, epoch by epoch. The dotted line marks the epoch whose weights were kept.",
    "spans": "What became of the true spans of each type. Spurious: answers that touch no true span.",
    "confusion": "Which was taken for which. Rows are the truth.",
}


def write_tagging_report(
    path: str | os.PathLike[str],
    *,
    title: str,
    settings: Mapping[str, Any],
    device: str,
    history: Sequence[Mapping[str, Any]],
    scores: TaggingScores,
    segmentation: SegmentationScores | None = None,
    mistakes: Sequence[WrongSentence] = (),
    data_summary: Mapping[str, Any] | None = None,
    plots: Mapping[str, str | os.PathLike[str]] | None = None,
    seconds: float,
    gradients: GradientSection | None = None,
) -> Path:
    """Writes what a run did and reached as a single self-contained page, whole or not at all.

    Args:
        path: where to write, by custom `report.html`.
        title: heading of the page.
        settings: the resolved recipe, nested by section.
        device: what the training ran on, in words.
        history: one mapping an epoch; may be empty.
        scores: what the evaluation found.
        segmentation: for words without types, the figures that the bakeoff counts; adds what is out of vocabulary.
        mistakes: the sentences most wrong, as `worst_sentences` lists them.
        data_summary: what the data holds, nested as the settings; None leaves the section out.
        plots: name -> path of a PNG, as `plot_tagging` returns them, in the order to show.
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
        "tagging_report.html",
        title=title,
        settings=settings,
        device=device,
        history=history,
        data_summary=data_summary,
        plots=plots,
        captions=_CAPTIONS,
        seconds=seconds,
        gradients=gradients,
        scores=scores,
        plain=scores.scheme == "plain",
        wrong=scores.sentences - round(scores.exact * scores.sentences),
        segmentation=segmentation,
        mistakes=list(mistakes),
    )
