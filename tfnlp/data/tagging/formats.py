"""Tells the format of a tagged corpus from the file's ending, or from its first lines."""

from __future__ import annotations

import logging
from collections import Counter
from itertools import islice
from pathlib import Path

from tfnlp.data.reading import DecodedLines
from tfnlp.data.tagging.columns import BLANKS, DOCUMENT
from tfnlp.errors import UserError

logger = logging.getLogger(__name__)

ENDINGS = {".conllu": "conllu", ".jsonl": "spans", ".json": "spans"}
_LINES_LOOKED_AT = 200
_MOST_COLUMNS = 20


def format_of(path: Path, on_undecodable: str = "error") -> str:
    """Returns the format of a file: "columns", "conllu", "spans" or "segmented".

    The endings `.conllu`, `.jsonl` and `.json` say it. Else the first lines do: JSON objects are spans; ten columns
    between tabs, the first a number, are CoNLL-U; where most lines have the same number of columns they are columns,
    and where they have all kinds of numbers of words, segmented text.

    Raises:
        UserError: if the first lines do not say it either.
    """
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending in ENDINGS:
        return ENDINGS[ending]
    lines = [line.rstrip("\r\n") for line in islice(DecodedLines(path, on_undecodable), _LINES_LOOKED_AT)]
    lines = [line for line in lines if line.strip() and not line.startswith(DOCUMENT)]
    found = _format_of_lines(lines)
    if not found:
        raise UserError(
            f'{path}: the first lines do not tell the file\'s form; cure: say format = "columns", "conllu", "spans" '
            'or "segmented"'
        )
    logger.info("%s: taken for the format %s", path, found)
    return found


def _format_of_lines(lines: list[str]) -> str:
    if not lines:
        return "columns"  # whose reader says that the file is empty
    if lines[0].startswith("{"):
        return "spans"
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    if rows and all(len(row) == 10 and row[0][:1].isdigit() for row in rows[:3]):
        return "conllu"
    widths = Counter(
        len(line.split("\t") if "\t" in line else BLANKS.split(line.strip(" "))) for line in lines
    )
    width, count = widths.most_common(1)[0]
    if 2 * count < len(lines):
        return "segmented"
    # A few lines of another width are broken lines, which the reader of columns names.
    return "columns" if 2 <= width <= _MOST_COLUMNS and 5 * count >= 4 * len(lines) else ""
