"""What a tagger answers: a text's tokens with their tags, and the spans that the tags make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from tfnlp.errors import UserError
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
    """Puts tags and text together, and reads the spans out of the tags.

    Args:
        text: the text.
        byte_starts: where each token begins in its UTF-8 form.
        byte_ends: where each ends.
        tags: one tag a token.
        scores: each tag's probability.
        scheme: of the tags.
    """
    raw = _utf8(text)
    spans = (
        [] if scheme == "plain" else tagged_spans(raw, byte_starts, byte_ends, tags, scheme, scores=scores)
    )
    return _placed(raw, byte_starts, byte_ends, tags, scores, spans)


def served_text(
    text: str | bytes,
    byte_starts: Sequence[int],
    byte_ends: Sequence[int],
    tags: Sequence[str],
    scores: Sequence[float],
    spans: Sequence[tuple[str, int, int, float]],
) -> TaggedText:
    """Puts together what a server answered: as `tagged_text`, but the spans are known.

    Args:
        text: the text.
        byte_starts: where each token begins in its UTF-8 form.
        byte_ends: where each ends.
        tags: one tag a token.
        scores: each tag's probability.
        spans: label, first byte, one past the last byte, and score of each.
    """
    raw = _utf8(text)
    shown = raw.decode("utf-8", "replace")
    borders = byte_to_character_offsets(raw, [place for span in spans for place in span[1:3]])
    found = [
        TaggedSpan(start, end, first, last, label, shown[start:end], score)
        for (label, first, last, score), start, end in zip(spans, borders[::2], borders[1::2])
    ]
    return _placed(raw, byte_starts, byte_ends, tags, scores, found)


def _placed(
    raw: bytes,
    byte_starts: Sequence[int],
    byte_ends: Sequence[int],
    tags: Sequence[str],
    scores: Sequence[float],
    spans: Sequence[TaggedSpan],
) -> TaggedText:
    shown = raw.decode("utf-8", "replace")
    places = byte_to_character_offsets(raw, [*byte_starts, *byte_ends])
    starts, ends = places[: len(byte_starts)], places[len(byte_starts) :]
    return TaggedText(
        text=shown,
        tokens=tuple(shown[start:end] for start, end in zip(starts, ends)),
        tags=tuple(tags),
        scores=tuple(scores),
        starts=tuple(starts),
        ends=tuple(ends),
        spans=tuple(spans),
    )


def _utf8(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)


class TagNumbers(NamedTuple):
    """What a copy of a tagger found in one text or sentence.

    Attributes:
        text: the text; of tokens that came ready, these joined.
        tags: int32 `[tokens]`, the tags' numbers.
        scores: float32 `[tokens]`, each tag's probability.
        starts: int `[tokens]`, where each token begins in the text's UTF-8 form, in bytes.
        ends: int `[tokens]`, where each ends.
    """

    text: str | bytes
    tags: np.ndarray
    scores: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class TaggerAnswers:
    """What every copy of a tagger can be asked; a copy brings `tags`, `scheme` and `tag_rows`."""

    tags: list[str]
    scheme: str

    def tag_rows(self, x: Any, *, batch_size: int = 256) -> list[TagNumbers]:
        """Tags texts or sentences by number.

        Args:
            x: texts (`str` or `bytes`), or sentences: tokens, `TaggedSentence`s or a `TaggedCorpus`.
            batch_size: int, most of them at once.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it tags")

    def tag(self, x: Any, *, batch_size: int = 256) -> list[TaggedText]:
        """Tags texts or sentences, and tells where each token and span lies, and how sure each tag is.

        Args:
            x: as `tag_rows` takes it.
            batch_size: int, most texts or sentences at once.
        """
        return [
            tagged_text(
                found.text,
                found.starts.tolist(),
                found.ends.tolist(),
                [self.tags[number] for number in found.tags],
                found.scores.tolist(),
                self.scheme,
            )
            for found in self.tag_rows(x, batch_size=batch_size)
        ]

    def predict(self, x: Any, *, batch_size: int = 256) -> list[list[str]]:
        """A list of tags for each text or sentence, one a token; arguments as `tag`'s."""
        answers = self.tag_rows(x, batch_size=batch_size)
        return [[self.tags[number] for number in found.tags] for found in answers]

    def tag_numbers(
        self, texts: Sequence[str | bytes], *, batch_size: int = 256
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Tags texts in bare arrays, for much text.

        Args:
            texts: as many as memory holds the tokens of.
            batch_size: int, most texts a batch.

        Returns:
            int32 `[tokens]`, the tags' numbers, all texts' one after the other; int64 `[texts]`, how many tokens each
            has; int64 `[tokens]`, twice: the bytes of its text that each token starts and ends at.
        """
        rows = self.tag_rows(texts, batch_size=batch_size)
        tags, starts, ends = (
            np.concatenate([np.zeros(0, kind), *(getattr(row, name) for row in rows)]).astype(kind)
            for name, kind in (("tags", np.int32), ("starts", np.int64), ("ends", np.int64))
        )
        return tags, np.asarray([len(row.tags) for row in rows], np.int64), starts, ends

    def predict_spans(self, x: Any, *, batch_size: int = 256) -> list[list[TaggedSpan]]:
        """The spans of each text or sentence, in their order; arguments as `tag`'s."""
        return [list(answer.spans) for answer in self.tag(x, batch_size=batch_size)]


def are_texts(x: Any) -> bool:
    """Whether what is asked about are texts, and not sentences that are cut already.

    Raises:
        UserError: if it is one text alone.
    """
    if isinstance(x, str | bytes):
        raise UserError(f"expected a list of texts, got one: pass [text]. Received: {x[:50]!r}")
    return not hasattr(x, "sentences") and len(x) > 0 and isinstance(x[0], str | bytes)
