"""The page of a comparison: one HTML file that holds its table, its pictures and its recommendation."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfnlp.evaluation.comparison import Comparison
from tfnlp.evaluation.comparison_table import cells, columns, kibibytes, remarks, title
from tfnlp.evaluation.page import picture, render_page, sections
from tfnlp.files import write_text_atomically

_CAPTIONS = {
    "pareto": "Up and to the left is better. The star is the recommended one; the shaded band reaches one standard "
    "error below the best; bars are one standard deviation over the seeds. No encoder beats one on the dotted line "
    "in both.",
    "seeds": "A dot is a training, the stroke their mean. Where the dots of two encoders mingle, the data do not tell "
    "them apart.",
}


def write_comparison(
    path: str | os.PathLike[str],
    comparison: Comparison,
    *,
    settings: Mapping[str, Any],
    plots: Mapping[str, str | os.PathLike[str]] | None = None,
    commands: Sequence[str] = (),
    max_int8_drop: float | None = None,
) -> Path:
    """Writes a comparison as a single self-contained page, whole or not at all.

    Args:
        path: where to write, by custom `comparison.html`.
        comparison: the figures.
        settings: the recipe that all share, nested by section.
        plots: name -> path of a PNG: `"pareto"`, `"seeds"`.
        commands: what to type to use the recommended encoder.
        max_int8_drop: points of accuracy that an int8 file may lose without a remark.

    Returns:
        the path.

    Raises:
        FileNotFoundError: if a picture is missing.
        UserError: if the disk is full or the place may not be written.
    """
    choice = comparison.recommended
    page = render_page(
        "comparison.html",
        title=title(comparison),
        comparison=comparison,
        choice=choice,
        int8_size=kibibytes(choice.serving.int8_bytes if choice and choice.serving else None),
        columns=columns(comparison),
        cells=[cells(comparison, row) for row in comparison.rows],
        remarks=remarks(comparison, max_int8_drop),
        pictures=[
            picture(name, Path(file).read_bytes(), _CAPTIONS.get(name, ""))
            for name, file in (plots or {}).items()
        ],
        commands=list(commands) if choice else [],
        encoder_settings=sections({row.encoder: row.settings for row in comparison.rows}),
        shared_settings=sections(settings),
    )
    return write_text_atomically(path, page)
