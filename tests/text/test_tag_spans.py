import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnlp.errors import UserError
from tfnlp.text import CharacterTokenizer, TaggedSpan, WordTokenizer, tagged_spans

TOKENIZERS = {"char": CharacterTokenizer(), "word": WordTokenizer()}
TEXTS = st.text(
    st.sampled_from("aB1 \u3000我喜。👍🏽\u200d\ufe0f❤e\u0301ﬁß\U0001f1e8\U0001f1f3"), min_size=1, max_size=16
)


def test_places_in_bytes_and_characters():
    text = "👍🏽 Zoë e\u0301t 北京"
    assert text.encode()[9:13].decode() == "Zoë"
    tags = ["O", "O", "B-PER", "E-PER", "B-LOC", "E-LOC"]
    starts, ends = [0, 4, 9, 14, 19, 22], [4, 8, 13, 18, 22, 25]
    assert tagged_spans(text, starts, ends, tags, "bioes") == [
        TaggedSpan(3, 10, 9, 18, "PER", "Zoë e\u0301t"),
        TaggedSpan(11, 13, 19, 25, "LOC", "北京"),
    ]


def test_words_of_a_segmenter_and_free_tags():
    spans = tagged_spans("我喜欢", [0, 3, 6], [3, 6, 9], ["S", "B", "E"], "bmes")
    assert [(span.text, span.label) for span in spans] == [("我", ""), ("喜欢", "")]
    spans = tagged_spans("a b", [0, 2], [1, 3], ["DET", "NOUN"], "plain")
    assert [(span.text, span.label) for span in spans] == [("a", "DET"), ("b", "NOUN")]


def test_broken_sequences_are_mended_or_left_out():
    arguments = ("a b", [0, 2], [1, 3], ["B-X", "O"], "bioes")
    assert [span.text for span in tagged_spans(*arguments)] == ["a"]
    assert tagged_spans(*arguments, strict=True) == []


def test_broken_utf8():
    [span] = tagged_spans(b"\xff \xe4\xb8\xad", [2], [5], ["S-X"], "bioes")
    assert (span.start, span.end, span.byte_start, span.byte_end, span.text) == (2, 3, 2, 5, "中")


def test_no_token():
    assert tagged_spans("", [], [], [], "bio") == []


def test_mistakes_are_named():
    with pytest.raises(
        ValueError, match=r"one start, one end and one tag a token. Received: 1 starts, 1 ends, 2 tags"
    ):
        tagged_spans("a", [0], [1], ["O", "O"], "bio")
    with pytest.raises(ValueError, match="Byte offsets must lie between 0 and 1"):
        tagged_spans("a", [0], [2], ["B-X"], "bio")
    with pytest.raises(UserError, match="`NN` is not of the scheme bio"):
        tagged_spans("a", [0], [1], ["NN"], "bio")


@pytest.mark.parametrize("tokenizer", ["char", "word"])
@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=6, max_size=6), st.data())
def test_a_span_is_the_very_piece_of_the_string(tokenizer, texts, data):
    """Whatever the tags: characters and bytes name the same piece, which begins and ends with its tokens."""
    cuts = (part.to_list() for part in TOKENIZERS[tokenizer].tokenize_with_offsets(texts))
    for text, tokens, starts, ends in zip(texts, *cuts, strict=True):
        tags = data.draw(
            st.lists(
                st.sampled_from(["O", "B-X", "I-X", "E-X", "S-Y"]), min_size=len(tokens), max_size=len(tokens)
            )
        )
        place = 0
        for span in tagged_spans(text, starts, ends, tags, "bioes"):
            assert span.text == text[span.start : span.end]
            assert span.text.encode() == text.encode()[span.byte_start : span.byte_end]
            assert span.byte_start in starts and span.byte_end in ends
            assert place <= span.start < span.end
            place = span.end
