import numpy as np

from tfnlp.encoders import BiLSTM


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(vectors, kernel, recurrent, bias):
    """The equations, one step after the other; Keras orders the gates input, forget, cell, output."""
    hidden = cell = np.zeros(recurrent.shape[0])
    states = []
    for vector in vectors:
        i, f, g, o = np.split(vector @ kernel + hidden @ recurrent + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    return np.array(states)


def test_both_directions_follow_the_equations():
    encoder = BiLSTM(6, embedding_dim=3, units=2, pooling="last")
    encoder.build((None, None))
    ids = np.array([[4, 2, 5, 0, 0]])
    vectors = np.asarray(encoder.embedding(ids))[0, :3]
    forward, backward = (layer.get_weights() for layer in encoder.stack.directions[0])
    ahead = lstm(vectors, *forward)
    behind = lstm(vectors[::-1], *backward)[::-1]
    outputs = encoder(ids)
    np.testing.assert_allclose(outputs["sequence"][0, :3], np.concatenate([ahead, behind], -1), atol=1e-6)
    np.testing.assert_allclose(outputs["pooled"][0], np.concatenate([ahead[-1], behind[0]]), atol=1e-6)


def test_the_forget_gate_starts_open():
    encoder = BiLSTM(6, embedding_dim=3, units=2)
    encoder.build((None, None))
    for layer in encoder.stack.directions[0]:
        np.testing.assert_array_equal(layer.get_weights()[2], [0, 0, 1, 1, 0, 0, 0, 0])
