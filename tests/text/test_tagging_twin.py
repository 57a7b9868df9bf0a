"""A phone must cut and number a text as the graph does, on every text."""

import random

import pytest
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.export.awkward_texts import AWKWARD_TEXTS
from tfnlp.text import CharacterTokenizer, TaggingPreprocessor, WordTokenizer
from tfnlp.text.pieces import piece_ends
from tfnlp.text.tagging_twin import PythonTaggingPreprocessor

SENTENCES = [
    ["Ada", "Lovelace", "went", "to", "Rome", "."],
    ["我", "在", "罗", "马", "é", "x1"],
    ["the", "USA"],
    ["２０", "％", "Ｂ", "9"],
]


def both(kind, lowercase):
    preprocessor = TaggingPreprocessor(kind(lowercase=lowercase), max_characters=5, casing=True)
    preprocessor.adapt(SENTENCES if kind is WordTokenizer else [list("".join(row)) for row in SENTENCES])
    letters = preprocessor.characters.vocabulary.tokens
    return preprocessor, PythonTaggingPreprocessor(
        preprocessor.settings(), preprocessor.vocabulary.tokens, letters
    )


def random_texts():
    chosen = random.Random(4)
    kinds = [
        lambda: chosen.randrange(32, 127),
        lambda: chosen.randrange(0x4E00, 0x4F00),
        lambda: chosen.randrange(0xD800),
        lambda: chosen.randrange(0xE000, 0x110000),
        lambda: chosen.choice([0x20, 0x09, 0x3000, 0x200B, 0xFFFD, 0x41, 0x61]),
    ]
    texts = ["".join(chr(chosen.choice(kinds)()) for _ in range(40)).encode() for _ in range(300)]
    return texts + [bytes(chosen.randrange(256) for _ in range(30)) for _ in range(300)]


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("kind", [WordTokenizer, CharacterTokenizer])
def test_tokens_places_and_ids_are_those_of_the_graph(kind, lowercase):
    preprocessor, twin = both(kind, lowercase)
    texts = [text.content for text in AWKWARD_TEXTS if len(text.content) < 10_000] + random_texts()
    tokens, starts, ends = preprocessor.tokenize(texts)
    for text, *expected in zip(texts, tokens.to_list(), starts.to_list(), ends.to_list(), strict=True):
        found = twin.tokenize(text)
        assert [[token.encode() for token in found.tokens], found.starts, found.ends] == expected, text
    # Ready tokens may be what no text is cut into.
    words = [
        *tokens.values.numpy().tolist(),
        b"[PAD]",
        b"[UNK]",
        b"",
        b"New York",
        b" a",
        b"\xff",
        "ǅA".encode(),
        "20 ２0 % ％ b ｂ Ｂ 9 ９ ＵＳＡ ＲＯＭＥ ～".encode(),
        *"20 ２0 % ％ b ｂ Ｂ 9 ９ ＵＳＡ ｕｓＡ ＲＯＭＥ ～ ｘ１".encode().split(),
    ]
    features = preprocessor.features(tf.constant(words))
    words = [word.decode("utf-8", "replace") for word in words]
    assert [twin.token_id(word) for word in words] == features["token_ids"].numpy().tolist()
    assert [twin.character_ids(word) for word in words] == features["char_ids"].to_list()
    assert [twin.casing_id(word) for word in words] == features["casing"].numpy().tolist()
    assert features["token_ids"].numpy().min() == 1


def test_a_str_with_a_lone_surrogate_is_read_as_its_broken_bytes():
    _, twin = both(WordTokenizer, True)
    assert twin.tokenize("a\ud800b c").tokens == ["ab", "c"]


def test_another_unicode_table_is_told():
    with pytest.raises(UserError, match=r"Unicode 3\.2"):
        PythonTaggingPreprocessor({"unicode": "3.2"}, ["[PAD]", "[UNK]"])


@pytest.mark.parametrize(
    ("text", "longest", "ends"),
    [
        ("", 4, [0]),
        ("abcd", 4, [4]),
        ("abcde", 4, [4, 5]),
        ("ab.cdefg", 4, [3, 7, 8]),
        ("a.bcdefg", 4, [4, 8]),  # the stop is in the first half: a piece would be short
        ("ab,c。d", 4, [3, 6]),
        ("ab.c,d", 5, [3, 6]),  # a stop before a comma
        ("....", 1, [1, 2, 3, 4]),
    ],
)
def test_a_long_text_is_cut_behind_a_stop_in_the_second_half_of_a_piece(text, longest, ends):
    assert piece_ends(list(text), longest) == ends
