"""Lazy re-exports: a room's names are there at once, its heavy imports only when a name is used (PEP 562)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy_exports(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Makes a package's `__getattr__` and `__dir__` from a table of public name -> module that holds it.

    Args:
        package: the package's `__name__`.
        names: public name -> module, as a relative import from the package writes it without its first dot:
            `{"Vocabulary": "vocabulary"}`, or `"..text.tag_schemes"` of another room.

    Returns:
        the two functions, to be assigned as `__getattr__, __dir__` in the package's `__init__`.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{names[name]}", package), name)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted(names)
