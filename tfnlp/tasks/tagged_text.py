"""What a tagger answers: a text's tokens with their tags, and the spans that the tags make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tfnlp.text.offsets import byte_to_character_offsets
from tfnlp.text.tag_spans import TaggedSpan, tagged_spans


@dataclass(frozen=True)
class TaggedText:
    """A text cut into tokens, each with its tag.

    Attributes:
        text: the text; of tokens that came ready, these joined.
        tokens: the tokens as they stand in the text.
        tags: one tag a token.
        scores: each tag's probability, in `[0, 1]`.
        starts: where each token begins, in characters.
        ends: one past its last character.
        spans: what the tags mark; where the scheme is `plain`, nothing.
    """

    text: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    scores: tuple[float, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    spans: tuple[TaggedSpan, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def tagged_text(
    text: str | bytes,
    byte_starts: Sequence[int],
    byte_ends: Sequence[int],
    tags: Sequence[str],
    scores: Sequence[float],
    scheme: str,
) -> TaggedText:
    """Puts tags and text together.

    Args:
        text: the text.
        byte_starts: where each token begins in its UTF-8 form.
        byte_ends: where each ends.
        tags: one tag a token.
        scores: each tag's probability.
        scheme: of the tags.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    shown = raw.decode("utf-8", "replace")
    places = byte_to_character_offsets(raw, [*byte_starts, *byte_ends])
    starts, ends = places[: len(byte_starts)], places[len(byte_starts) :]
    spans = (
        () if scheme == "plain" else tagged_spans(raw, byte_starts, byte_ends, tags, scheme, scores=scores)
    )
    return TaggedText(
        text=shown,
        tokens=tuple(shown[start:end] for start, end in zip(starts, ends)),
        tags=tuple(tags),
        scores=tuple(scores),
        starts=tuple(starts),
        ends=tuple(ends),
        spans=tuple(spans),
    )
