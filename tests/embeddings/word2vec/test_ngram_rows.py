"""Words whose vectors are made of their n-grams' rows."""

import numpy as np
import tensorflow as tf

from tfnlp.embeddings.word2vec.char_ngrams import CharNgrams
from tfnlp.embeddings.word2vec.ngram_rows import NgramRows

WORDS = ["where", "there", "民", "人民", "x"]
NGRAMS = CharNgrams(2, 3, 100_000)


def rows_of(side, word):
    numbers, _ = NGRAMS([WORDS[word]])
    return [word, *(len(WORDS) + np.searchsorted(side.seen, numbers))]


def test_a_vector_is_the_mean_of_its_rows():
    side = NgramRows(WORDS, NGRAMS, 8, seed=1)
    table = side.variables[0].numpy()
    ids = np.array([[3, 0], [0, 4]], np.int32)
    vectors = tf.function(side.look_up)(ids)
    assert vectors.shape == (2, 2, 8)
    for place, word in np.ndenumerate(ids):
        np.testing.assert_allclose(vectors[place], table[rows_of(side, word)].mean(axis=0), rtol=1e-5)


def test_only_what_the_vocabulary_has_takes_memory():
    side = NgramRows(WORDS, NGRAMS, 8, seed=1)
    distinct = {number for word in WORDS for number in NGRAMS([word])[0].tolist()}
    assert side.variables[0].shape == (len(WORDS) + len(distinct), 8)


def test_each_row_takes_the_whole_gradient():
    side = NgramRows(WORDS, NGRAMS, 8, seed=1)
    table = side.variables[0].numpy()
    ids = np.array([[0, 1, 0]], np.int32)  # `where` and `there` share `he her er ere re re> e>`
    gradients = np.eye(8, dtype=np.float32)[None, [0, 1, 0]] * np.array([[1.0], [2.0], [3.0]], np.float32)
    expected = table.astype(np.float64)
    for word, gradient in zip(ids[0], gradients[0]):
        for row in rows_of(side, word):
            expected[row] -= 0.1 * gradient
    tf.function(side.descend)(ids, gradients, np.ones((1, 3), np.float32), 0.1)
    np.testing.assert_allclose(side.variables[0].numpy(), expected, rtol=1e-5, atol=1e-6)
    moved = np.abs(expected - table).max(axis=1) > 0
    assert sorted(np.flatnonzero(moved)) == sorted({*rows_of(side, 0), *rows_of(side, 1)})


def test_a_word_moves_as_far_as_a_row_of_its_own_would():
    side = NgramRows(["民"], NGRAMS, 8, seed=1)
    before = side.look_up(np.array([0])).numpy()
    gradient = np.array([[1.0, -2.0, 0, 0, 0, 0, 0, 0]], np.float32)
    side.descend(np.array([0]), gradient, np.ones(1, np.float32), 0.25)
    np.testing.assert_allclose(side.look_up(np.array([0])), before - 0.25 * gradient, rtol=1e-4)


def test_what_was_learnt_serves_unseen_words():
    side = NgramRows(WORDS, NGRAMS, 3, seed=1)
    table = side.variables[0].numpy()
    unseen = side.unseen()
    np.testing.assert_allclose(unseen("人民"), table[rows_of(side, 3)[1:]].mean(axis=0)[:3], rtol=1e-5)
    assert unseen("her") is not None
    assert unseen("zzz") is None
