import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text import CharacterTokenizer, TaggingPreprocessor, WordPieceTokenizer, WordTokenizer
from tfnlp.text.casing import CASINGS, casing_ids
from tfnlp.text.code_points import decode

SENTENCES = [["EU", "rejects", "German", "call"], ["We", "met", "我", "."]]
TEXTS = ["EU rejects", "", "We met 我 。", "🙂 x\u0301y Größe"]


def make(**settings):
    preprocessor = TaggingPreprocessor(WordTokenizer(), **{"max_characters": 4, "casing": True, **settings})
    preprocessor.adapt(SENTENCES)
    return preprocessor


def test_texts_and_their_tokens_are_read_alike():
    preprocessor = make()
    from_texts = preprocessor(TEXTS)
    tokens = [
        [text.encode()[start:end] for start, end in zip(starts, ends) if end]
        for text, starts, ends in zip(TEXTS, from_texts["starts"].numpy(), from_texts["ends"].numpy())
    ]
    assert tokens[0] == [b"EU", b"rejects"]
    assert tokens[3] == ["🙂".encode(), "x\u0301y".encode(), "Größe".encode()]
    from_tokens = preprocessor(tf.ragged.constant(tokens, dtype=tf.string))
    for name in ("token_ids", "char_ids", "casing"):
        np.testing.assert_array_equal(from_tokens[name], from_texts[name])


def test_ids_by_hand():
    preprocessor = make()
    found = preprocessor(tf.ragged.constant([["eu", "Call", "nowhere"], ["abcdefg"]]))
    index = preprocessor.vocabulary.index
    assert found["token_ids"].numpy().tolist() == [[index("eu"), index("call"), 1], [1, 0, 0]]
    letter = preprocessor.characters.vocabulary.index
    assert found["char_ids"][1, 0].numpy().tolist() == [letter("a"), 1, letter("f"), letter("g")]  # both ends
    assert found["char_ids"][0, 1].numpy().tolist() == [
        letter("C") or 1,
        letter("a"),
        letter("l"),
        letter("l"),
    ]
    assert (found["char_ids"][1, 1:].numpy() == 0).all()


def test_a_capitalised_word_falls_back_to_its_small_form():
    preprocessor = TaggingPreprocessor(WordTokenizer(lowercase=False))
    preprocessor.adapt([["we", "met", "Apple", "apple"]])
    index = preprocessor.vocabulary.index
    found = preprocessor(tf.ragged.constant([["We", "Apple", "APPLE", "Zebra"]]))["token_ids"].numpy()[0]
    assert found.tolist() == [index("we"), index("Apple"), index("apple"), 1]


@pytest.mark.parametrize(
    ("word", "casing"),
    [
        ("house", "lower"),
        ("mp3", "lower"),
        ("EU", "upper"),
        ("U.S.", "upper"),
        ("German", "title"),
        ("'Tis", "title"),
        ("I", "title"),
        ("Ärger", "title"),
        ("ДОМ", "upper"),
        ("McDonald", "mixed"),
        ("iPhone", "mixed"),
        ("1996-08-22", "digits"),
        ("７", "digits"),
        ("我", "other"),
        ("...", "other"),
        ("", "other"),
    ],
)
def test_casing(word, casing):
    [found] = casing_ids(decode(tf.constant([word]), lowercase=False)).numpy()
    assert CASINGS[found] == casing


def test_characters_as_tokens():
    preprocessor = TaggingPreprocessor(CharacterTokenizer())
    preprocessor.adapt([list("我喜欢 你")])
    index = preprocessor.vocabulary.index
    found = preprocessor(["我\t\t你A"])
    assert found["token_ids"].numpy().tolist() == [[index("我"), index(" "), index("你"), 1]]
    assert found["starts"].numpy().tolist() == [[0, 3, 5, 8]]
    ready = preprocessor(tf.ragged.constant([["我", "\t", "你", "A"], ["我你"]]))
    assert ready["token_ids"].numpy().tolist() == [[index("我"), index(" "), index("你"), 1], [1, 0, 0, 0]]


def test_words_of_a_file_stand_behind_those_of_training():
    preprocessor = TaggingPreprocessor(WordTokenizer())
    preprocessor.adapt([["a", "a", "b"]], words=["The", "a", "zoo"])
    assert preprocessor.vocabulary.tokens == ["[PAD]", "[UNK]", "a", "b", "the", "zoo"]


def test_saved_and_loaded(tmp_path):
    class Holder(keras.Model):
        def __init__(self, preprocessor, **kwargs):
            super().__init__(**kwargs)
            self.preprocessor = preprocessor
            self.built = True

        def call(self, texts):
            return self.preprocessor(texts)

        def get_config(self):
            return {"preprocessor": keras.saving.serialize_keras_object(self.preprocessor)}

        @classmethod
        def from_config(cls, config):
            return cls(keras.saving.deserialize_keras_object(config["preprocessor"]))

    preprocessor = make()
    Holder(preprocessor).save(tmp_path / "p.keras")
    again = keras.saving.load_model(tmp_path / "p.keras", custom_objects={"Holder": Holder}).preprocessor
    for name, part in preprocessor(TEXTS).items():
        np.testing.assert_array_equal(again(TEXTS)[name], part)
    assert again.get_config() == preprocessor.get_config()


def test_what_is_unknown_is_looked_up_in_its_other_width():
    preprocessor = TaggingPreprocessor(CharacterTokenizer())
    preprocessor.adapt([["２", "年", "Ａ", "％", "x"]])
    known, *typed = (
        preprocessor([text])["token_ids"][0].numpy().tolist() for text in ("２年Ａ％x", "2年a%ｘ", "２年A％X")
    )
    assert typed == [known, known]
    assert 1 not in known
    assert preprocessor(["3～"])["token_ids"].numpy().tolist() == [[1, 1]]


def test_mistakes_are_named():
    with pytest.raises(UserError, match=r"one of \('word', 'char', 'segmenter'\).*'wordpiece'"):
        TaggingPreprocessor(WordPieceTokenizer())
    with pytest.raises(UserError, match="max_characters"):
        TaggingPreprocessor(WordTokenizer(), max_characters=-1)
    with pytest.raises(UserError, match="no vocabulary yet"):
        TaggingPreprocessor(WordTokenizer())(["a"])
    with pytest.raises(UserError, match="no token to learn"):
        TaggingPreprocessor(WordTokenizer()).adapt([[], ["\u200b"]])
    with pytest.raises(UserError, match='tokenizer = "word"'):
        TaggingPreprocessor(CharacterTokenizer()).adapt([["whole", "words"]])
