"""Reads JSON Lines: one object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfnlp.data.corpus import Corpus
from tfnlp.data.reading import CorpusBuilder, DecodedLines, ReadOptions, missing_column
from tfnlp.errors import UserError

# Raw control characters inside a string (NUL, tab) are let through: real files hold them.
DECODER = json.JSONDecoder(strict=False)


def read_json_lines(path: Path, options: ReadOptions) -> Corpus:
    """Reads a file of one JSON object a line, e.g. `{"text": "很好", "label": "positive"}`.

    The label may be a string, a whole number, true/false, or a list of these (multi-label). Blank lines are
    skipped.

    Raises:
        UserError: with file and line, for a line that is no JSON object or lacks a key.
    """
    lines = DecodedLines(path, options.on_undecodable)
    builder = CorpusBuilder(lines.name, options)
    broken = 0
    for line in lines:
        if line.strip():
            row = parse_row(line, lines)
            text = _value(row, options.text_column, lines, is_label=False)
            label = (
                None
                if options.label_column is None
                else _value(row, options.label_column, lines, is_label=True)
            )
            builder.add(text, label, lines.line, undecodable=lines.undecodable > broken)
            broken = lines.undecodable
    if lines.line == 0:
        raise UserError(f"{lines.name}: the file is empty; expected one JSON object a line")
    return builder.build()


def parse_row(line: str, lines: DecodedLines) -> dict[str, Any]:
    """Reads the JSON object that a line holds.

    Raises:
        UserError: with file and line, for a line that is no JSON object.
    """
    content = line.strip()
    try:
        row = DECODER.decode(content)
    except json.JSONDecodeError as error:
        if lines.line == 1 and content.startswith("["):
            raise _array(lines) from error
        raise _error(
            lines, f"not JSON ({error.msg} at column {error.colno}); expected one JSON object a line"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise _error(lines, f"not readable JSON ({error}); expected one JSON object a line") from error
    if isinstance(row, list) and lines.line == 1:
        raise _array(lines)
    if not isinstance(row, dict):
        raise _error(lines, f"expected a JSON object. Received: {content[:60]}")
    return row


def _array(lines: DecodedLines) -> UserError:
    return _error(
        lines,
        "a JSON array begins here; expected one JSON object a line; cure: "
        f"`jq -c '.[]' {lines.path} > NEW_FILE.jsonl`",
    )


def _error(lines: DecodedLines, message: str) -> UserError:
    return UserError(f"{lines.name}, line {lines.line}: {message}")


def _value(row: dict[str, Any], key: str, lines: DecodedLines, *, is_label: bool) -> Any:
    if key not in row:
        raise missing_column(lines.name, f"line {lines.line}", key, row, is_label=is_label, kind="key")
    return row[key]
