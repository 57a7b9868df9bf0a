"""The tokens that a model reads of a text, each with its place in what the user typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfnlp.text.offsets import byte_to_character_offsets
from tfnlp.text.truncation import truncate_sequence
from tfnlp.text.vocabulary import UNKNOWN_ID

if TYPE_CHECKING:
    from tfnlp.text.preprocessor import TextPreprocessor


@dataclass(frozen=True)
class TokenSpan:
    """A token and the characters it is made of.

    Attributes:
        token: the token as the vocabulary writes it, `[UNK]` for one it does not hold.
        start: first character in the text.
        end: one past the last; equal to `start` for a token that stands for no character of its own (SentencePiece
            makes such where it normalises one character to several).
        known: whether the vocabulary holds it.
        read: whether the model reads it, or truncation takes it away.
    """

    token: str
    start: int
    end: int
    known: bool = True
    read: bool = True


@dataclass(frozen=True)
class Reading:
    """A text as a model reads it.

    Attributes:
        text: what was typed; bytes that are no UTF-8 became U+FFFD.
        tokens: all tokens in their order, those that the model does not read included.
        token_ids: int32 `[read tokens]`.
    """

    text: str
    tokens: list[TokenSpan]
    token_ids: np.ndarray

    @property
    def read_places(self) -> list[int]:
        """For each token that is read its place among all tokens."""
        return [place for place, token in enumerate(self.tokens) if token.read]

    def words(self, first: int, end: int) -> str:
        """What was typed for the read tokens `first` to `end - 1`; where truncation took some between, an ellipsis."""
        places = self.read_places[first:end]
        runs: list[list[int]] = []
        for place in places:
            if runs and place == runs[-1][-1] + 1:
                runs[-1].append(place)
            else:
                runs.append([place])
        shown = (self.text[self.tokens[run[0]].start : self.tokens[run[-1]].end] for run in runs)
        return " … ".join(part.strip() for part in shown)


def read_text(preprocessor: TextPreprocessor, text: str | bytes) -> Reading:
    """Cuts a text as the model does and says where each token lies.

    Args:
        preprocessor: the model's own.
        text: the text, as it was typed.

    Returns:
        the reading; without tokens for a text that holds none.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    tokenizer = preprocessor.tokenizer
    _, starts, ends = (part.numpy().tolist() for part in tokenizer.tokenize_with_offsets(raw))
    ids = tokenizer.encode(raw).numpy()
    kept = set(truncate_sequence(range(len(ids)), preprocessor.max_tokens, preprocessor.truncate))
    places = byte_to_character_offsets(raw, [*starts, *ends])
    vocabulary: Sequence[str] = preprocessor.vocabulary.tokens
    shown = raw.decode("utf-8", "replace")
    tokens = [
        TokenSpan(
            vocabulary[number], *_trimmed(shown, start, end), known=number != UNKNOWN_ID, read=place in kept
        )
        for place, (number, start, end) in enumerate(
            zip(ids.tolist(), places[: len(ids)], places[len(ids) :], strict=True)
        )
    ]
    return Reading(shown, tokens, ids[sorted(kept)].astype(np.int32))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the white space at its ends, which SentencePiece counts in; all white space stays as it is."""
    inner = text[start:end].strip()
    if not inner:
        return start, end
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return start, start + len(inner)
