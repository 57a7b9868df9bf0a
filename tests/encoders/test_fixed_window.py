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


def test_a_causal_window_by_hand_with_direct_connections():
    encoder = FixedWindow(
        4, embedding_dim=1, window=3, hidden_units=1, activation="linear", causal=True, direct=True
    )
    encoder.build((None, None))
    encoder.embedding.set_vectors(np.array([[9], [1], [2], [3]], "float32"))
    encoder.projection.kernel.assign([[100], [10], [1]])  # the token before the last, the last, this one
    sequence = np.asarray(encoder(np.array([[1, 2, 3, 0]]))["sequence"])[0, :3]
    assert encoder.sequence_dim == 4
    np.testing.assert_allclose(sequence[:, 0], [1, 12, 123])
    np.testing.assert_allclose(sequence[:, 1:], [[0, 0, 1], [0, 1, 2], [1, 2, 3]])
