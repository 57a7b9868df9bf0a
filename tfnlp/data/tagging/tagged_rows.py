"""Sentences in any of the forms that a tagger takes, as rows of tokens and rows of tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfnlp.data.tagging.corpus import joined_tokens
from tfnlp.data.tagging.sentence import TaggedSentence
from tfnlp.errors import UserError
from tfnlp.text.tag_schemes import Span, spans_of, tags_of


@dataclass(frozen=True)
class TaggedRows:
    """Sentences: tokens and tags, row by row."""

    tokens: list[Sequence[str]]
    tags: list[Sequence[str]]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each sentence, int64."""
        return np.array([len(tokens) for tokens in self.tokens], np.int64)

    def cut(self, longest: int, scheme: str) -> tuple[TaggedRows, np.ndarray]:
        """Cuts sentences longer than `longest` tokens into pieces, between spans wherever there is room.

        Returns:
            the pieces, and of which sentence each is: int64 `[pieces]`.
        """
        tokens: list[Sequence[str]] = []
        tags: list[Sequence[str]] = []
        source: list[int] = []
        for row, (some, theirs) in enumerate(zip(self.tokens, self.tags)):
            if len(some) <= longest:
                tokens.append(some)
                tags.append(theirs)
                source.append(row)
                continue
            for start, end, labels in _pieces(theirs, longest, scheme):
                tokens.append(some[start:end])
                tags.append(labels)
                source.append(row)
        return TaggedRows(tokens, tags), np.array(source, np.int64)


def _pieces(tags: Sequence[str], longest: int, scheme: str) -> Iterator[tuple[int, int, Sequence[str]]]:
    """Where each piece of a sentence starts and ends, and its tags; a span longer than a piece is cut in two."""
    spans = [] if scheme == "plain" else spans_of(tags, scheme)
    inner = {place for span in spans for place in range(span.start + 1, span.end)}
    start = 0
    while start < len(tags):
        end = min(start + longest, len(tags))
        while end < len(tags) and end in inner and end > start + 1:
            end -= 1
        if end in inner:  # nothing but one span
            end = min(start + longest, len(tags))
        if scheme == "plain":
            yield start, end, tags[start:end]
        else:
            within = [
                Span(max(span.start, start) - start, min(span.end, end) - start, span.label)
                for span in spans
                if span.start < end and span.end > start
            ]
            yield start, end, tags_of(within, end - start, scheme)
        start = end


def tagged_rows(x: Any, y: Any = None) -> TaggedRows:
    """Takes a `TaggedCorpus`, tagged sentences, or tokens with their tags beside them.

    Raises:
        UserError: if tags are missing, or are not one a token.
    """
    sentences = getattr(x, "sentences", x)
    if y is None:
        if not all(isinstance(sentence, TaggedSentence) for sentence in sentences):
            raise UserError("sentences need tags: pass a `TaggedCorpus`, or tokens and `y`, the tags of each")
        return TaggedRows([s.tokens for s in sentences], [s.tags for s in sentences])
    tokens, tags = rows_of(sentences), list(y)
    if len(tokens) != len(tags):
        raise UserError(f"there are {len(tokens)} sentences, but the tags of {len(tags)}")
    for row, (some, theirs) in enumerate(zip(tokens, tags)):
        if len(some) != len(theirs):
            raise UserError(f"sentence {row + 1} has {len(some)} tokens, but {len(theirs)} tags")
    return TaggedRows(tokens, tags)


def rows_of(x: Any) -> list[Sequence[str]]:
    """The tokens of a `TaggedCorpus`, of tagged sentences, or of sentences that are tokens already.

    Raises:
        UserError: if a sentence is a text.
    """
    rows = []
    for sentence in getattr(x, "sentences", x):
        if isinstance(sentence, str | bytes):
            raise UserError(
                f"expected tokens, got the text {sentence[:50]!r}; pass texts alone, or tokens alone"
            )
        rows.append(sentence.tokens if isinstance(sentence, TaggedSentence) else sentence)
    return rows


def joined_row(tokens: Sequence[str], spaced: bool) -> tuple[str, list[int], list[int]]:
    """Tokens joined to a text, and the bytes where each starts and ends in it."""
    text, places = joined_tokens(tokens, spaced=spaced)
    starts, ends, byte, character = [], [], 0, 0
    for token, place in zip(tokens, places):
        byte += len(text[character:place].encode("utf-8", "surrogatepass"))
        starts.append(byte)
        byte += len(token.encode("utf-8", "surrogatepass"))
        ends.append(byte)
        character = place + len(token)
    return text, starts, ends
