"""What the recurrent encoders share; the equations of the cells are checked in tests/layers."""

import numpy as np
import pytest

from tfnlp.encoders import CNNRNN, GRU, LSTM, BiLSTM, SimpleRNN
from tfnlp.layers import recurrent

IDS = np.array([[4, 2, 5, 0, 0], [3, 0, 0, 0, 0]])


@pytest.mark.parametrize(
    "encoder,layer", [(SimpleRNN, recurrent.SimpleRNN), (GRU, recurrent.GRU), (LSTM, recurrent.LSTM)]
)
def test_last_pooling_is_the_state_after_the_last_token(encoder, layer):
    network = encoder(6, embedding_dim=3, units=2, pooling="last")
    network.build((None, None))
    assert type(network.stack.directions[0][0]) is layer
    vectors = np.asarray(network.embedding(IDS))
    states = np.asarray(network.stack.directions[0][0](vectors)[0])
    np.testing.assert_allclose(network(IDS)["pooled"], [states[0, 2], states[1, 0]], atol=1e-6)


def test_bilstm_is_lstm_in_both_directions():
    one, other = BiLSTM(6, embedding_dim=3, units=2), LSTM(6, embedding_dim=3, units=2, bidirectional=True)
    for network in (one, other):
        network.build((None, None))
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(one(IDS)["pooled"], other(IDS)["pooled"])


def test_cnn_rnn_reads_the_feature_maps():
    network = CNNRNN(6, embedding_dim=3, filter_sizes=[2], filters=4, cell="gru", units=2)
    network.build((None, None))
    vectors = network.embedding(IDS)
    maps = network.convolutions[0](vectors, mask=IDS != 0)
    states = np.asarray(network.stack.directions[0][0](np.asarray(maps))[0])
    np.testing.assert_allclose(network(IDS)["pooled"], [states[0, 2], states[1, 0]], atol=1e-6)
    with pytest.raises(ValueError, match="filter_sizes"):
        CNNRNN(6, filter_sizes=[])
