"""Tags of tokens to spans of the very string that came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tfnlp.text.offsets import byte_to_character_offsets
from tfnlp.text.tag_schemes import spans_of


@dataclass(frozen=True)
class TaggedSpan:
    """A labelled piece of a text.

    Attributes:
        start: its first character (code point), from 0.
        end: one past its last character.
        byte_start: its first byte in the text's UTF-8 form, from 0.
        byte_end: one past its last byte.
        label: its label; empty for words of a scheme without types.
        text: the piece itself, `text[start:end]`.
        score: the least probability of its tokens' tags, in `[0, 1]`; None where none are known.
    """

    start: int
    end: int
    byte_start: int
    byte_end: int
    label: str
    text: str
    score: float | None = None


def tagged_spans(
    text: str | bytes,
    byte_starts: Iterable[int],
    byte_ends: Iterable[int],
    tags: Sequence[str],
    scheme: str,
    *,
    strict: bool = False,
    scores: Sequence[float] | None = None,
) -> list[TaggedSpan]:
    """Reads the spans out of a text's tags.

    A span reaches from the first byte of its first token to the last byte of its last one, and holds what stands
    between, blanks and invisible characters included.

    Args:
        text: the text that was tokenized, as str or as UTF-8 bytes. Broken UTF-8 counts, and is shown, as Python's
            `bytes.decode(errors="replace")` does.
        byte_starts: for each token its first byte, as `Tokenizer.tokenize_with_offsets` gives them.
        byte_ends: for each token one past its last byte.
        tags: one tag a token.
        scheme: one of `tfnlp.text.tag_schemes.SCHEMES`; under `plain` each token is a span.
        strict: whether spans that are not written as the scheme demands are left out; else they are mended, see
            `tfnlp.text.tag_schemes.spans_of`.
        scores: each tag's probability, or None.

    Returns:
        the spans in their order.

    Raises:
        ValueError: if the numbers of starts, ends and tags differ, or an offset lies outside the text.
        UserError: for a tag that is not of the scheme.

    Example:
        >>> [span] = tagged_spans("去 New York！", [0, 4, 8, 12], [3, 7, 12, 15], ["O", "B-LOC", "E-LOC", "O"], "bioes")
        >>> (span.start, span.end, span.byte_start, span.byte_end, span.label, span.text)
        (2, 10, 4, 12, 'LOC', 'New York')
    """
    starts, ends = [int(place) for place in byte_starts], [int(place) for place in byte_ends]
    if not len(starts) == len(ends) == len(tags):
        raise ValueError(
            f"there must be one start, one end and one tag a token. Received: {len(starts)} starts, {len(ends)} ends, "
            f"{len(tags)} tags"
        )
    spans = spans_of(tags, scheme, strict=strict)
    borders = [(starts[span.start], ends[span.end - 1]) for span in spans]
    places = byte_to_character_offsets(text, [place for pair in borders for place in pair])
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    sure = [None if scores is None else min(scores[span.start : span.end]) for span in spans]
    return [
        TaggedSpan(start, end, *pair, span.label, shown[start:end], score)
        for span, pair, start, end, score in zip(spans, borders, places[::2], places[1::2], sure, strict=True)
    ]
