import pytest

from tfnlp.text import WordTokenizer

GOLDEN = [
    ("", []),
    (" \t\n\u3000", []),
    ("word", ["word"]),
    ("Don't stop, 3.5km!", ["don", "'", "t", "stop", ",", "3", ".", "5km", "!"]),
    ("我喜欢学习。", ["我", "喜", "欢", "学", "习", "。"]),
    ("（很好）！？《书》～", ["（", "很", "好", "）", "！", "？", "《", "书", "》", "～"]),
    ("买了iPhone手机ＡＢＣ１２", ["买", "了", "iphone", "手", "机", "ａｂｃ１２"]),
    ("カタカナとひらがな한국어 Привет", [*"カタカナとひらがな", "한국어", "привет"]),
    ("ok😀👍🏽👨\u200d👩 ❤\ufe0f", ["ok", "😀", "👍", "🏽", "👨", "👩", "❤"]),
    ("Cafe\u0301 CAFÉ", ["cafe\u0301", "café"]),
    ("İSTANBUL ΟΔΥΣΣΕΥΣ Οδυσσεύς", ["istanbul", "οδυσσευσ", "οδυσσεύσ"]),
    ("zero\u200bwidth soft\xadhy\0phen\ufeff", ["zerowidth", "softhyphen"]),
    ("a\u2028b\xa0c\x85d", ["a", "b", "c", "d"]),
    (b"\xe4abc\xff d\xf0\x9f", ["abc", "d"]),
    (b"\xff\xfe\x80", []),
    ("snake_case@mail.org", ["snake", "_", "case", "@", "mail", ".", "org"]),
    ("a\ud800b", ["ab"]),
]


@pytest.mark.parametrize(("text", "tokens"), GOLDEN)
def test_golden_words(text, tokens):
    assert [token.decode() for token in WordTokenizer().tokenize(text).numpy()] == tokens


def test_a_batch_gives_the_same_as_each_alone():
    batch = WordTokenizer().tokenize([text for text, _ in GOLDEN]).to_list()
    assert [[token.decode() for token in row] for row in batch] == [tokens for _, tokens in GOLDEN]


def test_without_lower_casing():
    assert WordTokenizer(lowercase=False).tokenize("Don İΣς").numpy().tolist() == [b"Don", "İΣς".encode()]


def test_offsets_by_hand():
    tokens, starts, ends = WordTokenizer().tokenize_with_offsets([" İs我 \u200bSo\u200bft。", "", b"\xe4a"])
    assert tokens.to_list() == [[b"is", "我".encode(), b"soft", "。".encode()], [], [b"a"]]
    assert starts.to_list() == [[1, 4, 11, 18], [], [1]]
    assert ends.to_list() == [[4, 7, 18, 21], [], [2]]


def test_detokenize():
    tokenizer = WordTokenizer()
    texts = ["我喜欢 tea and cake , 真的。", "", "one"]
    tokenizer.adapt(texts)
    expected = ["我喜欢tea and cake ,真的。", "", "one"]
    assert [text.decode() for text in tokenizer.detokenize(tokenizer(texts)).numpy()] == expected
    padded = tokenizer(["one", "tea and"]).to_tensor()
    assert tokenizer.detokenize(padded).numpy().tolist() == [b"one", b"tea and"]
    assert tokenizer.detokenize(tokenizer("zzz one")).numpy() == b"[UNK] one"


def test_special_tokens_in_a_text_are_words_like_others():
    tokenizer = WordTokenizer()
    tokenizer.set_vocabulary(["[PAD]", "[UNK]", "[", "]", "PAD", "pad"])
    assert tokenizer("[PAD] [UNK]").numpy().tolist() == [2, 5, 3, 2, 1, 3]
