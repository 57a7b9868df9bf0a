"""Where the biases start."""

import numpy as np
import pytest

from tfnlp.embeddings.counts.cooccurrence import Cooccurrences
from tfnlp.embeddings.glove import entries
from tfnlp.embeddings.glove.first_biases import first_biases


def matrix(cells, words):
    rows, columns, values = zip(*cells)
    return Cooccurrences(np.int32(rows), np.int32(columns), np.float32(values), words, 5, True, "distance")


def test_biases_alone_explain_a_matrix_of_independent_words():
    # log x is a sum of a row's and a column's part, so nothing is left for vectors.
    parts = np.array([0.5, -1.0, 2.0, 0.25])
    cells = [(i, j, np.exp(parts[i] + 0.5 * parts[j])) for i in range(4) for j in range(4)]
    of_words, of_contexts = first_biases(matrix(cells, 4), 1e-3, 0.75)  # all weights are 1
    np.testing.assert_allclose(
        of_words[:, None] + of_contexts, parts[:, None] + 0.5 * parts, rtol=1e-5, atol=1e-6
    )


def test_one_row_by_hand():
    # x = 1 weighs (1 / 16) ** 0.5 = 1/4 and x = 16 weighs 1: the first bias is (0 / 4 + log 16) / (1 / 4 + 1). What it
    # leaves is the columns' own, and the second sweep changes nothing more.
    of_words, of_contexts = first_biases(matrix([(0, 0, 1.0), (0, 1, 16.0)], 3), 16.0, 0.5)
    bias = np.log(16) / 1.25
    assert of_words == pytest.approx([bias, 0, 0], rel=1e-5)
    assert of_contexts == pytest.approx([-bias, np.log(16) - bias, 0], rel=1e-5)


def test_blocks_change_nothing(monkeypatch):
    generator = np.random.default_rng(0)
    cells = [(i, j, generator.uniform(0.2, 30)) for i in range(9) for j in range(9) if (i + j) % 3]
    whole = first_biases(matrix(cells, 9), 10.0, 0.75)
    monkeypatch.setattr(entries, "_ENTRIES_OF_A_BLOCK", 5)
    for one, other in zip(whole, first_biases(matrix(cells, 9), 10.0, 0.75)):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
