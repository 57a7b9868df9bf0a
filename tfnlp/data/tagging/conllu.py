"""Reads CoNLL-U, the format of Universal Dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfnlp.data.reading import DecodedLines
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.gathering import SentenceGatherer, TaggedReadOptions
from tfnlp.errors import UserError, did_you_mean

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
# What the numbers that mean "first" and "last" in a file of columns stand for here.
DEFAULTS = {"token": (0, "form"), "tag": (-1, "upos")}
TEXT = "# text = "


def read_conllu(path: Path, options: TaggedReadOptions) -> TaggedCorpus:
    """Reads a CoNLL-U file, gzipped or not: the syntactic words with one of their columns, UPOS by default.

    The ranges of words that are written as one (`1-2`) and the empty nodes (`8.1`) are passed over. Where the words
    stand in the comment `# text = …` one after the other, with nothing but white space between, the sentence keeps
    that text; else it has none. The tags are free unless the options name a scheme.

    Reference: https://universaldependencies.org/format.html

    Raises:
        UserError: with file and line, for a line that has not ten columns or no number, a word without a tag (`_`),
            and for a column that there is not.
    """
    token_column, tag_column = (
        _column(options.token_column, "token"),
        _column(options.tag_column, "tag"),
    )
    lines = DecodedLines(path, options.on_undecodable)
    gatherer = SentenceGatherer(lines.name, options)
    tokens: list[str] = []
    tags: list[str] = []
    places: list[int] = []
    text: str | None = None
    inside = False  # between the first comment or word of a sentence and the empty line after it

    def end_sentence() -> None:
        nonlocal tokens, tags, places, text, inside
        if inside:
            starts = None if text is None else _starts(tokens, text)
            gatherer.add(
                tokens,
                tags,
                places[0] if places else None,
                token_lines=places,
                text=None if starts is None else text,
                starts=starts,
            )
        tokens, tags, places, text, inside = [], [], [], None, False

    for line in lines:
        content = line.rstrip("\r\n")
        if not content.strip():
            end_sentence()
            continue
        inside = True
        if content.startswith("#"):
            text = content.removeprefix(TEXT) if content.startswith(TEXT) else text
            continue
        fields = content.split("\t")
        if len(fields) != len(COLUMNS):
            much = "few" if len(fields) < len(COLUMNS) else "many"
            raise gatherer.error(
                lines.line,
                f"too {much} columns: {len(fields)} where CoNLL-U has ten, with one tab between them; cure: mend the "
                'line, or format = "columns"',
            )
        number = fields[0]
        if not number.isdecimal():
            if number.replace("-", "").replace(".", "").isdecimal():
                continue
            raise gatherer.error(
                lines.line, f"the first column must be the word's number. Received: `{number[:40]}`"
            )
        token, tag = fields[token_column], fields[tag_column]
        if not token or tag in ("", "_"):
            what = f"no {COLUMNS[tag_column]} (`{tag}`)" if token else f"no {COLUMNS[token_column]}"
            raise gatherer.error(
                lines.line,
                f"word {number} `{token[:40]}` has {what}; cure: name another column with tag_column",
            )
        tokens.append(token)
        tags.append(tag)
        places.append(lines.line)
    end_sentence()
    return gatherer.build(lines, scheme=options.scheme or "plain")


def _column(wanted: int | str, what: str) -> int:
    default, name = DEFAULTS[what]
    if wanted == default:
        return COLUMNS.index(name)
    if isinstance(wanted, str) and wanted.lower() in COLUMNS:
        return COLUMNS.index(wanted.lower())
    if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 < wanted < len(COLUMNS):
        return wanted
    hint = did_you_mean(str(wanted).lower(), COLUMNS)
    raise UserError(
        f"`{what}_column` must be a column of CoNLL-U, one of {', '.join(COLUMNS)}, or its number from 1 (form) to 9. "
        f"Received: {wanted!r}.{hint}"
    )


def _starts(tokens: Sequence[str], text: str) -> list[int] | None:
    """Where the words stand in the text, or None where they do not stand in it one after the other."""
    starts, end = [], 0
    for token in tokens:
        start = text.find(token, end)
        if start < 0 or text[end:start].strip():
            return None
        starts.append(start)
        end = start + len(token)
    return starts
