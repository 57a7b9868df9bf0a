"""Both layers that read a word's spelling go through the same checks."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.layers import CharacterBiLSTM, CharacterCNN

MAKERS = {
    "cnn": lambda **more: CharacterCNN(9, embedding_dim=3, filters=4, window=3, **more),
    "bilstm": lambda **more: CharacterBiLSTM(9, embedding_dim=3, units=2, **more),
}
WORDS = np.array([[[3, 4, 5, 6], [7, 8, 0, 0]], [[2, 0, 0, 0], [0, 0, 0, 0]]], "int32")
every = pytest.mark.parametrize("kind", MAKERS)


@every
def test_a_vector_a_word(kind):
    layer = MAKERS[kind]()
    vectors = np.asarray(layer(WORDS))
    assert vectors.shape == (2, 2, layer.output_dim) == layer.compute_output_shape(WORDS.shape)
    assert (vectors[1, 1] == 0).all()  # a word without characters, as padding is
    assert (vectors[0, 0] != 0).any()


@every
def test_neither_padded_characters_nor_padded_words_change_a_vector(kind):
    layer = MAKERS[kind]()
    vectors = np.asarray(layer(WORDS))
    wider = np.pad(WORDS, [(0, 0), (0, 3), (0, 5)])
    np.testing.assert_allclose(layer(wider)[:, :2], vectors, atol=1e-6)
    np.testing.assert_allclose(layer(WORDS[:1, 1:, :2])[0, 0], vectors[0, 1], atol=1e-6)


@every
def test_config_round_trip_and_gradients(kind):
    layer = MAKERS[kind](dropout=0.2)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(layer(WORDS)))
    assert all(gradient is not None for gradient in tape.gradient(total, [w.value for w in layer.weights]))
    config = json.loads(json.dumps(layer.get_config()))
    twin = type(layer).from_config(config)
    assert twin.get_config() == layer.get_config()
    twin.build((None, None, None))
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(WORDS), layer(WORDS))


def test_the_cnn_by_hand():
    """One filter of width 3 that sums its window: the greatest sum of three neighbours, zeros past the ends."""
    layer = CharacterCNN(9, embedding_dim=1, filters=1, window=3, activation="linear")
    layer.build((None, None, None))
    table = np.arange(9, dtype="float32")[:, None]
    layer.set_weights([table, np.ones((3, 1, 1), "float32"), np.zeros(1, "float32")])
    np.testing.assert_allclose(layer(WORDS)[..., 0], [[4 + 5 + 6, 7 + 8], [2, 0]])
