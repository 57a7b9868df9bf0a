"""All pictures of a tagger's run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.plots.confusion import plot_confusion
from tfnlp.plots.curves import plot_curves
from tfnlp.plots.span_outcomes import plot_span_outcomes

if TYPE_CHECKING:
    from tfnlp.evaluation.tagging import TaggingScores


def plot_tagging(
    directory: str | os.PathLike[str],
    scores: TaggingScores,
    history: Sequence[Mapping[str, Any]] = (),
    *,
    best_epoch: int | None = None,
) -> dict[str, Path]:
    """Draws the pictures of a tagger's run into a folder.

    Args:
        directory: the folder; made if it is missing.
        scores: what the evaluation found.
        history: one mapping an epoch, see `plot_curves`; without it there are no curves.
        best_epoch: the epoch whose weights were kept.

    Returns:
        name -> path: `curves` (with a history), `spans` (for a scheme with spans), `confusion` (where there is more
        than one type or tag).

    Raises:
        UserError: if the disk is full or the place may not be written.
    """
    directory = Path(directory)
    plain = scores.scheme == "plain"
    pictures = {}
    if history:
        pictures["curves"] = plot_curves(history, directory / "curves.png", best_epoch=best_epoch)
    if not plain and scores.types:
        pictures["spans"] = plot_span_outcomes(scores, directory / "spans.png")
    if len(scores.types) > 1:
        title = "Which tag was taken for which" if plain else "Types, where the borders agree"
        pictures["confusion"] = plot_confusion(
            scores.confusion, scores.labels, directory / "confusion.png", title=title
        )
    return pictures
