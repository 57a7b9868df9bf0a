import numpy as np

from tfnlp.encoders import FixedWindow


def test_window_of_three_by_hand():
    encoder = FixedWindow(4, embedding_dim=1, window=3, hidden_units=1, activation="linear", pooling="sum")
    encoder.build((None, None))
    encoder.embedding.set_vectors(np.array([[9], [1], [2], [3]], "float32"))
    encoder.projection.kernel.assign([[100], [10], [1]])  # left neighbour, token, right neighbour
    outputs = encoder(np.array([[1, 2, 3, 0]]))
    np.testing.assert_allclose(np.ravel(outputs["sequence"])[:3], [0 + 10 + 2, 100 + 20 + 3, 200 + 30 + 0])
    np.testing.assert_allclose(outputs["pooled"], [[12 + 123 + 230]])
