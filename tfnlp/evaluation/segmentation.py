"""The figures of a word segmenter, as the SIGHAN bakeoff counts them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tfnlp.errors import UserError


@dataclass(frozen=True)
class SegmentationScores:
    """What an evaluation of word segmentation found.

    Attributes:
        sentences: sentences judged.
        words: true words.
        predicted: words given.
        right: words given with both borders right.
        precision: `right / predicted`, 0 to 1.
        recall: `right / words`, 0 to 1.
        f1: harmonic mean of the two, 0 to 1.
        oov_rate: share of the true words that training did not hold, 0 to 1; None without a training word list.
        oov_recall: share of these that were found, 0 to 1; None without a list, or where there is no such word.
        known_recall: share of the other words that were found, 0 to 1; None as before.
    """

    sentences: int
    words: int
    predicted: int
    right: int
    precision: float
    recall: float
    f1: float
    oov_rate: float | None = None
    oov_recall: float | None = None
    known_recall: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The scores as plain JSON."""
        return asdict(self)

    def summary(self) -> str:
        """One line: `word F1 96.5 %   precision 96.6 %   recall 96.4 %   OOV 5.8 %, found 70.1 %`."""
        figures = {"word F1": self.f1, "precision": self.precision, "recall": self.recall}
        line = "   ".join(f"{name} {100 * value:.1f} %" for name, value in figures.items())
        if self.oov_rate is None:
            return line
        found = "" if self.oov_recall is None else f", found {100 * self.oov_recall:.1f} %"
        return f"{line}   OOV {100 * self.oov_rate:.1f} %{found}"


def evaluate_segmentation(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    *,
    training_words: Collection[str] | None = None,
) -> SegmentationScores:
    """Judges word segmentation against the truth.

    A word is right if it begins and ends where a true word does.

    Args:
        gold: for each sentence its true words.
        predicted: for each sentence the words given; joined they are the same characters.
        training_words: the words of the training text. What is not among them is out of vocabulary (OOV).

    Returns:
        the scores.

    Raises:
        UserError: if there is no word.
        ValueError: if the numbers of sentences differ, or a sentence's characters do.

    Reference: Emerson, 2005, https://aclanthology.org/I05-3017
    """
    if len(gold) != len(predicted):
        raise ValueError(
            f"There must be words for every sentence. Received: {len(gold)} true, {len(predicted)} given"
        )
    known = None if training_words is None else frozenset(training_words)
    words = given = right = unknown = unknown_right = 0
    for place, (true, answer) in enumerate(zip(gold, predicted)):
        if "".join(true) != "".join(answer):
            raise ValueError(
                f"Truth and answer must be the same characters. Received for sentence {place}: "
                f"{''.join(true)[:60]!r} and {''.join(answer)[:60]!r}"
            )
        answers = set(_borders(answer))
        found = [borders in answers for borders in _borders(true)]
        words += len(found)
        given += len(answers)
        right += sum(found)
        if known is not None:
            strange = [
                was_found for word, was_found in zip((w for w in true if w), found) if word not in known
            ]
            unknown += len(strange)
            unknown_right += sum(strange)
    if not words:
        raise UserError("There is nothing to evaluate: the data holds not one word.")
    return SegmentationScores(
        sentences=len(gold),
        words=words,
        predicted=given,
        right=right,
        precision=right / given,
        recall=right / words,
        f1=2 * right / (words + given),
        oov_rate=None if known is None else unknown / words,
        oov_recall=unknown_right / unknown if unknown else None,
        known_recall=(right - unknown_right) / (words - unknown)
        if known is not None and words > unknown
        else None,
    )


def _borders(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where each word lies in the joined characters; an empty word is none."""
    start = 0
    for word in words:
        if word:
            yield start, start + len(word)
            start += len(word)
