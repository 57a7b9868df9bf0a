import numpy as np

from tfnlp.encoders import TextCNN


def test_one_filter_by_hand():
    # One filter of width 2 that adds up both units of both tokens; vectors 1 -> (1, 0), 2 -> (0, 3), 3 -> (-5, 0).
    encoder = TextCNN(4, embedding_dim=2, filter_sizes=[2], filters=1, padding="valid")
    encoder.build((None, None))
    encoder.embedding.set_vectors(np.array([[9, 9], [1, 0], [0, 3], [-5, 0]], "float32"))
    encoder.convolutions[0].convolution.kernel.assign(np.ones((2, 2, 1)))
    # windows (1,2) = 4, (2,3) = -2 -> 0 by ReLU, (3,1) = -4 -> 0; the greatest is 4
    np.testing.assert_allclose(encoder(np.array([[1, 2, 3, 1, 0, 0]]))["pooled"], [[4.0]])
    # with "valid" a text shorter than the window has one, filled up with zeros
    np.testing.assert_allclose(encoder(np.array([[2, 0, 0]]))["pooled"], [[3.0]])


def test_two_channels_start_alike_and_one_stays():
    encoder = TextCNN(5, embedding_dim=3, filters=2, channels="both")
    encoder.build((None, None))
    tuned, static = encoder.embedding.tables
    np.testing.assert_array_equal(tuned.embeddings, static.embeddings)
    trainable = [weight.path for weight in encoder.trainable_weights]
    assert any("tuned" in path for path in trainable)
    assert not any("static" in path for path in trainable)
