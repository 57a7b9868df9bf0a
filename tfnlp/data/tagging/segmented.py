"""Reads segmented text: words between blanks, which become characters with the letters B, M, E and S."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from tfnlp.data.reading import DecodedLines
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.cutting import without_ignored
from tfnlp.data.tagging.gathering import SentenceGatherer, TaggedReadOptions
from tfnlp.text.tag_schemes import Span, spans_of, tags_of


def read_segmented(path: Path, options: TaggedReadOptions) -> TaggedCorpus:
    """Reads a file of segmented text, gzipped or not, one sentence a line.

    White space of any kind parts the words and is no token. Each character becomes a token, tagged `S` for a word of
    one character, else `B`, `M`…, `E`; invisible format characters are dropped. Empty lines are counted.

    Raises:
        UserError: with file and line, for a line that is not UTF-8; if there is no word.
    """
    lines = DecodedLines(path, options.on_undecodable)
    gatherer = SentenceGatherer(lines.name, options)
    for line in lines:
        add_words(gatherer, line.split(), lines.line)
    return gatherer.build(lines, scheme="bmes")


def add_words(
    gatherer: SentenceGatherer, words: Sequence[str], line: int, labels: Sequence[str] | None = None
) -> None:
    """Adds one sentence of words as tagged characters, each word a span of the label that it may bear."""
    tags: list[str] = []
    kept: list[str] = []
    for place, word in enumerate(words):
        seen = without_ignored(word)
        if seen:
            kept.append(seen)
            tags += _word_tags(len(seen), "" if labels is None else labels[place])
    text = "".join(kept)
    gatherer.add(tuple(text), tags, line, text=text, starts=range(len(text)))


@functools.lru_cache(maxsize=1 << 12)
def _word_tags(length: int, label: str) -> tuple[str, ...]:
    return tuple(tags_of([Span(0, length, label)], length, "bmes"))


def words_of(tokens: Sequence[str], tags: Sequence[str], scheme: str = "bmes") -> list[str]:
    """Joins tagged characters to words again.

    Args:
        tokens: the characters.
        tags: their tags; broken sequences are mended, see `tfnlp.data.tagging.spans_of`.
        scheme: the scheme of the tags.

    Returns:
        the words; a character outside every span is a word of its own.
    """
    words: list[str] = []
    end = 0
    for span in spans_of(tags, scheme):
        words += [*tokens[end : span.start], "".join(tokens[span.start : span.end])]
        end = span.end
    return words + list(tokens[end:])
