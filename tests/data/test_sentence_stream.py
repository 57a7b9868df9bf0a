"""A text as a stream in columns, and as rows: nothing lost, nothing out of order."""

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.data.sentence_stream import (
    as_columns,
    encode_sentences,
    segments_per_epoch,
    sentence_rows,
    stream_batches,
)
from tfnlp.errors import UserError
from tfnlp.text import SentencePreprocessor, SpaceTokenizer

STREAM = np.arange(10, 33, dtype=np.int32)  # 23 tokens


def test_sentences_become_a_stream_with_ends():
    preprocessor = SentencePreprocessor(SpaceTokenizer())
    preprocessor.set_vocabulary(["[PAD]", "[UNK]", "</s>", "a", "b"])
    tokens, lengths = encode_sentences(preprocessor, ["a b", "", "z"])
    assert tokens.tolist() == [3, 4, 2, 2, 1, 2]
    assert lengths.tolist() == [3, 1, 2]
    tokens, lengths = encode_sentences(preprocessor, [])
    assert (len(tokens), len(lengths)) == (0, 0)


def test_columns_follow_each_other_and_know_what_stood_before():
    read, targets = as_columns(STREAM, 4)
    assert targets.tolist() == [list(range(start, start + 5)) for start in (10, 15, 20, 25)]
    assert read[:, 0].tolist() == [2, 14, 19, 24]
    np.testing.assert_array_equal(read[:, 1:], targets[:, :-1])


@pytest.mark.parametrize("segment_tokens", [1, 2, 3, 5, 9])
def test_segments_put_together_are_the_columns(segment_tokens):
    batches = list(stream_batches(STREAM, columns=4, segment_tokens=segment_tokens, epochs=2))
    steps = segments_per_epoch(len(STREAM), 4, segment_tokens)
    assert len(batches) == 2 * steps
    read, targets = as_columns(STREAM, 4)
    for epoch in (batches[:steps], batches[steps:]):
        np.testing.assert_array_equal(np.concatenate([x["token_ids"] for x, _ in epoch], axis=1), read)
        np.testing.assert_array_equal(np.concatenate([y for _, y in epoch], axis=1), targets)
        assert [bool(x["first"]) for x, _ in epoch] == [True] + [False] * (steps - 1)


def test_too_short_a_text_is_refused():
    with pytest.raises(UserError, match=r"23 tokens.*too few for 24 columns"):
        as_columns(STREAM, 24)


def test_rows_begin_with_an_end_and_long_ones_are_cut():
    tokens, lengths = np.array([5, 6, 7, 8, 2, 2, 9, 2], np.int32), np.array([5, 1, 2])
    read, targets, source = sentence_rows(tokens, lengths)
    assert read.to_list() == [[2, 5, 6, 7, 8], [2], [2, 9]]
    assert targets.to_list() == [[5, 6, 7, 8, 2], [2], [9, 2]]
    assert source.tolist() == [0, 1, 2]
    read, targets, source = sentence_rows(tokens, lengths, 2)
    assert read.to_list() == [[2, 5], [6, 7], [8], [2], [2, 9]]
    assert targets.to_list() == [[5, 6], [7, 8], [2], [2], [9, 2]]
    assert source.tolist() == [0, 0, 0, 1, 2]
    assert isinstance(read, tf.RaggedTensor)
