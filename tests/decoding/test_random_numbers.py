"""A prompt's numbers are its own: they hang on the seed and the prompt, on every machine alike."""

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.decoding.random_numbers import prompt_stream, seeds_of, threefry
from tfnlp.decoding.streams import prompt_streams

# The known answers that the paper's authors publish with their library (Random123, kat_vectors).
KNOWN = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


def arrays(ids, lengths):
    return np.asarray(ids, np.int32), np.asarray(lengths, np.int32)


@pytest.mark.parametrize("key, counter, expected", KNOWN)
def test_threefry_gives_the_published_numbers(key, counter, expected):
    for bits, array in ((np, np.asarray), (tf.bitwise, tf.constant)):
        key_, counter_ = (
            tuple(array(np.asarray([part], np.uint32)) for part in pair) for pair in (key, counter)
        )
        assert [int(part[0]) for part in threefry(key_, counter_, bits)] == list(expected)


@pytest.mark.parametrize("seed", [0, 1, -1, 2**31, 2**40 + 5])
def test_the_graph_and_numpy_give_a_prompt_the_same_numbers(seed):
    ids = np.asarray([[2, 7, 9, 0], [2, 7, 9, 8]], np.int32)
    lengths = np.asarray([3, 4], np.int32)
    streams = prompt_streams(tf.constant(seed, tf.int64), ids, lengths, 10).numpy()
    for row, length in enumerate(lengths):
        np.testing.assert_array_equal(streams[row], prompt_stream(seed, ids[row, :length], 10))
    assert not np.array_equal(streams[0], streams[1])


def test_rows_do_not_depend_on_their_neighbours_or_padding():
    ids = np.asarray([[2, 7, 9, 5], [2, 8, 0, 0], [2, 7, 0, 0]], np.int32)
    lengths = np.asarray([2, 2, 4], np.int32)  # what stands behind the first row's length does not matter
    whole = prompt_streams(5, ids, lengths, 6).numpy()
    np.testing.assert_array_equal(whole[0], prompt_streams(5, *arrays([[2, 7]], [2]), 6).numpy()[0])
    turned = prompt_streams(5, ids[::-1], lengths[::-1], 6).numpy()
    np.testing.assert_array_equal(turned[::-1], whole)


def test_each_row_may_have_its_own_seed():
    streams = prompt_streams(np.asarray([5, 6, 5]), *arrays([[2, 7]] * 3, [2] * 3), 6).numpy()
    for seed, stream in zip([5, 6, 5], streams):
        np.testing.assert_array_equal(stream, prompt_stream(seed, np.asarray([2, 7]), 6))


def test_equal_prompts_have_one_seed_after_the_other():
    assert seeds_of(["a", "b", "a", "a"], 5) == [5, 5, 6, 7]
    assert seeds_of(["a", "a"], 2**63 - 1) == [2**63 - 1, -(2**63)]
    assert seeds_of(["a"], -1) == seeds_of(["a"], 2**64 - 1) == [-1]


def test_numbers_fill_the_range_evenly():
    numbers = prompt_stream(3, np.asarray([2]), 40_000)
    assert numbers.min() >= 0 and numbers.max() < 1
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    # Chi-square of 19 degrees of freedom: 43.8 is passed once in a thousand.
    assert ((counts - 2000) ** 2 / 2000).sum() < 43.8
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02
