"""The reference of all recipe keys, written from the schema: `python -m tfnlp.recipe_reference`."""

from __future__ import annotations

import json
import sys
import types
import typing
from typing import Any, Literal

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tfnlp.encoders.registry import ENCODERS
from tfnlp.recipe import TASKS, Recipe, encoder_section

_INTRODUCTION = """# The recipe, key by key

<!-- Written by `make docs` from the schema in tfnlp/recipe.py. Change it there. -->

A recipe is a TOML file: `tfnlp train RECIPE` reads it, `--set section.key=value` changes a key for one run. A key that
is not listed here is refused, with the nearest spelling. Only `corpus.train` and `encoder.type` must be given.
"""

_COMPARE = """## `[compare]`

What `tfnlp compare` trains beside `[encoder]`: a table for each, with keys of `[encoder]`. `[compare.ENCODER]` says
what is different for the encoder of that name. `[compare.NAME]` with any other name is a variant: its `type` says of
which encoder, and one of the recipe's own starts from `[encoder]`. See [compare.md](compare.md). `tfnlp train` pays no
heed to it.
"""

_OTHER_TASK = """## `[task] type = "{kind}"`

The sections below stand in the place of those of the same name above; all others are the same.
"""


def recipe_reference() -> str:
    """Returns the reference as Markdown."""
    parts = [_INTRODUCTION, _table("Top level", Recipe, plain_only=True)]
    for name, field in Recipe.model_fields.items():
        section = field.annotation
        if name == "encoder":
            parts.append(
                "## `[encoder]`\n\nThe network. `type` picks it; the other keys are those of the network picked.\n"
            )
            parts += [
                _table(f'`type = "{encoder}"`', encoder_section(encoder), level=3) for encoder in ENCODERS
            ]
        elif name == "compare":
            parts.append(_COMPARE)
        elif isinstance(section, type) and issubclass(section, BaseModel):
            parts.append(_table(f"`[{name}]`", section))
    for kind, sections in TASKS.items():
        if sections:
            parts.append(_OTHER_TASK.format(kind=kind))
            parts += [_table(f"`[{name}]` of a `{kind}`", section) for name, section in sections.items()]
    return "\n".join(parts)


def _table(title: str, section: type[BaseModel], *, level: int = 2, plain_only: bool = False) -> str:
    lines = [f"{'#' * level} {title}", ""]
    if section.__doc__ and not plain_only and level == 2:
        lines += [section.__doc__.strip().splitlines()[0], ""]
    lines += ["| key | type | default | what it does |", "| --- | --- | --- | --- |"]
    for name, field in section.model_fields.items():
        if plain_only and (field.exclude or field.annotation is Any or _is_section(field.annotation)):
            continue
        cells = (
            f"`{name}`",
            _type_in_words(field.annotation),
            _default_in_words(field),
            field.description or "",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _default_in_words(field: Any) -> str:
    if field.default is PydanticUndefined:
        return "*must be given*"
    if field.default is None:
        return "*none*"
    return f"`{json.dumps(field.default, ensure_ascii=False)}`"


def _type_in_words(annotation: Any) -> str:
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{json.dumps(value)}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_in_words(part) for part in arguments if part is not type(None))
    if origin is list:
        return f"list of {_type_in_words(arguments[0])}"
    if origin is dict:
        return f"table of {_type_in_words(arguments[1])}"
    return {str: "string", int: "whole number", float: "number", bool: "true or false"}.get(
        annotation, str(annotation)
    )


if __name__ == "__main__":
    sys.stdout.write(recipe_reference())
