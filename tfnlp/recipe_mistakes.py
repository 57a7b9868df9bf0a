"""What pydantic finds wrong in a recipe, said in plain words: which key, what was allowed, the nearest spelling."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from tfnlp.errors import did_you_mean


def in_plain_words(
    problems: Sequence[Any], schema: type[BaseModel], sections: Sequence[str] = ()
) -> list[str]:
    """Turns pydantic's list of problems into a line a key; a key of several types has a problem for each.

    Args:
        problems: `ValidationError.errors()`.
        schema: what was checked against.
        sections: the sections of the recipe that what was checked stands in.
    """
    by_key: dict[tuple[str, ...], list[Any]] = {}
    for problem in problems:
        by_key.setdefault(_key_of(problem["loc"], schema), []).append(problem)
    return [_line(key, found, schema, sections) for key, found in by_key.items()]


def place(sections: Sequence[str], name: str) -> str:
    """Where a key stands, as a recipe writes it: `[section] name`."""
    return f"[{'.'.join(sections)}] {name}" if sections else name


def _key_of(location: Sequence[Any], schema: type[BaseModel]) -> tuple[str, ...]:
    """Cuts a problem's place down to the recipe's own keys: what follows them says which type was tried."""
    keys = []
    for part in location:
        keys.append(str(part))
        inner = _section_at(schema, keys)
        if inner is None:
            break
    return tuple(keys)


def _line(
    key: tuple[str, ...], problems: Sequence[Any], schema: type[BaseModel], around: Sequence[str]
) -> str:
    *sections, name = key
    where = place([*around, *sections], name)
    first = problems[0]
    if first["type"] == "extra_forbidden":
        allowed = list((_section_at(schema, sections) or schema).model_fields)
        return f"{where}: unknown key.{did_you_mean(name, allowed)} Allowed: {', '.join(allowed)}"
    if first["type"] == "missing":
        return f"{where}: missing; it must be given"
    messages = [problem["msg"][0].lower() + problem["msg"][1:] for problem in problems]
    return f"{where}: {', or '.join(messages)}.{_nearest_choice(problems)} Received: {first['input']!r}"


def _nearest_choice(problems: Sequence[Any]) -> str:
    """The nearest of the names that a key could have taken; pydantic writes them 'a', 'b' or 'c'."""
    for problem in problems:
        if problem["type"] == "literal_error" and isinstance(problem["input"], str):
            return did_you_mean(problem["input"], re.findall(r"'([^']*)'", problem["ctx"]["expected"]))
    return ""


def _section_at(schema: type[BaseModel], keys: Sequence[str]) -> type[BaseModel] | None:
    """The schema of the section that these keys lead to; None where they lead to a plain key or nowhere."""
    for key in keys:
        annotation = schema.model_fields[key].annotation if key in schema.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return None
        schema = annotation
    return schema
