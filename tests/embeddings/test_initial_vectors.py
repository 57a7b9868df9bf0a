import numpy as np
import pytest

from tfnlp.embeddings import start_table


def test_unknown_words_get_the_spread_of_the_known():
    random = np.random.default_rng(1)
    drawn = random.uniform(-0.05, 0.05, (4000, 10))
    vectors = random.normal(0, 0.6, (4000, 10)).astype("float32")
    found = np.arange(4000) % 2 == 1
    table = start_table(drawn, vectors, found)
    assert table.dtype == np.float32
    np.testing.assert_array_equal(table[found], vectors[found])
    assert table[~found][1:].std() == pytest.approx(vectors[found].std(), rel=0.02)
    # the same draw, only larger
    np.testing.assert_allclose(np.corrcoef(table[2], drawn[2])[0, 1], 1, atol=1e-6)
    assert not table[0].any()


@pytest.mark.parametrize(("scale", "ratio"), [(0.0, 0.0), (0.5, 0.5)])
def test_the_scale_of_unknown_words(scale, ratio):
    drawn = np.array([[9, 9], [1, -1], [1, -1], [0, 0]], "float32")
    vectors = np.array([[0, 0], [0, 0], [0, 0], [2, -2]], "float32")
    found = np.array([False, False, False, True])
    spread = ratio * 2 / drawn.std()
    np.testing.assert_allclose(start_table(drawn, vectors, found, scale)[1], [spread, -spread], rtol=1e-6)
