"""The settings of a class, read from its source without importing it.

A wrong key in a recipe must be answered at once, and an encoder must be one file and one line in the registry.
Importing TensorFlow to look at a signature takes seconds; reading the file takes milliseconds.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

_TYPES = {"int": int, "float": float, "bool": bool, "str": str, "None": None, "Sequence": list, "list": list}


@dataclass(frozen=True)
class Setting:
    """One argument of a class: its name, its type, its default and what its docstring says of it."""

    name: str
    type: Any
    default: Any
    description: str


@cache
def settings_of(target: str) -> tuple[Setting, ...]:
    """Reads the arguments of a class's `__init__` that have a default.

    Where the `__init__` takes `**kwargs`, those of the first base class follow, if that stands in the same file
    or is imported by name from this package: that is where they are handed on to. A class without an `__init__` has
    its base's.

    Args:
        target: `"module:Class"`.

    Returns:
        the settings, in the order of the signatures.

    Raises:
        ValueError: if an annotation or a default is more than a plain type or a plain value.
    """
    module, _, class_name = target.partition(":")
    tree = _tree(module)
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == class_name)
    base = _base_class(module, tree, node)
    init = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if init is None:
        return settings_of(base) if base else ()
    described = _described_arguments(ast.get_docstring(node) or "")
    arguments = init.args
    pairs = [
        *zip(arguments.args[len(arguments.args) - len(arguments.defaults) :], arguments.defaults),
        *((a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults) if d is not None),
    ]
    own = [
        Setting(a.arg, _plain_type(a.annotation, tree, target), _plain_value(d), described.get(a.arg, ""))
        for a, d in pairs
    ]
    taken = {argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)}
    handed_on = settings_of(base) if base and arguments.kwarg else ()
    return (*own, *(setting for setting in handed_on if setting.name not in taken))


def _base_class(module: str, tree: ast.Module, node: ast.ClassDef) -> str | None:
    """The first base as `"module:Class"` if it stands in the same file or a `from tfnlp… import` brings it in."""
    first = node.bases[0] if node.bases else None
    if not isinstance(first, ast.Name):
        return None
    if any(isinstance(other, ast.ClassDef) and other.name == first.id for other in tree.body):
        return f"{module}:{first.id}"
    source = _imported(tree, first.id)
    return ":".join(source) if source else None


@cache
def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"no module {module!r}")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def _imported(tree: ast.Module, name: str) -> tuple[str, str] | None:
    """The module of this package, and the name there, that a name is imported from."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("tfnlp."):
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return str(statement.module), alias.name
    return None


def _named_type(name: str, tree: ast.Module) -> ast.expr | None:
    """What a type's name stands for, `Activation = Literal[...]`, in this module or the one it is imported from."""
    source = _imported(tree, name)
    if source:
        return _named_type(source[1], _tree(source[0]))
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return statement.value
    return None


def _plain_type(node: ast.expr | None, tree: ast.Module, target: str) -> Any:
    if isinstance(node, ast.Name):
        if node.id in _TYPES:
            return _TYPES[node.id]
        node = _named_type(node.id, tree)
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        if node.value.id in ("Sequence", "list"):
            return list[_plain_type(node.slice, tree, target)]  # type: ignore[misc]
        if node.value.id == "Literal":
            return Literal[ast.literal_eval(node.slice)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _plain_type(node.left, tree, target) | _plain_type(node.right, tree, target)
    raise ValueError(
        f"{target}: annotate each setting with int, float, bool, str, None, a Literal, Sequence of these, or a union"
    )


def _plain_value(node: ast.expr) -> Any:
    value = ast.literal_eval(node)
    return list(value) if isinstance(value, tuple) else value


def _described_arguments(docstring: str) -> dict[str, str]:
    """Takes the `Args:` section of a Google-style docstring apart."""
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", docstring, re.MULTILINE | re.DOTALL)
    if not section:
        return {}
    entries = re.split(r"^    (?=\*{0,2}\w+: )", section.group(1), flags=re.MULTILINE)
    named = (entry.partition(": ") for entry in entries if entry.strip())
    return {name.strip(): " ".join(text.split()) for name, _, text in named}
