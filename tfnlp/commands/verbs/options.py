"""Arguments and options that several verbs have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A run, a .keras file, an export folder or a .tflite file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")]
Sets = Annotated[
    list[str],
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Change a setting of the recipe; repeatable."),
]
TextColumn = Annotated[str, typer.Option(help="Name of the column or key that holds the text.")]
LabelColumn = Annotated[str, typer.Option(help="Name of the column or key that holds the label.")]
LabelSeparator = Annotated[
    str | None, typer.Option(help="Splits a label cell into several labels, e.g. '|' (multi-label).")
]
