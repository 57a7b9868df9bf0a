import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnlp.data.tagging import (
    SCHEMES,
    Span,
    allowed_transitions,
    check,
    convert,
    guess_scheme,
    spans_of,
    tags_of,
)
from tfnlp.errors import UserError

SPANNED = [scheme for scheme in SCHEMES if scheme != "plain"]
# One sentence in all schemes: X over three tokens, X right behind it over one, a gap, Y over two, X over one.
SPANS = [Span(0, 3, "X"), Span(3, 4, "X"), Span(5, 7, "Y"), Span(7, 8, "X")]
WRITTEN = {
    "iob1": "I-X I-X I-X B-X O I-Y I-Y I-X",
    "bio": "B-X I-X I-X B-X O B-Y I-Y B-X",
    "bioes": "B-X I-X E-X S-X O B-Y E-Y S-X",
    "bmes": "B-X M-X E-X S-X O B-Y E-Y S-X",
}


@st.composite
def span_lists(draw):
    """Non-overlapping spans of two types and of none, and the length of their sentence."""
    spans, place = [], 0
    for gap, size, label in draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(["X", "Y-Z", ""])), max_size=6
        )
    ):
        spans.append(Span(place + gap, place + gap + size, label))
        place += gap + size
    return spans, place + draw(st.integers(0, 2))


@pytest.mark.parametrize("scheme", SPANNED)
def test_the_same_spans_in_each_scheme(scheme):
    tags = WRITTEN[scheme].split()
    assert tags_of(SPANS, 8, scheme) == tags
    assert spans_of(tags, scheme) == SPANS
    assert check(tags, scheme) is None


@pytest.mark.parametrize(("from_", "to"), itertools.product(SPANNED, SPANNED))
def test_conversion(from_, to):
    assert convert(WRITTEN[from_].split(), from_, to) == WRITTEN[to].split()


def test_words_without_a_type_are_bare_letters():
    assert tags_of([Span(0, 1, ""), Span(1, 5, "")], 5, "bmes") == ["S", "B", "M", "M", "E"]
    assert spans_of(["S", "B", "M", "M", "E"], "bmes") == [Span(0, 1, ""), Span(1, 5, "")]
    assert convert(["S", "B", "M", "M", "E"], "bmes", "bio") == ["B", "B", "I", "I", "I"]


def test_plain_tags_are_spans_of_one_and_stay_as_they_are():
    assert spans_of(["NN", "O", "NN"], "plain") == [Span(0, 1, "NN"), Span(1, 2, "O"), Span(2, 3, "NN")]
    assert tags_of(spans_of(["NN", "O"], "plain"), 2, "plain") == ["NN", "O"]
    assert convert(["NN", "B-X"], "plain", "plain") == ["NN", "B-X"]
    with pytest.raises(UserError, match="`plain` tags hold no spans"):
        convert(["NN"], "plain", "bio")


@given(span_lists(), st.sampled_from(SPANNED))
def test_tags_hold_all_that_spans_say(spans_and_length, scheme):
    spans, length = spans_and_length
    tags = tags_of(spans, length, scheme)
    assert spans_of(tags, scheme) == spans
    assert spans_of(tags, scheme, strict=True) == spans
    assert check(tags, scheme) is None


@pytest.mark.parametrize("scheme", SPANNED)
def test_a_sequence_keeps_the_scheme_if_and_only_if_it_is_how_its_spans_are_written(scheme):
    """All sequences of up to four tags of two types, so that rules and writing cannot drift apart."""
    letters = {"iob1": "BI", "bio": "BI", "bioes": "BIES", "bmes": "BMES"}[scheme]
    tags = ["O"] + [f"{letter}-{label}" for label in "XY" for letter in letters]
    follows, starts, ends = allowed_transitions(tags, scheme)
    for length in (1, 2, 3, 4):
        for ids in itertools.product(range(len(tags)), repeat=length):
            sequence = [tags[i] for i in ids]
            written = tags_of(spans_of(sequence, scheme), length, scheme)
            kept = sequence == written
            assert (check(sequence, scheme) is None) == kept, sequence
            allowed = (
                starts[ids[0]] and ends[ids[-1]] and all(follows[a, b] for a, b in itertools.pairwise(ids))
            )
            assert allowed == kept, sequence


@pytest.mark.parametrize(
    ("scheme", "tags", "position", "why"),
    [
        ("bio", "O I-X", 1, "`I-X` follows `O`; it must follow `B-X` or `I-X`"),
        ("bio", "I-X", 0, "`I-X` begins the sentence"),
        ("bio", "B-X I-Y", 1, "`I-Y` follows `B-X`; it must follow `B-Y` or `I-Y`"),
        ("bio", "B-X E-X", 1, "the tag `E-X` is not of the scheme bio"),
        ("bio", "O NN", 1, "the tag `NN` is not of the scheme bio"),
        ("bio", "O B-", 1, "the tag `B-` is not of the scheme"),
        ("iob1", "O B-X", 1, "under iob1 `B` parts a span from one of its type before it"),
        ("bioes", "B-X O", 1, "after `B-X` must come `I-X` or `E-X`, but `O` follows"),
        ("bioes", "O B-X I-X", 2, "but the sentence ends"),
        ("bioes", "E-X", 0, "`E-X` begins the sentence; it must follow `B-X` or `I-X`"),
        ("bmes", "B M S", 2, "after `M` must come `M` or `E`, but `S` follows"),
        ("bmes", "B I E", 1, "the tag `I` is not of the scheme bmes"),
        ("plain", "NN  VB", 1, "the tag is empty"),
    ],
)
def test_the_first_break_is_named(scheme, tags, position, why):
    found = check(tags.split(" "), scheme)
    assert found.position == position
    assert why in found.why


@pytest.mark.parametrize(
    ("scheme", "tags", "spans", "strict"),
    [
        # What conlleval makes of them: a span begins wherever none of its type goes on.
        ("bio", "O I-X I-X", [Span(1, 3, "X")], []),
        ("bio", "B-X I-Y I-Y", [Span(0, 1, "X"), Span(1, 3, "Y")], [Span(0, 1, "X")]),
        ("iob1", "O B-X I-X", [Span(1, 3, "X")], []),
        ("bioes", "B-X I-X O", [Span(0, 2, "X")], []),
        ("bioes", "I-X E-X E-X", [Span(0, 2, "X"), Span(2, 3, "X")], []),
        ("bioes", "B-X S-X I-X", [Span(0, 1, "X"), Span(1, 2, "X"), Span(2, 3, "X")], [Span(1, 2, "X")]),
        ("bmes", "M E B", [Span(0, 2, ""), Span(2, 3, "")], []),
    ],
)
def test_broken_sequences_are_mended_or_left_out(scheme, tags, spans, strict):
    assert spans_of(tags.split(), scheme) == spans
    assert spans_of(tags.split(), scheme, strict=True) == strict


def test_unknown_names():
    with pytest.raises(UserError, match=r"`scheme` must be one of iob1, bio.*'iob2'\. Did you mean `bio`\?"):
        check([], "iob2")
    with pytest.raises(UserError, match="Did you mean `bioes`"):
        spans_of([], "IOBES")
    with pytest.raises(
        UserError, match=r"the tag `NN` is not of the scheme bio .* cure: name the right scheme"
    ):
        spans_of(["NN"], "bio")
    with pytest.raises(UserError, match="`E-X` is not of the scheme bio"):
        allowed_transitions(["O", "E-X"], "bio")


def test_spans_that_cannot_be_written():
    for spans in (
        [Span(0, 2, "X"), Span(1, 3, "Y")],
        [Span(1, 1, "X")],
        [Span(2, 4, "X")],
        [Span(-1, 1, "X")],
    ):
        with pytest.raises(ValueError, match="spans must not overlap, be empty or leave the 3 tokens"):
            tags_of(spans, 3, "bio")
    with pytest.raises(ValueError, match="under `plain` every token is a span of one"):
        tags_of([Span(0, 1, "NN")], 2, "plain")


def test_transitions_of_plain_tags_are_all_allowed():
    follows, starts, ends = allowed_transitions(["NN", "VB"], "plain")
    assert follows.shape == (2, 2) and follows.all() and starts.all() and ends.all()


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        (["B-X I-X", "O"], "bio"),
        (["I-X I-X", "O"], "iob1"),
        (["I-X B-X", "B-Y O", "I-X O"], "iob1"),  # one sentence breaks iob1, two break bio
        (["O O"], "bio"),
        (["B-X E-X"], "bioes"),
        (["S-X", "O"], "bioes"),
        (["B-X M-X E-X"], "bmes"),
        (["B E S", "B M E"], "bmes"),
        (["B I I", "O"], "bio"),
        (["NOUN VERB O"], "plain"),
        (["NN -LRB- HYPH"], "plain"),
        (["B-X I-X", "NOUN"], "bio"),  # so that the odd one out is named, not taken for a free tag
    ],
)
def test_the_scheme_is_guessed(sentences, scheme):
    assert guess_scheme(sentence.split() for sentence in sentences) == scheme
