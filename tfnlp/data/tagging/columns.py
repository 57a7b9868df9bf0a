"""Reads files of columns: a token a line with its tags beside it, as in the CoNLL shared tasks."""

from __future__ import annotations

import re
from pathlib import Path

from tfnlp.data.reading import DecodedLines
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.gathering import SentenceGatherer, TaggedReadOptions
from tfnlp.errors import UserError

DOCUMENT = "-DOCSTART-"
# Not `str.split`: U+3000 and other wide blanks are tokens in Chinese files.
BLANKS = re.compile(r"[ \t]+")


def read_columns(path: Path, options: TaggedReadOptions) -> TaggedCorpus:
    r"""Reads a file of columns, gzipped or not, one token a line and an empty line between sentences.

    Columns stand between tabs where the line holds a tab (a token may then hold blanks), else between blanks. All
    lines have as many columns as the first. A line that begins with `-DOCSTART-` ends a sentence and is no token.
    There are no comments unless the options name their beginning, for `#` is a token like any other.

    Raises:
        UserError: with file and line, for a line with too few or too many columns or an empty field, and for tags
            that break the scheme.
    """
    token_column, tag_column = (_number(options.token_column, "token"), _number(options.tag_column, "tag"))
    lines = DecodedLines(path, options.on_undecodable)
    gatherer = SentenceGatherer(lines.name, options)
    tokens: list[str] = []
    tags: list[str] = []
    places: list[int] = []
    width, first_line = 0, 0

    def end_sentence() -> None:
        nonlocal tokens, tags, places
        if tokens:
            gatherer.add(tokens, tags, places[0], token_lines=places)
            tokens, tags, places = [], [], []

    for line in lines:
        content = line.rstrip("\r\n")
        if not content.strip(" \t"):
            end_sentence()
            continue
        if content.startswith(DOCUMENT):
            end_sentence()
            continue
        if options.comment and content.startswith(options.comment):
            continue
        fields = content.split("\t") if "\t" in content else BLANKS.split(content.strip(" "))
        if len(fields) != width:
            if width:
                raise gatherer.error(lines.line, _wrong_width(fields, width, first_line))
            width, first_line = len(fields), lines.line
            problem = _misplaced(token_column, tag_column, width)
            if problem:
                raise gatherer.error(lines.line, problem)
        token, tag = fields[token_column], fields[tag_column].strip(" ")
        if not token or not tag:
            raise gatherer.error(
                lines.line, f"the {'tag' if token else 'token'} is empty; cure: write one, or remove the line"
            )
        tokens.append(token)
        tags.append(tag)
        places.append(lines.line)
    end_sentence()
    return gatherer.build(lines)


def _number(column: int | str, what: str) -> int:
    if isinstance(column, bool) or not isinstance(column, int):
        raise UserError(
            f"`{what}_column` must be a number for a file of columns: 0 is the first, -1 the last. "
            f"Received: {column!r}"
        )
    return column


def _misplaced(token_column: int, tag_column: int, width: int) -> str:
    """Why these two columns cannot be read from lines of this width, or nothing."""
    for what, column in (("token", token_column), ("tag", tag_column)):
        if not -width <= column < width:
            return (
                f"too few columns: {width}, but {what}_column = {column}; cure: name another column (0 is the first, "
                "-1 the last), or another `format`"
            )
    if token_column % width == tag_column % width:
        if width == 1:
            return "too few columns: 1; a token and its tag need 2, with a blank or a tab between them"
        return f"token_column = {token_column} and tag_column = {tag_column} are the same column; cure: change one"
    return ""


def _wrong_width(fields: list[str], width: int, first_line: int) -> str:
    much = "few" if len(fields) < width else "many"
    shown = " ".join(fields)
    return (
        f"too {much} columns: {len(fields)} where line {first_line} has {width}; "
        f"Received: `{shown if len(shown) <= 60 else shown[:60] + '…'}`; cure: mend the line (a token with a blank "
        "in it needs tabs between the columns; comments need `comment`, an empty line parts sentences)"
    )
