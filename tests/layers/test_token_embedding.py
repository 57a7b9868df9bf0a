import json

import numpy as np
import pytest

from tfnlp.layers import TokenEmbedding


def test_token_dropout_takes_whole_tokens():
    layer = TokenEmbedding(50, 8, token_dropout=0.5)
    layer.build((None, None))
    vectors = np.asarray(layer(np.arange(1, 41).reshape(1, 40), training=True))[0]
    whole = (vectors != 0).all(axis=1)
    gone = (vectors == 0).all(axis=1)
    assert (whole | gone).all()
    assert 5 < gone.sum() < 35


def test_set_vectors_checks_the_shape():
    layer = TokenEmbedding(4, 2)
    layer.build((None, None))
    with pytest.raises(ValueError, match=r"\(4, 2\)"):
        layer.set_vectors(np.zeros((3, 2)))


def test_config_round_trip():
    layer = TokenEmbedding(4, 2, channels="both", dropout=0.1, token_dropout=0.2, regularizer="l2")
    config = json.loads(json.dumps(layer.get_config()))
    assert TokenEmbedding.from_config(config).get_config() == layer.get_config()
    assert layer.output_dim == 4
