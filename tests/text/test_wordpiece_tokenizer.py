import pytest

from tfnlp.errors import UserError
from tfnlp.text import WordPieceTokenizer

TOKENS = ["[PAD]", "[UNK]", "我", "un", "##able", "##a", "##ble", "able", ",", "is", "##t", "##an"]
ENGLISH = [
    "the greatest walker talked",
    "they are walking and talking",
    "a better talker walked to the greatest",
]


@pytest.fixture(scope="module")
def tokenizer():
    tokenizer = WordPieceTokenizer()
    tokenizer.set_vocabulary(TOKENS)
    return tokenizer


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("  ", []),
        ("Unable, able我unx", ["un", "##able", ",", "able", "我", "[UNK]"]),
        ("İstan unable\u200bt", ["is", "##t", "##an", "un", "##able", "##t"]),
        ("un" + "able" * 24, ["un"] + ["##able"] * 24),  # 98 bytes
        ("un" + "able" * 25, ["[UNK]"]),  # 102 bytes
        (b"\xffun\xe4able", ["un", "##able"]),
        ("喜欢", ["[UNK]", "[UNK]"]),
    ],
)
def test_golden_pieces(tokenizer, text, pieces):
    assert [piece.decode() for piece in tokenizer.tokenize(text).numpy()] == pieces
    assert tokenizer(text).numpy().tolist() == [TOKENS.index(piece) for piece in pieces]


def test_offsets_by_hand(tokenizer):
    tokens, starts, ends = tokenizer.tokenize_with_offsets([" İ\u200bstan我Unxx", "", "UNable"])
    assert [[t.decode() for t in row] for row in tokens.to_list()] == [
        ["is", "##t", "##an", "我", "[UNK]"],
        [],
        ["un", "##able"],
    ]
    assert starts.to_list() == [[1, 7, 8, 10, 13], [], [0, 2]]
    assert ends.to_list() == [[7, 8, 10, 13, 17], [], [2, 6]]


def test_detokenize(tokenizer):
    texts = ["unable able我,unable", ""]
    assert [t.decode() for t in tokenizer.detokenize(tokenizer(texts)).numpy()] == [
        "unable able我, unable",
        "",
    ]


def test_learning_is_deterministic_and_bounded():
    first, second = WordPieceTokenizer(max_size=60), WordPieceTokenizer(max_size=60)
    first.adapt(ENGLISH * 5 + ["我喜欢。", "我"])
    second.adapt(["我", *ENGLISH * 5, "我喜欢。"])
    assert first.vocabulary == second.vocabulary
    assert len(first.vocabulary) <= 60
    assert first.vocabulary.tokens[2] == "我"
    assert "[UNK]" not in [p.decode() for p in first.tokenize(ENGLISH).flat_values.numpy()]
    assert {"the", "walking"} <= set(first.vocabulary.tokens)
    assert not any(token == "##我" for token in first.vocabulary.tokens)


def test_min_count_leaves_out_rare_words():
    tokenizer = WordPieceTokenizer(min_count=2)
    tokenizer.adapt(["我喜 xyz", "我 able able"])
    assert "喜" not in tokenizer.vocabulary and "xyz" not in tokenizer.vocabulary
    assert "我" in tokenizer.vocabulary and "able" in tokenizer.vocabulary


def test_a_corpus_without_words_of_letters():
    tokenizer = WordPieceTokenizer()
    tokenizer.adapt(["我喜欢", "我"])
    assert tokenizer.vocabulary.tokens[:3] == ["[PAD]", "[UNK]", "我"]


def test_without_a_vocabulary():
    with pytest.raises(UserError, match="no vocabulary yet"):
        WordPieceTokenizer().tokenize(["a"])
