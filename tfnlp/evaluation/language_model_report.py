"""The report of a language model's run: one HTML file that holds all it shows and needs nothing else."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.evaluation.perplexity import Perplexity
from tfnlp.evaluation.run_page import write_run_page

_CAPTIONS = {
    "curves": "Training and validation, epoch by epoch. The dotted line marks the epoch whose weights were kept.",
}


@dataclasses.dataclass(frozen=True)
class SurprisingSentence:
    """A sentence that a model did not see coming.

    Attributes:
        text: the sentence.
        nats_per_token: what it cost.
        tokens: how many, its end among them.
        unknown: how many of them the vocabulary lacks.
    """

    text: str
    nats_per_token: float
    tokens: int
    unknown: int


def write_language_model_report(
    path: str | os.PathLike[str],
    *,
    title: str,
    settings: Mapping[str, Any],
    device: str,
    history: Sequence[Mapping[str, Any]],
    reports: Mapping[str, Perplexity],
    held_out: str,
    as_stream: bool,
    surprising: Sequence[SurprisingSentence] = (),
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
        reports: of each part that was held out.
        held_out: which of them counts.
        as_stream: whether each sentence was foretold from all before it.
        surprising: sentences that cost most.
        data_summary: what the data holds, nested as the settings; None leaves the section out.
        plots: name -> path of a PNG, in the order to show.
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
        "language_model_report.html",
        title=title,
        settings=settings,
        device=device,
        history=history,
        data_summary=data_summary,
        plots=plots,
        captions=_CAPTIONS,
        seconds=seconds,
        gradients=gradients,
        reports=dict(reports),
        held_out=held_out,
        scores=reports[held_out],
        as_stream=as_stream,
        surprising=list(surprising),
    )
