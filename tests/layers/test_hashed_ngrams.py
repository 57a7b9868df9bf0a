import numpy as np
import pytest

from tfnlp.layers import HashedNgrams


def by_definition(ids, n, buckets):
    """The same number without 32-bit care: Python's integers have no width."""
    rows = []
    for row in ids:
        numbers = []
        for i in range(len(row)):
            gram = row[i : i + n]
            number = n
            for token in gram:
                number = (number * 1021 * 997 + int(token)) % buckets
            numbers.append(number + 1 if len(gram) == n and all(gram) else 0)
        rows.append(numbers)
    return rows


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("buckets", [1, 7, 200_000, 2_103_310])
def test_equals_the_definition_at_any_size(n, buckets):
    ids = np.random.default_rng(n).integers(1, 2**24, (4, 9)).astype("int32")
    ids[1, 4:] = 0
    ids[2] = 0
    found = np.asarray(HashedNgrams(n, buckets)(ids))
    np.testing.assert_array_equal(found, by_definition(ids, n, buckets))


def test_few_ngrams_share_a_bucket():
    first, second = np.divmod(np.arange(400 * 400), 400)
    found = np.asarray(HashedNgrams(2, 2_000_003)(np.stack([first, second], 1).astype("int32") + 1))[:, 0]
    assert len(np.unique(found)) > 0.95 * len(
        found
    )  # 160,000 balls into 2 million bins: about 96 % alone at random


def test_out_of_range():
    with pytest.raises(ValueError, match="buckets"):
        HashedNgrams(2, 2_200_000)
    with pytest.raises(ValueError, match="`n`"):
        HashedNgrams(0, 10)
