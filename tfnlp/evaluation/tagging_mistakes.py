"""The sentences that a tagger got most wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.text.tag_schemes import Span, spans_of

_MOST_SHOWN = 20


@dataclass(frozen=True)
class WrongSentence:
    """A sentence with mistakes.

    Attributes:
        index: its row in the corpus, from 0.
        place: where it stands in the corpus's source, such as `"line 12"`.
        text: the sentence.
        missed: true spans that were not given, as (text, label).
        given: spans given that are not true, as (text, label).
    """

    index: int
    place: str
    text: str
    missed: list[tuple[str, str]]
    given: list[tuple[str, str]]


def worst_sentences(
    corpus: TaggedCorpus, predicted: Sequence[Sequence[str]], *, limit: int = _MOST_SHOWN
) -> list[WrongSentence]:
    """Lists the sentences with the most mistakes.

    Args:
        corpus: the truth.
        predicted: for each sentence the tags given, in the corpus's scheme.
        limit: how many to list at most.

    Returns:
        the sentences, those with most wrong spans (free tags: wrong tokens) first, equals in the corpus's order.

    Raises:
        ValueError: if the numbers of sentences differ.
    """
    wrong: list[tuple[int, int, list[Span], list[Span]]] = []
    for index, (sentence, tags) in enumerate(zip(corpus.sentences, predicted, strict=True)):
        if sentence.tags != tuple(tags):
            true, given = set(spans_of(sentence.tags, corpus.scheme)), set(spans_of(tags, corpus.scheme))
            if mistakes := len(true ^ given):
                wrong.append((-mistakes, index, sorted(true - given), sorted(given - true)))
    wrong.sort(key=lambda row: row[:2])
    return [
        WrongSentence(
            index,
            corpus.place(index),
            corpus.text_of(index),
            _shown(corpus, index, true),
            _shown(corpus, index, given),
        )
        for _, index, true, given in wrong[:limit]
    ]


def _shown(corpus: TaggedCorpus, index: int, spans: list[Span]) -> list[tuple[str, str]]:
    text, starts = corpus.text_of(index), corpus.starts_of(index)
    ends = [*starts[1:], len(text)]
    return [(text[starts[span.start] : ends[span.end - 1]].strip(), span.label) for span in spans]
