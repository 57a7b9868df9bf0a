"""One sentence: its tokens and their tags."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TaggedSentence:
    """A sentence cut into tokens, each with its tag.

    Attributes:
        tokens: the tokens, at least one, none of them empty.
        tags: one tag a token.
        line: 1-based line of the source where the sentence begins; None where it has no line.
        text: the string that the tokens were cut from; None where the source holds tokens alone.
        starts: where each token begins in `text`, in characters (code points); None where `text` is.

    Raises:
        ValueError: if there is no token, or the numbers of tokens, tags and starts differ.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    line: int | None = None
    text: str | None = None
    starts: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not self.tokens or len(self.tokens) != len(self.tags):
            raise ValueError(
                "a sentence needs at least one token, and one tag a token. "
                f"Received: {len(self.tokens)} tokens, {len(self.tags)} tags"
            )
        if (self.text is None) != (self.starts is None):
            raise ValueError("`text` and `starts` come together. Received one of them")
        if self.starts is not None and len(self.starts) != len(self.tokens):
            raise ValueError(
                f"`starts` must hold one place a token. Received: {len(self.tokens)} tokens, {len(self.starts)} starts"
            )

    def __len__(self) -> int:
        return len(self.tokens)
