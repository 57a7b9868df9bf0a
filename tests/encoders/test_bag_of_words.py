import numpy as np
import pytest

from tfnlp.encoders import BagOfWords
from tfnlp.layers import HashedNgrams


def bag(**settings):
    encoder = BagOfWords(vocabulary_size=4, embedding_dim=2, **settings)
    encoder.build((None, None))
    encoder.embedding.set_vectors(np.array([[9, 9], [1, 0], [0, 2], [4, 4]], "float32"))
    return encoder


@pytest.mark.parametrize(
    ("pooling", "expected"), [("sum", [2, 2]), ("mean", [2 / 3, 2 / 3]), ("sqrt", [2 / 3**0.5, 2 / 3**0.5])]
)
def test_by_hand(pooling, expected):
    # ids 1, 1, 2 -> (1, 0) + (1, 0) + (0, 2); the padding's (9, 9) stays out
    pooled = bag(pooling=pooling)(np.array([[1, 1, 2, 0, 0]]))["pooled"]
    np.testing.assert_allclose(pooled[0], expected, rtol=1e-6)


def test_ngrams_join_the_bag():
    encoder = bag(pooling="mean", ngrams=[2], ngram_buckets=1000)
    ids = np.array([[1, 2, 3, 0]], "int32")
    buckets = np.asarray(HashedNgrams(2, 1000)(ids))[0]
    table = np.zeros((1001, 2), "float32")
    table[buckets[0]], table[buckets[1]], table[0] = [3, 0], [0, 5], [7, 7]
    encoder.ngram_tables[0].embeddings.assign(table)
    # tokens (1,0) + (0,2) + (4,4), bigrams (3,0) + (0,5), five vectors in all
    np.testing.assert_allclose(encoder(ids)["pooled"][0], [8 / 5, 11 / 5], rtol=1e-6)
