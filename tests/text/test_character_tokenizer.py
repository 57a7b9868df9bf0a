import pytest

from tfnlp.text import CharacterTokenizer

GOLDEN = [
    ("", ""),
    (" \t\n\u3000", ""),
    ("A", "a"),
    ("  Hi \t\n you \u3000", "hi you"),
    ("我喜欢，ＴＥＡ！", "我喜欢，ｔｅａ！"),
    ("e\u0301😀👍🏽❤\ufe0f", "e\u0301😀👍🏽❤"),
    ("İΣς", "iσσ"),
    ("a \u200b b\0c\ufeff", "a bc"),
    ("\u200b x", "x"),
    ("x \u200b", "x"),
    (b"\xe4abc\xff d\xf0\x9f", "abc d"),
    (b"\xff", ""),
]


@pytest.mark.parametrize(("text", "tokens"), GOLDEN)
def test_golden_characters(text, tokens):
    assert [token.decode() for token in CharacterTokenizer().tokenize(text).numpy()] == list(tokens)


def test_a_batch_gives_the_same_as_each_alone():
    batch = CharacterTokenizer().tokenize([text for text, _ in GOLDEN]).to_list()
    assert [b"".join(row).decode() for row in batch] == [tokens for _, tokens in GOLDEN]


def test_offsets_by_hand():
    tokens, starts, ends = CharacterTokenizer().tokenize_with_offsets([" 我 \u200b\tİ  ", "  ", "b"])
    assert tokens.to_list() == [["我".encode(), b" ", b"i"], [], [b"b"]]
    assert starts.to_list() == [[1, 4, 9], [], [0]]
    assert ends.to_list() == [[4, 9, 11], [], [1]]


def test_detokenize_returns_the_text():
    tokenizer = CharacterTokenizer()
    texts = ["我喜欢 tea!", "", "a"]
    tokenizer.adapt(texts)
    assert [text.decode() for text in tokenizer.detokenize(tokenizer(texts)).numpy()] == texts
    assert tokenizer.detokenize(tokenizer(texts).to_tensor()).numpy().tolist() == [t.encode() for t in texts]


def test_white_space_has_an_id():
    tokenizer = CharacterTokenizer()
    tokenizer.set_vocabulary(["[PAD]", "[UNK]", "b", " ", "我", "ab"])
    assert tokenizer(" ab\n\n我 ").numpy().tolist() == [1, 2, 3, 4]
