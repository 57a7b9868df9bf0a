"""What a language model reads: ends, unknown words, and the way back to text."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text import (
    CharacterTokenizer,
    SentencePreprocessor,
    SpaceTokenizer,
    WordPieceTokenizer,
    WordTokenizer,
)

CORPUS = ["the cat sat", "the <unk> sat N", "我 喜欢 the cat"]


def adapted(tokenizer=None, **settings):
    preprocessor = SentencePreprocessor(tokenizer or SpaceTokenizer(), **settings)
    preprocessor.adapt(CORPUS)
    return preprocessor


def test_the_end_has_its_place():
    preprocessor = adapted()
    assert preprocessor.vocabulary.tokens[:4] == ["[PAD]", "[UNK]", "</s>", "the"]
    assert preprocessor.end_id == 2
    assert preprocessor.vocabulary_size == 3 + 6


def test_ids_ends_and_padding():
    preprocessor = adapted()
    the, cat = (preprocessor.vocabulary.index(word) for word in ("the", "cat"))
    np.testing.assert_array_equal(preprocessor(["the cat", "", "zzz"]), [[the, cat], [0, 0], [1, 0]])
    assert preprocessor.ragged_with_ends(["the cat", ""]).to_list() == [[the, cat, 2], [2]]
    np.testing.assert_array_equal(preprocessor([]), np.zeros((0, 1)))


def test_marks_in_a_text_are_no_marks():
    preprocessor = adapted()
    assert preprocessor.ragged(["</s> [PAD] [UNK]"]).to_list() == [[1, 1, 1]]
    with pytest.raises(UserError, match=r"</s>.*stands in the text"):
        SentencePreprocessor(SpaceTokenizer()).adapt(["a </s> b"])


@pytest.mark.parametrize("tokenizer", [WordTokenizer, CharacterTokenizer, SpaceTokenizer])
def test_every_tokenizer_brings_texts_back(tokenizer):
    preprocessor = adapted(tokenizer(lowercase=False))
    texts = ["the cat sat", "我 喜欢" if tokenizer is SpaceTokenizer else "我喜欢"]
    ids = preprocessor.ragged_with_ends(texts)
    assert [text.decode() for text in preprocessor.detokenize(ids).numpy()] == texts
    assert [text.decode() for text in preprocessor.detokenize(ids.to_tensor()).numpy()] == texts


def test_unknown_words_are_those_that_the_vocabulary_lacks():
    preprocessor = adapted()
    found = preprocessor.unknown_words(["the <unk> zzz", "[PAD] cat"])
    np.testing.assert_array_equal(found, [False, False, True, True, False])


def test_the_size_of_the_vocabulary_counts_the_end():
    assert adapted(SpaceTokenizer(max_size=5)).vocabulary.tokens == ["[PAD]", "[UNK]", "</s>", "the", "cat"]


def test_it_is_saved_and_loaded():
    preprocessor = adapted(max_tokens=7)
    config = json.loads(json.dumps(preprocessor.get_config()))
    twin = SentencePreprocessor.from_config(config)
    assert twin.max_tokens == 7
    twin.set_vocabulary(preprocessor.vocabulary)
    np.testing.assert_array_equal(twin(["cat 我"]), preprocessor(["cat 我"]))
    assert preprocessor.settings()["end_id"] == 2


def test_it_works_in_a_graph():
    preprocessor = adapted()
    traced = tf.function(preprocessor.call, input_signature=[tf.TensorSpec([None], tf.string)])
    texts = ["the cat", "", "我 zzz"]
    np.testing.assert_array_equal(traced(tf.constant(texts)), preprocessor(texts))
    assert preprocessor.compute_output_spec(keras.KerasTensor((3,), "string")).shape == (3, None)


def test_wrong_parts_are_refused():
    with pytest.raises(UserError, match="must be one of"):
        SentencePreprocessor(WordPieceTokenizer())
    with pytest.raises(UserError, match="max_tokens"):
        SentencePreprocessor(SpaceTokenizer(), max_tokens=0)
    with pytest.raises(UserError, match="'</s>' at place 2"):
        SentencePreprocessor(SpaceTokenizer()).set_vocabulary(["[PAD]", "[UNK]", "a"])
    with pytest.raises(UserError, match="no token to learn"):
        SentencePreprocessor(SpaceTokenizer()).adapt([" "])
