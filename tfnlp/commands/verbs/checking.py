"""`tfnlp check-gradients`: whether a network learns what its loss says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfnlp.commands.quiet import load_tensorflow_quietly
from tfnlp.commands.terminal import console, print_json, print_line
from tfnlp.commands.verbs.options import Json, Sets


def check_gradients(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A TOML file; without its corpus, made-up texts do.")
    ],
    sets: Sets = [],  # noqa: B006  (typer copies it)
    weights: Annotated[int, typer.Option(min=1, help="How many weights of each variable.")] = 5,
    rows: Annotated[int, typer.Option(min=1, help="Texts of the batch.")] = 3,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to which they are cut.")] = 8,
    as_json: Json = False,
) -> None:
    """Hold a recipe's gradients against what the loss does when a weight is moved; status 1 if they disagree."""
    from tfnlp.recipe import load_recipe

    loaded = load_recipe(recipe, sets)
    load_tensorflow_quietly()
    from tfnlp.commands.gradient_checking import check_recipe, check_table

    check = check_recipe(loaded, weights=weights, rows=rows, max_tokens=tokens)
    if as_json:
        print_json(check.as_dict())
    else:
        console().print(check_table(check))
        sampled = sum(len(variable.weights) for variable in check.variables)
        print_line(
            f"{len(check.wrong)} of {len(check.variables)} variables differ"
            if check.wrong
            else f"all {sampled} weights of {len(check.variables)} variables agree"
        )
    if check.wrong:
        raise typer.Exit(1)
