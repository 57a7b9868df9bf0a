"""The vocabulary: a readable list of tokens, one a line, and the counter it is built from."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfnlp.errors import UserError

PAD_TOKEN, UNKNOWN_TOKEN = "[PAD]", "[UNK]"
PAD_ID, UNKNOWN_ID = 0, 1


class Vocabulary:
    """Tokens and their ids: a token's id is its place in the list.

    Place 0 is `[PAD]`, place 1 is `[UNK]`; neither is ever the token of a text. The file `vocab.txt` holds one token
    a line in UTF-8, line 1 is id 0, so it reads in any editor; the white-space token of the character tokenizer
    shows there as a line with one space.

    Args:
        tokens: the tokens in the order of their ids, `[PAD]` and `[UNK]` first.

    Raises:
        UserError: if the special tokens are not in front, or a token is empty, repeated or holds a line break.
    """

    def __init__(self, tokens: Sequence[str]):
        self.tokens = list(tokens)
        if self.tokens[:2] != [PAD_TOKEN, UNKNOWN_TOKEN]:
            raise UserError(
                f"A vocabulary must begin with {PAD_TOKEN!r}, {UNKNOWN_TOKEN!r}. Received: {self.tokens[:2]}. "
                "Put these two tokens in front."
            )
        self._ids = {token: index for index, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            repeated = next(token for token, count in Counter(self.tokens).items() if count > 1)
            raise UserError(
                f"The vocabulary holds the token {repeated!r} more than once. Remove the repeats."
            )
        for token in self.tokens:
            if not token or "\n" in token or "\r" in token:
                raise UserError(
                    f"A token must not be empty nor hold a line break. Received: {token!r} as token "
                    f"{self._ids[token]}. Remove it."
                )

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and other.tokens == self.tokens

    __hash__ = None  # type: ignore[assignment]

    def index(self, token: str) -> int:
        """Returns the token's id, or 1 where the vocabulary does not hold it."""
        return self._ids.get(token, UNKNOWN_ID)

    def save(self, path: str | Path) -> None:
        """Writes `vocab.txt`: one token a line, UTF-8, lines ended by a single line feed on every system."""
        Path(path).write_bytes("".join(f"{token}\n" for token in self.tokens).encode("utf-8"))

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Reads `vocab.txt`.

        Raises:
            UserError: if the file is missing, is not UTF-8, or its lines are no vocabulary.
        """
        try:
            text = Path(path).read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise UserError(f"There is no vocabulary file {path}. Give the path of a vocab.txt.") from None
        except UnicodeDecodeError as error:
            raise UserError(
                f"{path} is not UTF-8 (byte {error.start}). Save the vocabulary as UTF-8."
            ) from None
        # not splitlines(): that also cuts at characters which a token may hold
        return cls(text.removesuffix("\n").split("\n"))

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], *, min_count: int = 1, max_size: int | None = None
    ) -> Vocabulary:
        """Builds the vocabulary of the most frequent tokens: by count, largest first, ties by the token itself.

        Args:
            counts: token -> how often it was seen.
            min_count: int. Tokens seen less often are left out.
            max_size: int or None. Greatest number of tokens, the two special ones included.
        """
        check_limits(min_count, max_size)
        special = (PAD_TOKEN, UNKNOWN_TOKEN)
        kept = [token for token, count in counts.items() if count >= min_count and token not in special]
        kept.sort(key=lambda token: (-counts[token], token))
        return cls([*special, *kept[: None if max_size is None else max_size - 2]])


def check_limits(min_count: int, max_size: int | None) -> None:
    """Checks the two limits of a vocabulary.

    Raises:
        UserError: if `min_count` is below 1 or `max_size` below 3.
    """
    if min_count < 1:
        raise UserError(f"`min_count` must be at least 1. Received: min_count={min_count}")
    if max_size is not None and max_size < 3:
        raise UserError(
            f"`max_size` must be at least 3 (two special tokens and one of the text). Received: max_size={max_size}"
        )


class TokenCounter:
    """Counts tokens of a stream of any length in bounded memory.

    Never more than `max_entries` + 65,536 different tokens are held. When more than `max_entries` have gathered, the
    rarest are forgotten until at most half of `max_entries` is left: the least threshold t is taken for which
    dropping every token of count t or less achieves that, and t is added to `undercount`. A token's true count is
    therefore at least `counts[token]` and at most `counts[token] + undercount`; `undercount` stays 0, and all counts
    are exact, while no more than `max_entries` different tokens occur.

    Args:
        max_entries: int. Greatest number of different tokens kept, at least 2.

    Reference:
        Manku and Motwani, Approximate frequency counts over data streams, VLDB 2002, section 4.2 (lossy counting),
        with the threshold chosen by memory instead of by bucket.
    """

    def __init__(self, max_entries: int = 2_000_000):
        if max_entries < 2:
            raise UserError(f"`max_entries` must be at least 2. Received: max_entries={max_entries}")
        self.max_entries = max_entries
        self.counts: Counter[Any] = Counter()
        self.undercount = 0

    def update(self, tokens: Iterable[str | bytes]) -> None:
        """Counts the tokens (all str or all UTF-8 bytes), in portions small enough to keep the bound."""
        remaining = iter(tokens)
        while portion := list(itertools.islice(remaining, 65_536)):
            self.counts.update(portion)
            if len(self.counts) > self.max_entries:
                self._prune()

    def _prune(self) -> None:
        keep = self.max_entries // 2
        threshold = sorted(self.counts.values(), reverse=True)[keep]
        self.counts = Counter({token: count for token, count in self.counts.items() if count > threshold})
        self.undercount += threshold
