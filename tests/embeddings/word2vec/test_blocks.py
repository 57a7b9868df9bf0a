"""A step's stretch of the stream as overlapping blocks."""

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.embeddings.word2vec.blocks import BlockLayout


def test_blocks_overlap_by_two_windows():
    layout = BlockLayout(blocks=2, targets=4, window=2)
    stream = tf.range(12, dtype=tf.float32)[:, None]
    assert layout.overlap(stream)[:, :, 0].numpy().tolist() == [[*range(8)], [*range(4, 12)]]


@pytest.mark.parametrize("layout", [BlockLayout(3, 4, 2), BlockLayout(1, 5, 2), BlockLayout(2, 2, 1)])
def test_adding_up_is_the_gradient_of_overlapping(layout):
    length = layout.positions + 2 * layout.window
    stream = tf.Variable(tf.random.stateless_normal([length, 3], [1, 2]))
    with tf.GradientTape() as tape:
        rows = layout.overlap(stream)
        weights = tf.random.stateless_normal(rows.shape, [3, 4])
        value = tf.reduce_sum(rows * weights)
    gradient = tf.convert_to_tensor(tape.gradient(value, stream))
    np.testing.assert_allclose(layout.add_up(weights), gradient, rtol=1e-5)
    np.testing.assert_allclose(layout.add_up(weights[:, :, 0]), gradient[:, 0], rtol=1e-5)


def test_the_window_matrix():
    layout = BlockLayout(blocks=1, targets=4, window=2)
    matrix = layout.window_matrix(tf.constant([0, 1, 2, 0]), tf.constant([1, 2, 0, 0]))
    assert matrix[0].numpy().tolist() == [
        [0, 0, 0, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]


def test_a_block_must_hold_two_windows():
    with pytest.raises(ValueError, match="twice the window"):
        BlockLayout(1, 3, 2)


def test_the_means_of_the_windows():
    layout = BlockLayout(blocks=2, targets=3, window=1)
    left, right = tf.constant([0, 1, 1, 0, 0, 1]), tf.constant([1, 1, 0, 0, 1, 0])
    matrix = layout.window_matrix(left, right)
    mean, transposed = layout.mean_matrices(left, right)
    np.testing.assert_allclose(mean, tf.math.divide_no_nan(matrix, tf.reduce_sum(matrix, 2, keepdims=True)))
    np.testing.assert_array_equal(transposed, tf.transpose(mean, [0, 2, 1]))
