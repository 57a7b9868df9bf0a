"""What every task's report says of its run: title, device, pictures, data, settings and epochs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.evaluation.page import picture, render_page, sections
from tfnlp.files import write_text_atomically


def write_run_page(
    path: str | os.PathLike[str],
    template: str,
    *,
    title: str,
    settings: Mapping[str, Any],
    device: str,
    history: Sequence[Mapping[str, Any]],
    data_summary: Mapping[str, Any] | None,
    plots: Mapping[str, str | os.PathLike[str]] | None,
    captions: Mapping[str, str],
    seconds: float,
    gradients: GradientSection | None = None,
    **values: Any,
) -> Path:
    """Writes a run's page, whole or not at all.

    Args:
        path: where to write.
        template: the file's name; it extends `run_page.html`.
        title: heading of the page.
        settings: the resolved recipe, nested by section.
        device: what the training ran on, in words.
        history: one mapping an epoch; may be empty.
        data_summary: what the data holds, nested as the settings; None leaves the section out.
        plots: name -> path of a PNG, in the order to show.
        captions: name -> what stands below the picture.
        seconds: how long the run took.
        gradients: what was measured of them, or None.
        **values: what the template names beside these.

    Returns:
        the path.

    Raises:
        FileNotFoundError: if a picture is missing.
        UserError: if the disk is full or the place may not be written.
    """
    columns = list(dict.fromkeys(key for row in history for key in row))
    page = render_page(
        template,
        title=title,
        device=device,
        seconds=seconds,
        pictures=[
            picture(name, Path(file).read_bytes(), captions.get(name, ""))
            for name, file in (plots or {}).items()
        ],
        columns=columns,
        history=[[row.get(column) for column in columns] for row in history],
        data=sections(data_summary or {}),
        settings=sections(settings),
        gradients=gradients.for_page() if gradients else None,
        **values,
    )
    return write_text_atomically(path, page)
