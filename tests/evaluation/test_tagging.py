import io
import itertools
import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tfnlp.data.tagging import Span, TaggedCorpus, TaggedSentence, check, spans_of, tags_of
from tfnlp.errors import UserError
from tfnlp.evaluation import evaluate_tags, worst_sentences

LETTERS = {"iob1": "BI", "bio": "BI", "bioes": "BIES", "bmes": "BMES"}


def sequences(scheme, labels="XY"):
    tags = ["O"] + [f"{letter}-{label}" for label in labels for letter in LETTERS[scheme]]
    return st.lists(st.lists(st.sampled_from(tags), max_size=7), min_size=1, max_size=4).filter(any)


def strict_spans(tags, scheme):
    """The spans that are written as they must be, by trying every piece of the sentence: slow and plain."""
    found = set()
    for start, end in itertools.combinations(range(len(tags) + 1), 2):
        for label in "XY":
            first, inner, last, single = {"bio": "BIIB", "bioes": "BIES", "bmes": "BMES"}[scheme]
            size = end - start
            letters = single if size == 1 else first + inner * (size - 2) + last
            # Under bio nothing says that a span ends but that the next tag does not go on with it.
            goes_on = scheme == "bio" and tags[end : end + 1] == [f"I-{label}"]
            if tags[start:end] == [f"{letter}-{label}" for letter in letters] and not goes_on:
                found.add((start, end, label))
    return found


def counted(gold, predicted, scheme):
    """(right, true, given) over all sentences, and for each type."""
    counts = {label: [0, 0, 0] for label in "XY"}
    for tags, answers in zip(gold, predicted):
        true, found = strict_spans(tags, scheme), strict_spans(answers, scheme)
        for column, spans in enumerate((true & found, true, found)):
            for _, _, label in spans:
                counts[label][column] += 1
    return counts


@pytest.mark.parametrize("scheme", ["bio", "bioes", "bmes"])
@settings(max_examples=120, deadline=None)
@given(st.data())
def test_the_figures_are_those_of_a_slow_count(scheme, data):
    gold = data.draw(sequences(scheme))
    predicted = [data.draw(st.permutations(tags)) if data.draw(st.booleans()) else tags for tags in gold]
    scores = evaluate_tags(gold, predicted, scheme)
    counts = counted(gold, predicted, scheme)
    for item in scores.types:
        assert [item.right, item.support, item.predicted] == counts[item.label]
    right, true, given_ = (sum(row[column] for row in counts.values()) for column in range(3))
    assert scores.precision == pytest.approx(right / given_ if given_ else 0)
    assert scores.recall == pytest.approx(right / true if true else 0)
    assert scores.f1 == pytest.approx(2 * right / (true + given_) if true + given_ else 0)


@settings(max_examples=60, deadline=None)
@given(sequences("bioes"), st.data())
def test_the_figures_are_seqevals(gold, data):
    from seqeval.metrics import accuracy_score
    from seqeval.metrics.v1 import precision_recall_fscore_support
    from seqeval.scheme import IOBES

    predicted = [data.draw(st.permutations(tags)) for tags in gold]
    scores = evaluate_tags(gold, predicted, "bioes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, support = precision_recall_fscore_support(gold, predicted, scheme=IOBES)
        micro = precision_recall_fscore_support(gold, predicted, scheme=IOBES, average="micro")
    assert [(t.precision, t.recall, t.f1, t.support) for t in scores.types] == [
        pytest.approx(row) for row in zip(precision, recall, f1, support)
    ]
    if scores.types:
        assert (scores.precision, scores.recall, scores.f1) == pytest.approx(micro[:3])
    assert scores.accuracy == pytest.approx(accuracy_score(gold, predicted))


@pytest.mark.parametrize("scheme", ["iob1", "bio", "bioes", "bmes"])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_truth_as_answer_is_perfect_and_schemes_agree(scheme, data):
    labels = data.draw(st.lists(st.sampled_from(["X", "Y", "O"]), min_size=1, max_size=5))
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=len(labels), max_size=len(labels)))
    spans, place = [], 0
    for label, size in zip(labels, sizes):
        if label != "O":
            spans.append(Span(place, place + size, label))
        place += size
    given_ = [span for span in spans if data.draw(st.booleans())]
    scores = evaluate_tags([tags_of(spans, place, scheme)], [tags_of(given_, place, scheme)], scheme)
    assert scores.f1 == pytest.approx(2 * len(given_) / (len(given_) + len(spans)) if spans else 0)
    assert scores.boundaries()["right"] == len(given_)
    # A dropped span leaves its tokens bare, so nothing is spurious, of a wrong type, or half found.
    assert scores.boundaries()["missed"] == len(spans) - len(given_)


GOLD = [
    ["B-PER", "E-PER", "O", "S-LOC", "O"],
    ["S-ORG", "O", "B-LOC", "I-LOC", "E-LOC"],
    ["O", "O", "O"],
]
GIVEN = [
    ["B-PER", "E-PER", "O", "S-ORG", "O"],  # right; wrong type
    ["O", "O", "O", "B-LOC", "E-LOC"],  # missed; overlapping
    ["O", "S-PER", "O"],  # spurious
]


def test_how_spans_went_wrong():
    scores = evaluate_tags(GOLD, GIVEN, "bioes")
    assert scores.boundaries() == {"right": 1, "wrong_type": 1, "overlapping": 1, "missed": 1, "spurious": 1}
    by_type = {item.label: item for item in scores.types}
    assert (by_type["LOC"].wrong_type, by_type["LOC"].overlapping, by_type["LOC"].support) == (1, 1, 2)
    assert (by_type["ORG"].missed, by_type["PER"].spurious, by_type["PER"].right) == (1, 1, 1)
    assert (scores.precision, scores.recall, scores.f1) == (1 / 4, 1 / 4, 1 / 4)
    assert scores.accuracy == 8 / 13
    assert scores.exact == 0
    assert scores.labels == ["LOC", "ORG", "PER", "no span"]
    np.testing.assert_array_equal(scores.confusion, [[0, 1, 0, 1], [0, 0, 0, 1], [0, 0, 1, 0], [1, 0, 1, 0]])


def test_what_is_broken_does_not_count_unless_it_is_mended():
    gold, broken = [["B-X", "E-X"]], [["B-X", "I-X"]]
    assert check(broken[0], "bioes") is not None
    assert evaluate_tags(gold, broken, "bioes").f1 == 0
    assert evaluate_tags(gold, broken, "bioes", strict=False).f1 == 1
    assert evaluate_tags([["B-X", "I-X"]], [["I-X", "I-X"]], "bio").f1 == 0
    assert evaluate_tags([["B-X", "I-X"]], [["I-X", "I-X"]], "bio", strict=False).f1 == 1
    assert evaluate_tags([["I-X", "B-X"]], [["B-X", "B-X"]], "iob1", strict=False).f1 == 1


@pytest.mark.parametrize("scheme", ["bio", "bioes", "bmes"])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mended_spans_are_the_ones_the_package_reads(scheme, data):
    gold = data.draw(sequences(scheme))
    scores = evaluate_tags(gold, gold, scheme, strict=False)
    spans = [span for tags in gold for span in spans_of(tags, scheme)]
    assert sum(item.support for item in scores.types) == len(spans)
    assert {item.label: item.support for item in scores.types} == {
        label: sum(span.label == label for span in spans) for label in {span.label for span in spans}
    }


def test_types_with_hyphens_and_none():
    assert evaluate_tags([["S--a-", "S-a", "O"]], [["S--a-", "S-a", "O"]], "bioes").labels == [
        "-a-",
        "a",
        "no span",
    ]
    words = evaluate_tags([["B", "E", "S"]], [["S", "S", "S"]], "bmes")
    assert (words.precision, words.recall) == (1 / 3, 1 / 2)
    assert words.labels == ["word", "no span"]


def test_free_tags():
    scores = evaluate_tags([["N", "V", "N"], ["N"]], [["N", "N", "N"], ["V"]], "plain")
    assert scores.accuracy == scores.f1 == scores.precision == scores.recall == 2 / 4
    assert [(t.label, t.precision, t.recall, t.support) for t in scores.types] == [
        ("N", 2 / 3, 2 / 3, 3),
        ("V", 0, 0, 1),
    ]
    assert scores.labels == ["N", "V"]
    np.testing.assert_array_equal(scores.confusion, [[2, 1], [1, 0]])
    assert "token accuracy 50.0 %" in scores.summary()


def test_two_unequal_parts_add_up():
    one, two = evaluate_tags(GOLD[:1], GIVEN[:1], "bioes"), evaluate_tags(GOLD[1:], GIVEN[1:], "bioes")
    whole = evaluate_tags(GOLD, GIVEN, "bioes")
    parts = [one.boundaries(), two.boundaries()]
    assert whole.boundaries() == {name: parts[0][name] + parts[1][name] for name in parts[0]}


def test_it_can_be_written_and_shown():
    scores = evaluate_tags(GOLD, GIVEN, "bioes")
    figures = json.loads(json.dumps(scores.as_dict()))
    assert list(figures)[:4] == ["f1", "precision", "recall", "accuracy"]
    assert figures["boundaries"]["missed"] == 1
    assert scores.summary() == "span F1 25.0 %   precision 25.0 %   recall 25.0 %   token accuracy 61.5 %"
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(scores.table())
    assert "overlapping" in console.export_text()


def test_mistakes_are_named():
    with pytest.raises(UserError, match="There is nothing to evaluate"):
        evaluate_tags([[]], [[]], "bio")
    with pytest.raises(UserError, match="`E-X` is not of the scheme bio"):
        evaluate_tags([["B-X"]], [["E-X"]], "bio")
    with pytest.raises(UserError, match="`scheme` must be one of"):
        evaluate_tags([["B-X"]], [["B-X"]], "bilou")
    with pytest.raises(ValueError, match=r"tags for every sentence. Received: 1 true, 2 given"):
        evaluate_tags([["O"]], [["O"], ["O"]], "bio")
    with pytest.raises(ValueError, match="sentence 1: 1 true, 2 given"):
        evaluate_tags([["O"], ["O"]], [["O"], ["O", "O"]], "bio")


def test_the_worst_sentences():
    rows = [
        TaggedSentence(tuple("abcde"[: len(tags)]), tuple(tags), line=n)
        for n, tags in enumerate(GOLD, start=7)
    ]
    worst = worst_sentences(TaggedCorpus(rows, "x", "bioes"), GIVEN)
    assert [item.place for item in worst] == ["line 8", "line 7", "line 9"]
    assert worst[0].missed == [("a", "ORG"), ("c d e", "LOC")]
    assert worst[0].given == [("d e", "LOC")]
    assert worst[1].text == "a b c d e"
    assert len(worst_sentences(TaggedCorpus(rows, "x", "bioes"), GIVEN, limit=1)) == 1
    assert worst_sentences(TaggedCorpus(rows, "x", "bioes"), GOLD) == []
