"""The tagged corpus: sentences, their scheme, and where each came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tfnlp.data.tagging.sentence import TaggedSentence
from tfnlp.text.tag_schemes import check_scheme, convert, spans_of
from tfnlp.text.unicode_table import is_spaceless

_SHARE_OF_CHARACTERS = 0.9


@dataclass
class TaggedCorpus:
    """Tagged sentences held in memory.

    Attributes:
        sentences: the sentences, in the order of the source.
        source: the file or name that they were read from, for messages.
        scheme: the scheme of the tags, one of `tfnlp.data.tagging.SCHEMES`.
        notes: what reading met and went past, name -> how often: `"empty sentences"`, `"mended sentences"`,
            `"skipped spans"`, `"lines with replaced bytes"`; holds only what happened.
    """

    sentences: list[TaggedSentence]
    source: str
    scheme: str
    notes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_scheme(self.scheme)
        self._characters: bool | None = None

    def __len__(self) -> int:
        return len(self.sentences)

    @property
    def tokens(self) -> int:
        """How many tokens there are."""
        return sum(map(len, self.sentences))

    @property
    def of_characters(self) -> bool:
        """Whether the tokens are characters of a script without spaces, as far as the corpus shows."""
        if self._characters is None:
            single = sum(len(token) == 1 for sentence in self.sentences for token in sentence.tokens)
            self._characters = single >= _SHARE_OF_CHARACTERS * self.tokens and any(
                len(token) == 1 and is_spaceless(token)
                for sentence in self.sentences
                for token in sentence.tokens
            )
        return self._characters

    def tag_counts(self) -> dict[str, int]:
        """Returns tag -> number of tokens that bear it, most frequent first, equal counts by name."""
        return _ranked(Counter(tag for sentence in self.sentences for tag in sentence.tags))

    def span_counts(self) -> dict[str, int]:
        """Returns label -> number of its spans, most frequent first; under `plain` the same as `tag_counts`."""
        counts: Counter[str] = Counter()
        for sentence in self.sentences:
            counts.update(span.label for span in spans_of(sentence.tags, self.scheme))
        return _ranked(counts)

    def place(self, index: int) -> str:
        """Returns where a sentence stands in its source: `"line 12"`, or `"sentence 12"` where it has no line."""
        line = self.sentences[index].line
        return f"sentence {index + 1}" if line is None else f"line {line}"

    def text_of(self, index: int) -> str:
        """Returns a sentence as a string.

        Its own text where the source holds one. Else its tokens joined: by nothing where they are characters, by
        spaces otherwise, but with none beside a Han, kana or full-width sign.
        """
        return self._text_and_starts(index)[0]

    def starts_of(self, index: int) -> tuple[int, ...]:
        """Returns where each token begins in `text_of(index)`, in characters."""
        return self._text_and_starts(index)[1]

    def subset(self, indices: Iterable[int]) -> TaggedCorpus:
        """Returns the sentences with the given indices, in the given order."""
        part = TaggedCorpus([self.sentences[int(index)] for index in indices], self.source, self.scheme)
        part._characters = self.of_characters  # a part is joined as the whole is
        return part

    def converted(self, scheme: str) -> TaggedCorpus:
        """Returns the corpus with its tags in another scheme; see `tfnlp.data.tagging.convert`.

        Raises:
            UserError: if just one of the two schemes is `plain`.
        """
        if scheme == self.scheme:
            return self
        sentences = [
            replace(sentence, tags=tuple(convert(sentence.tags, self.scheme, scheme)))
            for sentence in self.sentences
        ]
        return TaggedCorpus(sentences, self.source, scheme, self.notes)

    def _text_and_starts(self, index: int) -> tuple[str, tuple[int, ...]]:
        sentence = self.sentences[index]
        if sentence.text is not None and sentence.starts is not None:
            return sentence.text, sentence.starts
        return joined_tokens(sentence.tokens, spaced=not self.of_characters)


def joined_tokens(tokens: Sequence[str], *, spaced: bool = True) -> tuple[str, tuple[int, ...]]:
    """Joins tokens to a text.

    Args:
        tokens: the tokens.
        spaced: whether spaces stand between them; none ever does beside a Han, kana or full-width sign.

    Returns:
        the text, and where each token begins in it, in characters.
    """
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for token in tokens:
        if spaced and parts and not (is_spaceless(parts[-1][-1:]) or is_spaceless(token[:1])):
            parts.append(" ")
            length += 1
        starts.append(length)
        parts.append(token)
        length += len(token)
    return "".join(parts), tuple(starts)


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
