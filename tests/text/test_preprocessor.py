import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text import CharacterTokenizer, TextPreprocessor, WordTokenizer

TEXTS = ["a b c d e", "", "b a", "  ", "我"]


@pytest.fixture
def preprocessor():
    tokenizer = WordTokenizer()
    tokenizer.set_vocabulary(["[PAD]", "[UNK]", "a", "b", "c", "d", "e"])
    return TextPreprocessor(tokenizer, max_tokens=4)


def test_pads_to_the_longest_of_the_batch(preprocessor):
    ids = preprocessor(TEXTS)
    assert ids.dtype == tf.int32
    assert ids.numpy().tolist() == [[2, 3, 4, 5], [0, 0, 0, 0], [3, 2, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert preprocessor(["b a", "c"]).numpy().tolist() == [[3, 2], [4, 0]]


def test_time_is_at_least_one(preprocessor):
    assert preprocessor(["", " "]).numpy().tolist() == [[0], [0]]
    assert preprocessor([""]).numpy().tolist() == [[0]]
    assert preprocessor([]).shape == (0, 1)


def test_one_text(preprocessor):
    assert preprocessor("a b").numpy().tolist() == [2, 3]
    assert preprocessor("").numpy().tolist() == [0]
    assert preprocessor.ragged("").numpy().tolist() == []


@pytest.mark.parametrize(
    ("truncate", "expected"),
    [("tail", [2, 3, 4]), ("head", [4, 5, 6]), ("both", [3, 4, 5]), ("middle", [2, 3, 6])],
)
def test_truncations(truncate, expected):
    for tokenizer, text in ((WordTokenizer(), "a b c d e"), (CharacterTokenizer(), " abcde ")):
        tokenizer.set_vocabulary(["[PAD]", "[UNK]", "a", "b", "c", "d", "e"])
        ids = TextPreprocessor(tokenizer, 3, truncate).ragged([text, "", "a", text])
        assert ids.to_list() == [expected, [], [2], expected]


@pytest.mark.parametrize("texts", [TEXTS, np.array(TEXTS), np.array(TEXTS, object), tf.constant(TEXTS)])
def test_every_form_of_input(preprocessor, texts):
    assert preprocessor(texts).numpy().tolist() == preprocessor(tf.constant(TEXTS)).numpy().tolist()


def test_inside_tf_data_in_parallel(preprocessor):
    texts = [f"{'a ' * (i % 7)}b" for i in range(200)]
    expected = preprocessor.ragged(texts).to_list()
    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(16).map(preprocessor, num_parallel_calls=4)
    got = [[i for i in row if i] for batch in dataset for row in batch.numpy().tolist()]
    assert got == expected


def test_inside_a_functional_model(preprocessor):
    inputs = keras.Input((), dtype="string")
    outputs = preprocessor(inputs)
    assert outputs.shape == (None, None) and outputs.dtype == "int32"
    model = keras.Model(inputs, outputs)
    assert model(tf.constant(["a b", "c"])).numpy().tolist() == [[2, 3], [4, 0]]


def test_config_round_trip_and_settings(preprocessor):
    config = json.loads(json.dumps(preprocessor.get_config()))
    restored = TextPreprocessor.from_config(config)
    assert restored.get_config() == preprocessor.get_config()
    assert isinstance(restored.tokenizer, WordTokenizer)
    settings = json.loads(json.dumps(preprocessor.settings()))
    assert {key: settings[key] for key in ("kind", "lowercase", "max_tokens", "truncate")} == {
        "kind": "word",
        "lowercase": True,
        "max_tokens": 4,
        "truncate": "tail",
    }


def test_adapt_goes_to_the_tokenizer():
    preprocessor = TextPreprocessor(CharacterTokenizer())
    preprocessor.adapt(["ab a"])
    assert preprocessor.vocabulary.tokens == ["[PAD]", "[UNK]", "a", " ", "b"]
    assert preprocessor.vocabulary_size == 5


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [({"max_tokens": 0}, "`max_tokens`"), ({"truncate": "heads"}, "Did you mean `head`")],
)
def test_bad_settings_are_refused(kwargs, message):
    with pytest.raises(UserError, match=message):
        TextPreprocessor(WordTokenizer(), **kwargs)


def test_numbers_instead_of_texts_are_refused(preprocessor):
    with pytest.raises(UserError, match="Texts must be strings"):
        preprocessor(np.array([1, 2]))
