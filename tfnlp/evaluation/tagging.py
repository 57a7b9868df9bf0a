"""The figures of a tagger: span precision, recall and F1, accuracy, one row per type, and how spans went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tfnlp.errors import UserError
from tfnlp.text.tag_schemes import LETTERS, OUTSIDE, Span, check_scheme, spans_of, split_tag, tags_of

if TYPE_CHECKING:
    from rich.table import Table

NO_SPAN = "no span"
WORD = "word"  # how a type without a name is shown


@dataclass(frozen=True)
class TypeFigures:
    """The figures of one type of span, or of one free tag.

    A true span is `right` (same borders, same type), of a `wrong_type` (same borders), `overlapping` (other borders,
    a token in common with an answer) or `missed`; these four add up to `support`.

    Attributes:
        label: the type; empty for words without one.
        precision: share of right answers among those of this type, 0 to 1; 0 if there is none.
        recall: share of the true spans of this type that were found, 0 to 1; 0 if there is none.
        f1: harmonic mean of the two, 0 to 1.
        support: true spans of this type.
        predicted: answers of this type.
        right: true spans found with borders and type.
        wrong_type: true spans found under another type.
        overlapping: true spans found with other borders, of whatever type.
        missed: true spans no answer touches.
        spurious: answers of this type that touch no true span.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    right: int
    wrong_type: int
    overlapping: int
    missed: int
    spurious: int


@dataclass(frozen=True)
class TaggingScores:
    """What an evaluation of tags found.

    Attributes:
        scheme: the scheme of the tags.
        strict: whether only spans written exactly as the scheme demands counted.
        sentences: sentences judged.
        tokens: tokens judged.
        accuracy: share of tokens with the right tag, 0 to 1.
        exact: share of sentences with no wrong tag, 0 to 1.
        precision: share of right answers among all spans given, 0 to 1; 0 if none was.
        recall: share of the true spans found, 0 to 1; 0 if there is none.
        f1: harmonic mean of the two, 0 to 1, over all types together (micro). For free tags it is the accuracy.
        macro_f1: mean of the types' F1, 0 to 1.
        types: one row a type that occurs in the truth or in the answers, by name.
        labels: names of the rows of `confusion`; the last is `"no span"` but for free tags.
        confusion: int64 `[labels, labels]`, truth in rows: types of the spans that truth and answer agree on in
            their borders, and under `"no span"` what only one of the two has. For free tags: tokens.
    """

    scheme: str
    strict: bool
    sentences: int
    tokens: int
    accuracy: float
    exact: float
    precision: float
    recall: float
    f1: float
    macro_f1: float
    types: list[TypeFigures]
    labels: list[str]
    confusion: np.ndarray

    def boundaries(self) -> dict[str, int]:
        """How the spans of all types went: `right`, `wrong_type`, `overlapping`, `missed`, `spurious`."""
        names = ("right", "wrong_type", "overlapping", "missed", "spurious")
        return {name: sum(getattr(item, name) for item in self.types) for name in names}

    def as_dict(self) -> dict[str, Any]:
        """The scores as plain JSON: `f1`, `precision`, `recall`, `accuracy` first."""
        figures: dict[str, Any] = {
            name: getattr(self, name)
            for name in (
                "f1",
                "precision",
                "recall",
                "accuracy",
                "exact",
                "macro_f1",
                "sentences",
                "tokens",
                "scheme",
            )
        }
        figures["strict"] = self.strict
        if self.scheme != "plain":
            figures["boundaries"] = self.boundaries()
        figures["types"] = [asdict(item) for item in self.types]
        figures["labels"] = list(self.labels)
        figures["confusion"] = self.confusion.tolist()
        return figures

    def table(self) -> Table:
        """The figures as a table for a terminal, to be printed by a `rich.console.Console`."""
        from rich.table import Table
        from rich.text import Text

        plain = self.scheme == "plain"
        table = Table(
            title=f"{self.sentences:,} sentences, {self.tokens:,} tokens",
            caption=self.summary(),
            caption_justify="left",
        )
        table.add_column("tag" if plain else "type")
        columns = ("precision", "recall", "F1", "tokens" if plain else "spans")
        for name in columns if plain else (*columns, "wrong type", "overlapping", "missed", "spurious"):
            table.add_column(name, justify="right")
        for item in self.types:
            cells = [f"{value:.3f}" for value in (item.precision, item.recall, item.f1)] + [
                f"{item.support:,}"
            ]
            if not plain:
                cells += [f"{n:,}" for n in (item.wrong_type, item.overlapping, item.missed, item.spurious)]
            # `Text`, because a label may look like rich's own mark-up: "[red]".
            table.add_row(Text(item.label or WORD), *cells)
        return table

    def summary(self) -> str:
        """One line: `span F1 91.2 %   precision 91.0 %   recall 91.4 %   token accuracy 98.1 %`."""
        figures = {"token accuracy": self.accuracy, "macro F1": self.macro_f1, "exact sentences": self.exact}
        if self.scheme != "plain":
            spans = {"span F1": self.f1, "precision": self.precision, "recall": self.recall}
            figures = {**spans, "token accuracy": self.accuracy}
        return "   ".join(f"{name} {100 * value:.1f} %" for name, value in figures.items())


def evaluate_tags(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], scheme: str, *, strict: bool = True
) -> TaggingScores:
    """Judges tags against the truth.

    Spans are read by seqeval. An answer counts as right if its borders and its type are those of a true span.

    Args:
        gold: for each sentence its true tags.
        predicted: for each sentence the tags given, as many.
        scheme: one of `tfnlp.data.tagging.SCHEMES`; under `plain` every token counts as a span of one.
        strict: True counts only spans written exactly as the scheme demands, so that a `B-PER` without its `E-PER`
            is no answer. False reads broken sequences as the shared tasks' scorer conlleval does; the two differ only
            where a sequence breaks its scheme.

    Returns:
        the scores.

    Raises:
        UserError: if there is no token, for an unknown scheme, or a tag that is not of it.
        ValueError: if the numbers of sentences, or of a sentence's tags, differ.

    Reference: Nakayama, 2018, https://github.com/chakki-works/seqeval; Tjong Kim Sang and De Meulder, 2003,
    https://aclanthology.org/W03-0419 (the measure)
    """
    check_scheme(scheme)
    true, given = [list(tags) for tags in gold], [list(tags) for tags in predicted]
    _check_lengths(true, given)
    tokens = sum(map(len, true))
    if not tokens:
        raise UserError("There is nothing to evaluate: the data holds not one token.")
    if scheme == "plain":
        true_spans, given_spans = ([spans_of(tags, scheme) for tags in part] for part in (true, given))
    else:
        true_spans, given_spans = (_spans_by_seqeval(part, scheme, strict) for part in (true, given))
    counts = _Counts(true_spans, given_spans)
    types = counts.figures()
    right, support, answers = (
        sum(getattr(t, name) for t in types) for name in ("right", "support", "predicted")
    )
    labels, confusion = counts.confusion(with_none=scheme != "plain")
    return TaggingScores(
        scheme=scheme,
        strict=strict,
        sentences=len(true),
        tokens=tokens,
        accuracy=sum(a == b for t, p in zip(true, given) for a, b in zip(t, p)) / tokens,
        exact=sum(t == p for t, p in zip(true, given)) / len(true),
        precision=_ratio(right, answers),
        recall=_ratio(right, support),
        f1=_ratio(2 * right, answers + support),
        macro_f1=_ratio(sum(item.f1 for item in types), len(types)),
        types=types,
        labels=labels,
        confusion=confusion,
    )


class _Counts:
    """How the spans of all sentences went, by type."""

    def __init__(self, gold: list[list[Span]], predicted: list[list[Span]]) -> None:
        self.support = Counter(span.label for spans in gold for span in spans)
        self.predicted = Counter(span.label for spans in predicted for span in spans)
        self.same_borders: Counter[tuple[str, str]] = Counter()  # (true type, type given)
        self.overlapping: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.spurious: Counter[str] = Counter()
        for true, given in zip(gold, predicted):
            if true == given:
                self.same_borders.update((span.label, span.label) for span in true)
            else:
                self._compare(true, given)

    @property
    def labels(self) -> list[str]:
        return sorted(self.support | self.predicted)

    def figures(self) -> list[TypeFigures]:
        rows = []
        for label in self.labels:
            right, support, predicted = (
                self.same_borders[label, label],
                self.support[label],
                self.predicted[label],
            )
            found = sum(count for (true, _), count in self.same_borders.items() if true == label)
            rows.append(
                TypeFigures(
                    label=label,
                    precision=_ratio(right, predicted),
                    recall=_ratio(right, support),
                    f1=_ratio(2 * right, support + predicted),
                    support=support,
                    predicted=predicted,
                    right=right,
                    wrong_type=found - right,
                    overlapping=self.overlapping[label],
                    missed=self.missed[label],
                    spurious=self.spurious[label],
                )
            )
        return rows

    def confusion(self, *, with_none: bool) -> tuple[list[str], np.ndarray]:
        labels = self.labels
        size = len(labels)
        ids = {label: place for place, label in enumerate(labels)}
        matrix = np.zeros((size + 1, size + 1), np.int64)
        for (true, given), count in self.same_borders.items():
            matrix[ids[true], ids[given]] = count
        matrix[:size, size] = [self.support[label] for label in labels] - matrix[:size, :size].sum(axis=1)
        matrix[size, :size] = [self.predicted[label] for label in labels] - matrix[:size, :size].sum(axis=0)
        names = [label or WORD for label in labels]
        return ([*names, NO_SPAN], matrix) if with_none else (names, matrix[:size, :size])

    def _compare(self, true: list[Span], given: list[Span]) -> None:
        answers = {(span.start, span.end): span.label for span in given}
        truths = {(span.start, span.end) for span in true}
        covered_by_given = _covered(given)
        covered_by_true = _covered(true)
        for span in true:
            if (span.start, span.end) in answers:
                self.same_borders[span.label, answers[span.start, span.end]] += 1
            elif covered_by_given.isdisjoint(range(span.start, span.end)):
                self.missed[span.label] += 1
            else:
                self.overlapping[span.label] += 1
        for span in given:
            if (span.start, span.end) not in truths and covered_by_true.isdisjoint(
                range(span.start, span.end)
            ):
                self.spurious[span.label] += 1


def _covered(spans: list[Span]) -> set[int]:
    return {place for span in spans for place in range(span.start, span.end)}


def _spans_by_seqeval(sequences: list[list[str]], scheme: str, strict: bool) -> list[list[Span]]:
    from seqeval.metrics.sequence_labeling import get_entities
    from seqeval.scheme import IOB2, IOBES, Entities

    written, labels = _for_seqeval(sequences, scheme, strict)
    if strict:
        known = IOB2 if scheme in ("iob1", "bio") else IOBES
        found = Entities(written, known).entities
        return [[Span(e.start, e.end, labels[int(e.tag)]) for e in entities] for entities in found]
    return [
        [Span(start, last + 1, labels[int(label)]) for label, start, last in get_entities(tags)]
        if tags
        else []
        for tags in written
    ]


def _for_seqeval(sequences: list[list[str]], scheme: str, strict: bool) -> tuple[list[list[str]], list[str]]:
    """Writes tags with the letters seqeval knows, and numbers for types: it strips hyphens from names."""
    if scheme == "iob1":  # where seqeval takes a needless `B` for the end of a span
        spans = [spans_of(tags, scheme, strict=strict) for tags in sequences]
        sequences = [tags_of(kept, len(tags), "bio") for kept, tags in zip(spans, sequences)]
        scheme = "bio"
    distinct = sorted({tag for tags in sequences for tag in tags} - {OUTSIDE})
    spans_of(distinct, scheme)  # raises for a tag that is not of the scheme
    labels = sorted({split_tag(tag)[1] for tag in distinct})
    ids = {label: place for place, label in enumerate(labels)}
    inner = LETTERS[scheme][1]
    names = {OUTSIDE: OUTSIDE}
    for tag in distinct:
        letter, label = split_tag(tag)
        names[tag] = f"{'I' if letter == inner else letter}-{ids[label]}"
    return [[names[tag] for tag in tags] for tags in sequences], labels


def _check_lengths(gold: list[list[str]], predicted: list[list[str]]) -> None:
    if len(gold) != len(predicted):
        raise ValueError(
            f"There must be tags for every sentence. Received: {len(gold)} true, {len(predicted)} given"
        )
    for place, (true, given) in enumerate(zip(gold, predicted)):
        if len(true) != len(given):
            raise ValueError(
                f"There must be a tag for every token. Received for sentence {place}: {len(true)} true, "
                f"{len(given)} given"
            )


def _ratio(part: float, whole: float) -> float:
    """`part / whole`, 0 where there is nothing to divide by."""
    return part / whole if whole else 0.0
