"""Text that comes cut keeps its cuts, in the graph and in the twin."""

import pytest

from tfnlp.text import PythonPreprocessor, SpaceTokenizer

CORPUS = ["the <unk> 's N %", "the U.S. don't", "迈向 充满 希望 的 新 世纪"]


@pytest.fixture(scope="module")
def tokenizer():
    tokenizer = SpaceTokenizer()
    tokenizer.adapt(CORPUS)
    return tokenizer


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (" the <unk> 's N % ", ["the", "<unk>", "'s", "N", "%"]),
        ("U.S. don't", ["U.S.", "don't"]),
        ("迈向\u3000充满希望", ["迈向", "充满希望"]),
        ("a\tb\u00a0c", ["a", "b", "c"]),
        ("", []),
        (" \n ", []),
        ("😀👍🏽 !", ["😀👍🏽", "!"]),
        ("The THE", ["The", "THE"]),
    ],
)
def test_spaces_alone_cut(tokenizer, text, tokens):
    assert [token.decode() for token in tokenizer.tokenize(text).numpy()] == tokens
    assert (
        PythonPreprocessor(
            {"kind": "space", "lowercase": False, "max_tokens": 99, "truncate": "tail"},
            tokenizer.vocabulary.tokens,
        ).tokenize(text)
        == tokens
    )


def test_the_mark_of_rare_words_is_the_unknown_token(tokenizer):
    assert "<unk>" not in tokenizer.vocabulary
    assert tokenizer(["<unk> zzz"]).to_list() == [[1, 1]]


def test_lower_case_is_asked_for():
    tokenizer = SpaceTokenizer(lowercase=True)
    tokenizer.adapt(["The the"])
    assert tokenizer.vocabulary.tokens == ["[PAD]", "[UNK]", "the"]


def test_the_text_comes_back_with_a_space_between_tokens(tokenizer):
    for text in ["the U.S. don't %", "迈向 充满 希望"]:
        assert tokenizer.detokenize(tokenizer(text)).numpy().decode() == text
