import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnlp.evaluation import read_text, text_segments
from tfnlp.text import CharacterTokenizer, SentencePieceTokenizer, TextPreprocessor, WordTokenizer

CORPUS = ["a fine film, not bad", "这部电影很好看", "ａｂｃ ㎏ naïve"]


def preprocessor(tokenizer=None, **settings):
    layer = TextPreprocessor(tokenizer or WordTokenizer(), **settings)
    layer.adapt(CORPUS)
    return layer


def cut(text, tokenizer=None, **settings):
    """The pieces that bear a value, with the numbers of their tokens."""
    reading = read_text(preprocessor(tokenizer, **settings), text)
    pieces = text_segments(reading, [1.0] * len(reading.token_ids))
    assert "".join(piece.text for piece in pieces) == reading.text
    return [(piece.text, piece.value) for piece in pieces if piece.value is not None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A  fine\tfilm!", [("A", 1), ("fine", 1), ("film", 1), ("!", 1)]),
        ("这部电影，ＡＢＣ！", [*((c, 1) for c in "这部电影，"), ("ＡＢＣ", 1), ("！", 1)]),
        ("ok 👍🏽 ok", [("ok", 1), ("👍🏽", 2), ("ok", 1)]),  # emoji and skin colour: two tokens, one sign
        ("👩\u200d👩\u200d👧", [("👩\u200d👩\u200d👧", 3)]),  # the joiners are no tokens
        ("🇨🇳🇫🇷", [("🇨🇳", 2), ("🇫🇷", 2)]),
        ("❤\ufe0f!", [("❤\ufe0f", 1), ("!", 1)]),
        ("cafe\u0301", [("cafe\u0301", 1)]),
        ("한국어", [("한국어", 1)]),
    ],
)
def test_a_segment_is_what_a_reader_takes_for_one_thing(text, expected):
    assert cut(text) == expected


def test_marks_stay_with_their_letters_when_tokens_are_characters():
    assert cut("e\u0301a", CharacterTokenizer()) == [("e\u0301", 2), ("a", 1)]
    assert cut("\u1112\u1161\u11ab", CharacterTokenizer()) == [("\u1112\u1161\u11ab", 3)]
    assert cut("कि", CharacterTokenizer()) == [("कि", 2)]


def test_tokens_without_characters_of_their_own_count_where_they_stand():
    # SentencePiece reads ㎏ as k and g, and a space as a mark before the word
    assert sum(value for _, value in cut("a ㎏", SentencePieceTokenizer(max_size=40))) == len(
        read_text(preprocessor(SentencePieceTokenizer(max_size=40)), "a ㎏").token_ids
    )
    assert cut("a ㎏", SentencePieceTokenizer(max_size=40))[-1][0] == "㎏"


@pytest.mark.parametrize(
    ("truncate", "read"),
    [("tail", "abc"), ("head", "cde"), ("both", "bcd"), ("middle", "abe")],
)
def test_what_truncation_takes_is_not_read(truncate, read):
    reading = read_text(preprocessor(max_tokens=3, truncate=truncate), "a b c d e")
    pieces = text_segments(reading, [1.0, 2.0, 3.0])
    assert [(p.text, p.value) for p in pieces if p.value] == list(zip(read, [1, 2, 3]))
    assert [c for p in pieces if not p.read for c in p.text if c != " "] == [
        c for c in "abcde" if c not in read
    ]
    assert [token.read for token in reading.tokens] == [c in read for c in "abcde"]
    assert reading.words(0, 3) == {"middle": "a b … e"}.get(truncate, " ".join(read))


def test_unknown_tokens_are_told():
    reading = read_text(preprocessor(), "a Zebra")
    assert [(token.token, token.known) for token in reading.tokens] == [("a", True), ("[UNK]", False)]
    assert reading.text[reading.tokens[1].start : reading.tokens[1].end] == "Zebra"


def test_broken_bytes_and_lone_surrogates():
    assert read_text(preprocessor(), b"fine \xff\xfe film").text == "fine \ufffd\ufffd film"
    assert [t.start for t in read_text(preprocessor(), b"fine \xff\xfe film").tokens] == [0, 8]
    assert [t.token for t in read_text(preprocessor(), "fine \udcff film").tokens] == ["fine", "film"]


def test_long_text_that_is_not_read_is_shown_short():
    reading = read_text(preprocessor(max_tokens=1), "fine" + " film" * 10_000)
    pieces = text_segments(reading, [1.0])
    assert len(pieces) == 3  # the word, a space, all the rest
    assert len(pieces[-1].shown) < 150 and "left out" in pieces[-1].shown
    assert len(pieces[-1].text) > 49_000


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters() | st.sampled_from("\u200d\u0301👍🏽🇨\u1161 ㎏\ufe0f"), max_size=30))
@pytest.mark.parametrize("tokenizer", [WordTokenizer, CharacterTokenizer])
def test_segments_are_the_text_and_keep_every_value(tokenizer, text):
    reading = read_text(PREPROCESSORS[tokenizer], text)
    values = np.arange(1.0, 1 + len(reading.token_ids))
    pieces = text_segments(reading, values.tolist())
    assert "".join(piece.text for piece in pieces) == reading.text
    assert sum(piece.value or 0 for piece in pieces) == values.sum()


PREPROCESSORS = {
    kind: preprocessor(kind(), max_tokens=8, truncate="middle")
    for kind in (WordTokenizer, CharacterTokenizer)
}
