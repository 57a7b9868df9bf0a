"""`tfnlp export` and `verify`: copies of a trained model, and the proof that they agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tfnlp.commands.quiet import load_tensorflow_quietly
from tfnlp.commands.terminal import console, print_json, print_line
from tfnlp.commands.verbs.options import Json


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run, or a .keras file.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The model's folder, e.g. saved_models/reviews.")],
    lite: Annotated[
        list[str] | None,
        typer.Option(help="float32, float16 or int8; repeatable, or joined by commas; none for none."),
    ] = None,
    max_accuracy_drop: Annotated[
        float | None, typer.Option(min=0, help="Points int8 may lose, or percent of perplexity.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a version for TensorFlow Serving and files for phones, and prove that they agree."""
    load_tensorflow_quietly()
    from tfnlp.commands.export import export_model

    precisions = [name for part in lite for name in part.split(",")] if lite else None
    result = export_model(run, out, lite=precisions, max_accuracy_drop=max_accuracy_drop)
    _show_agreement(result.agreement, as_json, folder=result.folder)


def verify(
    export_folder: Annotated[
        Path, typer.Argument(metavar="EXPORT", help="An export folder or one version of it.")
    ],
    as_json: Json = False,
) -> None:
    """Ask every copy in an export again and hold the answers against the trained model's."""
    load_tensorflow_quietly()
    from tfnlp.commands.export import verify_export

    agreement = verify_export(export_folder)
    _show_agreement(agreement, as_json)
    agreement.require()


def _show_agreement(agreement: Any, as_json: bool, folder: Path | None = None) -> None:
    from tfnlp.export.agreement import agreement_table

    if as_json:
        print_json({**agreement.as_dict(), **({"folder": str(folder)} if folder else {})})
        return
    console().print(agreement_table(agreement))
    if folder:
        print_line(f"exported to {folder}")
