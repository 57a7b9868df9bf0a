import sys

import keras
import pytest
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text import SentencePieceTokenizer

CORPUS = ["the cat sat on the mat", "a dog sat on a log", "the dog and the cat", "我喜欢猫，也喜欢狗。"] * 10


@pytest.fixture(scope="module")
def tokenizer():
    tokenizer = SentencePieceTokenizer(max_size=80)
    tokenizer.adapt(CORPUS)
    return tokenizer


def test_special_pieces(tokenizer):
    assert tokenizer.vocabulary.tokens[:2] == ["[PAD]", "[UNK]"]
    assert not {"<s>", "</s>"} & set(tokenizer.vocabulary.tokens)
    assert len(tokenizer.vocabulary) <= 80
    assert tokenizer("Q").numpy().tolist()[-1] == 1
    assert tokenizer("").numpy().tolist() == []


def test_pieces_are_the_text_with_blanks_shown(tokenizer):
    for text in ("the cat sat", "我喜欢狗。", "THE Dog"):
        pieces = [piece.decode() for piece in tokenizer.tokenize(text).numpy()]
        assert "".join(pieces) == "▁" + text.lower().replace(" ", "▁")
        assert [tokenizer.vocabulary.index(piece) for piece in pieces] == tokenizer(text).numpy().tolist()


def test_offsets_slice_the_original(tokenizer):
    text = "The cat 我喜欢。"
    tokens, starts, ends = tokenizer.tokenize_with_offsets(text)
    raw = text.encode()
    for token, start, end in zip(tokens.numpy(), starts.numpy(), ends.numpy()):
        shown = raw[start:end].decode().lower().replace(" ", "▁")
        assert shown == token.decode() or "▁" + shown == token.decode()


def test_detokenize_returns_the_text(tokenizer):
    texts = ["the cat", "我喜欢狗。", ""]
    assert [t.decode() for t in tokenizer.detokenize(tokenizer(texts)).numpy()] == texts
    assert tokenizer.detokenize(tokenizer(texts).to_tensor()).numpy()[0] == b"the cat"
    assert tokenizer.detokenize(tokenizer("the cat")).numpy() == b"the cat"


def test_learning_is_deterministic(tokenizer):
    again = SentencePieceTokenizer(max_size=80)
    again.adapt(text for text in CORPUS)
    assert again.model == tokenizer.model


def test_texts_longer_than_a_training_sentence_are_learnt_from():
    tokenizer = SentencePieceTokenizer(max_size=40, model_type="bpe", lowercase=False)
    tokenizer.adapt(["我喜欢 Tea. " * 2000])
    assert "我" in "".join(tokenizer.vocabulary.tokens) and "T" in "".join(tokenizer.vocabulary.tokens)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"min_count": 2}, "knows no `min_count`"),
        ({"model_type": "word"}, "`model_type` must be one of"),
        ({"character_coverage": 0.5}, "between 0.9 and 1"),
    ],
)
def test_bad_settings_are_refused(kwargs, message):
    with pytest.raises(UserError, match=message):
        SentencePieceTokenizer(**kwargs)


def test_a_corpus_too_rich_for_the_size_names_the_cure():
    with pytest.raises(UserError, match="raise `max_size`"):
        SentencePieceTokenizer(max_size=5).adapt(["abcdefghijklmnopqrstuvwxyz " * 5])


def test_a_list_of_tokens_is_no_model(tokenizer):
    with pytest.raises(UserError, match="whole model"):
        SentencePieceTokenizer().set_vocabulary(["[PAD]", "[UNK]", "a"])
    with pytest.raises(UserError, match="no SentencePiece model"):
        SentencePieceTokenizer().set_model(b"nonsense")
    other = SentencePieceTokenizer()
    other.set_model(tokenizer.model)
    assert other("the cat").numpy().tolist() == tokenizer("the cat").numpy().tolist()


def test_missing_packages_name_the_cure(monkeypatch, tokenizer):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(UserError, match="pip install sentencepiece"):
        SentencePieceTokenizer().adapt(CORPUS)


def test_seeding_does_not_lose_the_model(tokenizer):
    expected = tokenizer("the cat").numpy().tolist()
    encode = tf.function(tokenizer)
    encode(["the cat"])
    keras.utils.set_random_seed(3)
    assert tokenizer("the cat").numpy().tolist() == expected
    assert encode(["the cat"])[0].numpy().tolist() == expected
