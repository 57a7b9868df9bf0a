import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.data import (
    encode_texts,
    evaluation_batches,
    length_permutation,
    padded_share,
    steps_per_epoch,
    training_batches,
)
from tfnlp.errors import UserError


def rows_of(count=203, longest=40, seed=0):
    """Rows whose first token is their number plus one, so that a batch tells which rows it holds."""
    random = np.random.default_rng(seed)
    return [np.full(random.integers(1, longest), row + 1) for row in range(count)]


def listed(dataset):
    return [tuple(part.numpy() for part in batch) for batch in dataset]


def assert_same_batches(ones, others):
    assert len(ones) == len(others)
    for one, other in zip(ones, others):
        for left, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("bucket", [True, False])
@pytest.mark.parametrize("batch_size", [1, 7, 16, 203, 1000])
def test_every_row_once_an_epoch(bucket, batch_size):
    rows = rows_of()
    targets = np.arange(len(rows))
    dataset = training_batches(rows, targets, batch_size=batch_size, seed=3, last_epoch=3, bucket=bucket)
    batches = listed(dataset)
    steps = steps_per_epoch(len(rows), batch_size)
    assert len(batches) == 3 * steps == dataset.cardinality().numpy()
    for epoch in range(3):
        of_epoch = batches[epoch * steps : (epoch + 1) * steps]
        assert sorted(np.concatenate([target for _, target in of_epoch])) == targets.tolist()
        for ids, target in of_epoch:
            assert (ids.dtype, target.dtype) == (np.int32, np.int32)
            assert ids.shape == (len(target), max(len(rows[row]) for row in target))
            for row, row_ids in zip(target, ids):
                np.testing.assert_array_equal(row_ids[: len(rows[row])], rows[row])
                assert not row_ids[len(rows[row]) :].any()


@pytest.mark.parametrize("bucket", [True, False])
def test_starting_later_gives_the_batches_of_an_unbroken_run(bucket):
    rows = rows_of()
    options = {"batch_size": 8, "seed": 11, "bucket": bucket}
    steps = steps_per_epoch(len(rows), 8)
    unbroken = listed(training_batches(rows, np.arange(203), **options, first_epoch=0, last_epoch=4))
    later = listed(training_batches(rows, np.arange(203), **options, first_epoch=2, last_epoch=4))
    assert_same_batches(later, unbroken[2 * steps :])


def test_order_changes_with_epoch_and_seed():
    rows = rows_of()
    first, second = listed(training_batches(rows, np.arange(203), batch_size=203, seed=0, last_epoch=2))
    (other,) = listed(training_batches(rows, np.arange(203), batch_size=203, seed=1))
    assert not np.array_equal(first[1], second[1])
    assert not np.array_equal(first[1], other[1])


def test_batches_are_random_in_their_members():
    """Two rows of equal length share a batch about as often as chance would have it, not always."""
    rows = [np.ones(5, np.int32)] * 64
    dataset = training_batches(rows, np.arange(64), batch_size=8, seed=0, last_epoch=100)
    together = sum({0, 1} <= set(target.tolist()) for _, target in listed(dataset))
    assert 2 <= together <= 25  # expected 100 * 7 / 63 = 11.1, standard deviation 3.1


def test_same_batches_in_another_process():
    code = (
        "import hashlib, numpy as np; from tfnlp.data import training_batches; "
        "rows = [np.full(1 + 7 * row % 40, row + 1) for row in range(203)]; digest = hashlib.sha256(); "
        "[digest.update(part.numpy().tobytes()) for batch in training_batches(rows, np.arange(203), "
        "batch_size=8, seed=5, first_epoch=1, last_epoch=3) for part in batch]; print(digest.hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TF_NUM_INTEROP_THREADS": "1"}
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    rows = [np.full(1 + 7 * row % 40, row + 1) for row in range(203)]
    digest = hashlib.sha256()
    for batch in training_batches(rows, np.arange(203), batch_size=8, seed=5, first_epoch=1, last_epoch=3):
        for part in batch:
            digest.update(part.numpy().tobytes())
    assert printed.stdout.strip() == digest.hexdigest()


def test_weights_and_multi_label_targets():
    rows = rows_of(20)
    targets = np.eye(20, dtype=np.float64)
    dataset = training_batches(rows, targets, np.arange(20) / 10, batch_size=6, seed=0)
    for ids, target, weight in dataset:
        assert (target.dtype, weight.dtype) == (tf.float32, tf.float32)
        numbers = np.argmax(target, axis=1)
        np.testing.assert_array_equal(ids[:, 0], numbers + 1)
        np.testing.assert_allclose(weight, numbers / 10)


def test_unknown_dimensions_are_left_open():
    spec = training_batches(rows_of(9), np.zeros([9, 2], np.float32), batch_size=4, seed=0).element_spec
    assert [part.shape.as_list() for part in spec] == [[None, None], [None, 2]]


@pytest.mark.parametrize("bucket", [True, False])
def test_rows_without_tokens(bucket):
    batches = listed(training_batches([[], [], []], [0, 1, 2], batch_size=2, seed=0, bucket=bucket))
    assert sorted(ids.shape for ids, _ in batches) == [(1, 1), (2, 1)]
    assert all(not ids.any() for ids, _ in batches)


def test_no_epochs():
    assert (
        listed(training_batches(rows_of(9), np.zeros(9), batch_size=4, seed=0, first_epoch=2, last_epoch=2))
        == []
    )


@pytest.mark.parametrize("bucket", [True, False])
def test_padded_share_is_that_of_the_batches(bucket):
    rows = rows_of(500, longest=100)
    options = {"batch_size": 16, "seed": 4, "bucket": bucket}
    batches = listed(training_batches(rows, np.zeros(500), **options, first_epoch=1, last_epoch=2))
    expected = np.mean(np.concatenate([(ids == 0).ravel() for ids, _ in batches]))
    assert padded_share(rows, **options, epoch=1) == pytest.approx(expected)


def test_buckets_need_less_padding():
    random = np.random.default_rng(0)
    rows = [np.ones(int(length), np.int32) for length in np.clip(random.lognormal(3.8, 0.9, 8000), 1, 256)]
    assert padded_share(rows, batch_size=32, seed=0, bucket=False) > 0.5
    assert padded_share(rows, batch_size=32, seed=0) < 0.15


def test_padded_share_of_nothing():
    assert padded_share([], batch_size=4, seed=0) == 0.0
    assert padded_share([[], []], batch_size=4, seed=0) == 1.0


def test_evaluation_keeps_the_order():
    rows = rows_of(23)
    batches = [batch.numpy() for batch in evaluation_batches(rows, batch_size=10)]
    assert [len(batch) for batch in batches] == [10, 10, 3]
    assert np.concatenate([batch[:, 0] for batch in batches]).tolist() == list(range(1, 24))
    with_targets = listed(
        evaluation_batches(tf.ragged.constant([[1, 2], [], [3]]), [5, 6, 7], [1.0, 0.5, 2.0], 2)
    )
    assert_same_batches(
        with_targets,
        [(np.array([[1, 2], [0, 0]]), [5, 6], np.float32([1, 0.5])), (np.array([[3]]), [7], np.float32([2]))],
    )
    assert list(evaluation_batches([])) == []


def test_length_permutation():
    rows = rows_of(23)
    order = length_permutation(rows)
    ids = tf.gather(tf.ragged.stack(rows), order)
    answers = np.concatenate([batch.numpy()[:, 0] for batch in evaluation_batches(ids, batch_size=5)])
    assert np.diff([len(rows[row]) for row in order]).min() >= 0
    assert answers[np.argsort(order)].tolist() == list(range(1, 24))


class Characters:
    """Stands in for a preprocessor: each byte is a token, at most four are kept."""

    def ragged(self, texts):
        split = tf.strings.bytes_split(texts)[:, :4]
        return tf.ragged.map_flat_values(
            lambda byte: tf.cast(tf.io.decode_raw(byte, tf.uint8)[:, 0], tf.int32), split
        )


@pytest.mark.parametrize("batch", [2, 1024])
def test_encode_texts(batch):
    ids = encode_texts(Characters(), ["ab", "", b"c", "defgh"], batch=batch)
    assert ids.dtype == tf.int32
    assert ids.to_list() == [[97, 98], [], [99], [100, 101, 102, 103]]
    assert encode_texts(Characters(), []).to_list() == []


def test_encode_half_a_surrogate_pair():
    assert encode_texts(Characters(), ["\ud83d"]).to_list() == [[0xED, 0xA0, 0xBD]]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([], []), {}, "no row to train on"),
        (([[1]], [1, 2]), {}, "`targets` must hold one entry a row. Received: 1 rows, 2 targets"),
        (([[1]], [1], [1.0, 2.0]), {}, "`sample_weights` must hold one entry a row"),
        (([[1]], [1]), {"batch_size": 0}, "`batch_size` must be at least 1 row. Received: 0"),
    ],
)
def test_bad_arguments(arguments, options, message):
    with pytest.raises(UserError, match=message):
        training_batches(*arguments, **{"batch_size": 4, "seed": 0, **options})


def test_evaluation_weights_need_targets():
    with pytest.raises(UserError, match="`weights` must come with `targets`"):
        evaluation_batches([[1]], weights=[1.0])
