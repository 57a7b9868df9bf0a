import numpy as np
import tensorflow as tf

from tfnlp.data.pipeline import evaluation_batches, training_batches
from tfnlp.data.tagging.encoding import batches_by_size, cut_rows, cut_texts, encode_tokens
from tfnlp.text import TaggingPreprocessor, WordTokenizer

ROWS = [["a", "big", "A"], [], ["dog"], ["a", "dog", "a", "dog", "big"]]


def preprocessor():
    made = TaggingPreprocessor(WordTokenizer(), max_characters=5, casing=True)
    made.adapt(ROWS)
    return made


def test_each_token_is_encoded_as_the_preprocessor_would():
    made = preprocessor()
    features = encode_tokens(made, ROWS)
    expected = made.ragged(tf.ragged.constant(ROWS, dtype=tf.string))
    assert next(iter(features)) == "token_ids"
    for name, part in features.items():
        assert part.to_list() == expected[name].to_list()
    assert encode_tokens(made, [[], []])["token_ids"].to_list() == [[], []]


def test_texts_are_cut_in_order():
    features, lengths, starts, ends = cut_texts(preprocessor(), ["a dog", "", b"\xff big"], batch=2)
    assert lengths.tolist() == [2, 0, 1]
    assert starts.tolist() == [0, 2, 2]
    assert ends.tolist() == [1, 5, 5]
    assert features["char_ids"].row_lengths().numpy().tolist() == [2, 0, 1]


def test_batches_hold_all_features_and_the_tags_of_the_same_rows():
    features = encode_tokens(preprocessor(), ROWS)
    tags = features["token_ids"] * 10
    seen = 0
    for inputs, targets in training_batches(features, tags, batch_size=2, seed=1):
        np.testing.assert_array_equal(targets, inputs["token_ids"] * 10)
        assert inputs["char_ids"].shape[:2] == inputs["casing"].shape == targets.shape
        seen += len(targets)
    assert seen == len(ROWS)
    [batch] = evaluation_batches(features)
    assert batch["token_ids"].shape == (4, 5)


def test_long_rows_are_cut_and_nothing_is_lost():
    features = encode_tokens(preprocessor(), ROWS)
    cut = cut_rows(features, 2)
    assert cut["token_ids"].row_lengths().numpy().tolist() == [2, 1, 0, 1, 2, 2, 1]
    for name, part in cut.items():
        assert part.values.shape[0] == features[name].values.shape[0]
    assert cut_rows(features, None)["token_ids"].to_list() == features["token_ids"].to_list()


def test_batches_by_size_hold_every_row_once_within_the_budget():
    lengths = np.random.default_rng(0).integers(0, 300, 500)
    batches = list(batches_by_size(lengths, 64, tokens=2000))
    assert sorted(np.concatenate(batches)) == list(range(500))
    assert all(len(rows) <= 64 for rows in batches)
    assert all(len(rows) * lengths[rows].max() <= 2000 for rows in batches)
    assert [rows.tolist() for rows in batches_by_size(np.array([9000]), 8, tokens=10)] == [[0]]
