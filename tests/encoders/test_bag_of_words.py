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


@pytest.fixture
def with_bigrams():
    """Bigrams (1, 2) -> (3, 0) and (2, 3) -> (0, 5); whatever stands in bucket 0 must not count."""
    encoder = bag(pooling="mean", ngrams=[2], ngram_buckets=1000, ngram_min_count=2)
    buckets = np.asarray(HashedNgrams(2, 1000)(np.array([[1, 2, 3]], "int32")))[0]
    table = np.zeros((1001, 2), "float32")
    table[buckets[0]], table[buckets[1]], table[0] = [3, 0], [0, 5], [7, 7]
    encoder.embedding.ngram_table.embeddings.assign(table)
    return encoder


def test_ngrams_join_the_bag(with_bigrams):
    # tokens (1,0) + (0,2) + (4,4), bigrams (3,0) + (0,5), five vectors in all
    pooled = with_bigrams(np.array([[1, 2, 3, 0]], "int32"))["pooled"]
    np.testing.assert_allclose(pooled[0], [8 / 5, 11 / 5], rtol=1e-6)


def test_rare_ngrams_stay_out(with_bigrams):
    assert with_bigrams.needs_counts
    # (1, 2) stands in two texts, (2, 3) twice in one
    with_bigrams.adapt([np.array([[1, 2, 3, 2, 3]], "int32"), np.array([[1, 2, 0]], "int32")])
    pooled = with_bigrams(np.array([[1, 2, 3, 0]], "int32"))["pooled"]
    np.testing.assert_allclose(pooled[0], [8 / 4, 6 / 4], rtol=1e-6)


def test_inverse_document_frequency_weighs_tokens():
    encoder = bag(pooling="sqrt", idf=True)
    assert encoder.needs_counts
    # of 3 texts, token 1 stands in all, token 2 in one
    encoder.adapt([np.array([[1, 1, 2], [1, 0, 0]]), np.array([[1, 3, 0]])])
    one, two = np.log(4 / 4) + 1, np.log(4 / 2) + 1
    expected = np.array([one, 2 * two]) / np.hypot(one, two)
    np.testing.assert_allclose(encoder(np.array([[1, 2, 0]]))["pooled"][0], expected, rtol=1e-5)
