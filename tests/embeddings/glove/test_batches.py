"""The matrix cut into batches."""

import numpy as np
import pytest

from tfnlp.embeddings.counts.cooccurrence import Cooccurrences
from tfnlp.embeddings.glove import batches, entries
from tfnlp.embeddings.glove.batches import DENSE_SHARE, BatchFile


def zipf_matrix(words=600, pairs=30_000, seed=0):
    """A matrix that is full where both words are frequent, and nearly empty elsewhere."""
    generator = np.random.default_rng(seed)
    ranks = (words ** generator.random((2, pairs))).astype(int) - 1
    cells = np.unique(ranks[0] * words + ranks[1])
    values = generator.uniform(0.2, 9.0, len(cells)).astype("float32")
    rows, columns = (cells // words).astype("int32"), (cells % words).astype("int32")
    return Cooccurrences(rows, columns, values, words, 5, True, "distance")


def all_read(file):
    read = [file.read(batch) for batch in file.batches]
    for batch, part in zip(file.batches, read):
        assert part.shape == (3, batch.entries)
    return read


@pytest.mark.parametrize("at_once", [1 << 22, 700])
def test_every_entry_is_in_one_batch(tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(batches, "_ENTRIES_OF_A_BAND", at_once)
    monkeypatch.setattr(entries, "_ENTRIES_OF_A_BLOCK", at_once)
    matrix = zipf_matrix()
    together = np.concatenate(all_read(BatchFile(matrix, tmp_path, 1)), axis=1)
    together = together[:, np.lexsort((together[1], together[0]))]
    np.testing.assert_array_equal(together[0], matrix.rows)
    np.testing.assert_array_equal(together[1], matrix.columns)
    np.testing.assert_array_equal(together[2].view("float32"), matrix.values)


def test_dense_batches_are_well_filled_tiles(tmp_path):
    file = BatchFile(zipf_matrix(), tmp_path, 1)
    assert {batch.dense for batch in file.batches} == {True, False}
    for batch, (rows, columns, _) in zip(file.batches, all_read(file)):
        if batch.dense:
            assert batch.row <= rows.min() and rows.max() < batch.row + batch.rows
            assert batch.column <= columns.min() and columns.max() < batch.column + batch.columns
            assert batch.entries > DENSE_SHARE * batch.rows * batch.columns


def test_entries_are_sorted_by_rows_in_each_batch(tmp_path):
    for rows, _, _ in all_read(BatchFile(zipf_matrix(), tmp_path, 1)):
        assert (np.diff(rows) >= 0).all()


def test_batches_of_single_entries_are_no_larger_than_they_should_be(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "DENSE_SHARE", 2.0)
    file = BatchFile(zipf_matrix(), tmp_path, 1)
    size = file.entries // 200
    assert not any(batch.dense for batch in file.batches)
    assert max(batch.entries for batch in file.batches) < 4 * size
    assert file.entries / len(file.batches) > size / 2


def test_the_seed_deals_the_entries(tmp_path):
    matrix = zipf_matrix()
    one, same, other = (np.concatenate(all_read(BatchFile(matrix, tmp_path, s)), axis=1) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_nothing_is_left_in_the_folder(tmp_path):
    file = BatchFile(zipf_matrix(), tmp_path, 1)
    assert list(tmp_path.iterdir()) == []
    file.close()


def test_two_words_are_enough(tmp_path):
    matrix = Cooccurrences(np.int32([0, 1]), np.int32([1, 0]), np.float32([2, 2]), 2, 5, True, "distance")
    assert sum(batch.entries for batch in BatchFile(matrix, tmp_path, 1).batches) == 2
