"""Graph and twin, held to identical tokens and ids over all of Unicode."""

import functools
import subprocess
import sys
import zlib

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnlp.errors import UserError
from tfnlp.text import PythonPreprocessor, TextPreprocessor, tokenizer_class
from tfnlp.text.truncation import TRUNCATIONS
from tfnlp.text.vocabulary import Vocabulary

SPECIAL = ["[PAD]", "[UNK]"]
PIECES = [
    "a",
    "b",
    "##a",
    "##b",
    "ab",
    "##ab",
    "aba",
    "σ",
    "##σ",
    "i",
    "##i",
    "é",
    "##é",
    "\u0301",
    "##\u0301",
]
# letters that meet often, every kind of white space and nuisance, and then all of Unicode
AWKWARD = "ab AB\t\u3000\u2028\x85\x1c我。，！İΣςéÉ\u0301\u200b\u200d\ufeff\0\ufffd\ufe0f😀👍🏽Ａａ_'\uffff\U0001fffe"
texts = st.text() | st.text(AWKWARD) | st.text(AWKWARD + "abab   ", min_size=5)
BROKEN = [
    b"a",
    b" ",
    b"\xe6",
    b"\x88\x91",
    b"\xe6\x88\x91",
    b"\xf0\x9f\x98",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xff",
]
broken = st.lists(st.sampled_from(BROKEN)).map(b"".join)
batches = st.lists(texts | texts.map(str.encode) | st.binary() | broken, max_size=6)
kinds = pytest.mark.parametrize("kind", ["word", "char", "space", "wordpiece"])
cases = pytest.mark.parametrize("lowercase", [True, False])


@functools.cache
def graph_tokens(kind, lowercase):
    tokenizer = tokenizer_class(kind)(lowercase=lowercase)
    return tf.function(tokenizer.tokenize_with_offsets, input_signature=[tf.TensorSpec([None], tf.string)])


def twin(kind, lowercase, tokens=SPECIAL, max_tokens=1_000_000, truncate="tail"):
    chosen = {"kind": kind, "lowercase": lowercase, "max_tokens": max_tokens, "truncate": truncate}
    return PythonPreprocessor(chosen, tokens)


def as_bytes(text):
    return text.encode() if isinstance(text, str) else text


@cases
@pytest.mark.parametrize("kind", ["word", "char", "space"])
@settings(max_examples=100, deadline=None)
@given(batch=batches)
def test_tokens_agree_and_offsets_slice_back(kind, lowercase, batch):
    raw = [as_bytes(text) for text in batch]
    tokens, starts, ends = graph_tokens(kind, lowercase)(tf.constant(raw, tf.string))
    python = twin(kind, lowercase)
    assert [[token.decode() for token in row] for row in tokens.to_list()] == [
        python.tokenize(text) for text in batch
    ]
    for text, *columns in zip(raw, tokens.to_list(), starts.to_list(), ends.to_list()):
        for token, start, end in zip(*columns):
            if token != b" ":
                assert python.tokenize(text[start:end]) == [token.decode()]
            else:  # a run of white space: nothing when alone, one blank between letters
                assert python.tokenize(b"a" + text[start:end] + b"a") == ["a", " ", "a"]


@cases
@kinds
@settings(max_examples=15, deadline=None)
@given(batch=batches, max_tokens=st.integers(1, 9))
def test_ids_agree_in_every_truncation(kind, lowercase, batch, max_tokens):
    if kind == "wordpiece":
        tokens = PIECES
    else:  # every other token of these texts is known
        seen = {token for text in batch for token in twin(kind, lowercase).tokenize(text)}
        tokens = sorted(token for token in seen if zlib.crc32(token.encode()) % 2)
    tokenizer = tokenizer_class(kind)(lowercase=lowercase)
    tokenizer.set_vocabulary(SPECIAL + tokens)
    for truncate in TRUNCATIONS:
        preprocessor = TextPreprocessor(tokenizer, max_tokens, truncate)
        python = PythonPreprocessor(preprocessor.settings(), preprocessor.vocabulary.tokens)
        assert preprocessor.ragged(batch).to_list() == [python(text) for text in batch]


@functools.cache
def wordpiece():
    tokenizer = tokenizer_class("wordpiece")()
    tokenizer.set_vocabulary(SPECIAL + PIECES)
    return tokenizer, tf.function(
        tokenizer.tokenize_with_offsets, input_signature=[tf.TensorSpec([None], tf.string)]
    )


@settings(max_examples=100, deadline=None)
@given(batch=batches)
def test_word_pieces_agree_and_offsets_slice_back(batch):
    raw = [as_bytes(text) for text in batch]
    tokens, starts, ends = wordpiece()[1](tf.constant(raw, tf.string))
    python, words = twin("wordpiece", True, SPECIAL + PIECES), twin("word", True)
    assert [[token.decode() for token in row] for row in tokens.to_list()] == [
        python.tokenize(text) for text in batch
    ]
    for text, *columns in zip(raw, tokens.to_list(), starts.to_list(), ends.to_list()):
        for token, start, end in zip(*columns):
            word = words.tokenize(text[start:end])
            assert len(word) == 1 and token.decode() in ("[UNK]", word[0], "##" + word[0])


@pytest.mark.parametrize(("kind", "lowercase"), [("word", True), ("char", False)])
def test_every_code_point_agrees(kind, lowercase):
    """All 1,112,064 of them, each between two letters: a page of 256 to a text."""
    pages = [range(first, first + 256) for first in range(0, 0x110000, 256) if not 0xD800 <= first < 0xE000]
    everything = ["x".join(map(chr, page)) for page in pages]
    python = twin(kind, lowercase)
    tokens = graph_tokens(kind, lowercase)(tf.constant(everything))[0]
    joined = tf.strings.reduce_join(tokens, axis=-1, separator="\n").numpy()
    for text, row in zip(everything, joined):
        assert row.decode() == "\n".join(python.tokenize(text)), f"page {ord(text[0]):X}"


def megabyte(kind):
    return {"long": "我喜欢 Tea, Ünï " * 47_663, "unbroken": "x" * 1_000_000}[kind]


@kinds
@pytest.mark.parametrize("shape", ["long", "unbroken"])
def test_a_megabyte(kind, shape):
    text = megabyte(shape)
    tokenizer = tokenizer_class(kind)()
    tokenizer.set_vocabulary([*SPECIAL, "我", "tea", "t", "ünï", " ", "x", "##x"])
    for truncate in ("tail", "middle"):
        preprocessor = TextPreprocessor(tokenizer, 250_001, truncate)
        python = PythonPreprocessor(preprocessor.settings(), preprocessor.vocabulary.tokens)
        ids = python(text)
        assert preprocessor(["", text]).numpy()[1].tolist() == ids
        words = 3 * 47_663 if kind == "space" else 250_001
        assert len(ids) == (words if shape == "long" or kind == "char" else 1)


@settings(max_examples=100, deadline=None)
@given(batch=batches)
def test_sentencepiece_agrees(batch):
    preprocessor, python = sentencepiece()
    assert preprocessor.ragged(batch).to_list() == [python(text) for text in batch]


@functools.cache
def sentencepiece():
    tokenizer = tokenizer_class("sentencepiece")(max_size=60)
    tokenizer.adapt(["aba ab b a ba", "我 a。，b", "éb σ i"] * 20)
    preprocessor = TextPreprocessor(tokenizer, 9, "middle")
    return preprocessor, PythonPreprocessor(preprocessor.settings(), preprocessor.vocabulary.tokens)


def test_importing_the_twin_starts_nothing_heavy():
    heavy = "('tensorflow', 'keras', 'numpy', 'scipy', 'tensorflow_text', 'sentencepiece')"
    code = f"import sys, tfnlp.text.twin; print([name for name in {heavy} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_by_hand():
    python = twin("char", True, [*SPECIAL, "我", "b", " "], 4)
    assert python(" 我 Bé b ") == [2, 4, 3, 1]
    assert python("") == []
    assert python("\ud800我") == [2]
    assert twin("word", False, [*SPECIAL, "Tea", "我"])("Tea tea我") == [2, 1, 3]


def test_bytes_that_are_the_same_text_give_the_same_ids():
    python = twin("word", True, [*SPECIAL, "我", "tea"])
    assert python("我 Tea") == python("我 Tea".encode()) == [2, 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "words"}, "Did you mean `word`"),
        ({"truncate": "end"}, "`truncate` must be one of"),
        ({"max_tokens": 0}, "`max_tokens`"),
        ({"unicode": "3.2.0"}, "character table of Unicode 3.2.0"),
        ({"kind": "sentencepiece"}, "need `model`"),
    ],
)
def test_bad_settings_are_refused(changes, message):
    chosen = {"kind": "word", "lowercase": True, "max_tokens": 3, "truncate": "tail", **changes}
    with pytest.raises(UserError, match=message):
        PythonPreprocessor(chosen, SPECIAL)


def test_missing_settings_and_packages_are_named(monkeypatch):
    with pytest.raises(UserError, match=r"lack \['lowercase', 'max_tokens', 'truncate'\]"):
        PythonPreprocessor({"kind": "word"}, SPECIAL)
    preprocessor, _ = sentencepiece()
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(UserError, match="pip install sentencepiece"):
        PythonPreprocessor(preprocessor.settings(), preprocessor.vocabulary.tokens)


def test_vocabulary_is_checked():
    with pytest.raises(UserError, match="must begin with"):
        twin("word", True, ["a"])
    assert Vocabulary(SPECIAL).tokens == SPECIAL
