"""Reads comma- and tab-separated files."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator
from pathlib import Path

from tfnlp.data.corpus import Corpus
from tfnlp.data.reading import CorpusBuilder, DecodedLines, ReadOptions, missing_column
from tfnlp.errors import UserError

# The largest limit that fits a C long everywhere; the csv module's default refuses fields above 128 KiB.
FIELD_SIZE_LIMIT = 2**31 - 1
PHYSICAL_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

Rows = Iterator[tuple[int, list[str]]]


def read_csv(path: Path, options: ReadOptions) -> Corpus:
    """Reads a comma-separated file (RFC 4180): the first row names the columns.

    Quoted fields may hold newlines. Blank lines are skipped; blanks around a column's name or a label are
    dropped, texts are kept as they are.

    Raises:
        UserError: with file and line, for a row with missing or extra fields, an unclosed quote, a missing
            column.
    """
    lines = DecodedLines(path, options.on_undecodable)
    with _large_fields():
        return _read(
            lines, _csv_rows(lines), options, "a field with a comma, quote or newline needs quotes around it"
        )


def read_tsv(path: Path, options: ReadOptions) -> Corpus:
    """Reads a tab-separated file: the first row names the columns.

    There is no quoting: a tab always separates, a quote is a quote. A text in such a file
    holds neither tab nor newline. Blank lines are skipped.

    Raises:
        UserError: with file and line, for a row with missing or extra fields, a missing column.
    """
    lines = DecodedLines(path, options.on_undecodable)
    return _read(lines, _tsv_rows(lines), options, "a field cannot hold a tab or newline")


def _read(lines: DecodedLines, rows: Rows, options: ReadOptions, rule: str) -> Corpus:
    header = next(rows, None)
    if header is None:
        raise UserError(f"{lines.name}: the file is empty; expected a first row that names the columns")
    columns = [name.strip() for name in header[1]]
    text_at = _column_index(lines.name, columns, options.text_column, is_label=False)
    label_at = text_at
    if options.label_column is not None:
        label_at = _column_index(lines.name, columns, options.label_column, is_label=True)
    builder = CorpusBuilder(lines.name, options)
    broken = lines.undecodable
    for line, fields in rows:
        if len(fields) != len(columns):
            raise builder.error(
                line,
                f"{len(fields)} fields where {len(columns)} were expected "
                f"({', '.join(f'`{name}`' for name in columns[:20])}); {rule}",
            )
        builder.add(fields[text_at], fields[label_at], line, undecodable=lines.undecodable > broken)
        broken = lines.undecodable
    return builder.build()


def _column_index(source: str, columns: list[str], wanted: str, *, is_label: bool) -> int:
    if wanted not in columns:
        raise missing_column(source, "line 1", wanted, columns, is_label=is_label)
    if columns.count(wanted) > 1:
        raise UserError(f"{source}, line 1: the column `{wanted}` is there twice; cure: rename one of them")
    return columns.index(wanted)


def _tsv_rows(lines: DecodedLines) -> Rows:
    for line in lines:
        content = line.removesuffix("\n").removesuffix("\r")
        if content:
            yield lines.line, content.split("\t")


def _csv_rows(lines: DecodedLines) -> Rows:
    ended = False

    def physical_lines() -> Iterator[str]:
        nonlocal ended
        for line in lines:
            # A lone carriage return ends a row too (old Macintosh files), as the csv module expects.
            if "\r" in line[:-2]:
                yield from PHYSICAL_LINE.findall(line)
            else:
                yield line
        ended = True

    reader = csv.reader(physical_lines())
    while True:
        start = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                f"{lines.name}, line {start}: not a row of comma-separated fields ({error})"
            ) from error
        if ended:  # the reader asks for another line only while a quote is open
            raise UserError(
                f"{lines.name}, line {start}: a quote opens a field here and is never closed; cure: "
                'close it, or write a literal quote as `""` inside quotes'
            )
        if fields:
            yield start, fields


@contextlib.contextmanager
def _large_fields() -> Iterator[None]:
    limit = csv.field_size_limit(FIELD_SIZE_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
