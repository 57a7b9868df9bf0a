import logging

import numpy as np
import pytest

from tfnlp.data import Corpus, LabelIndex, check_labels
from tfnlp.errors import UserError

TRAIN = Corpus(list("abcd"), ["pos", "neg", "pos", "neg"], "train.csv", places=[2, 3, 4, 5])
MULTI = Corpus(list("abc"), [["x", "y"], [], ["y"]], "train.jsonl")


def test_from_corpus_sorts_by_name():
    index = LabelIndex.from_corpus(TRAIN)
    assert index.names == ["neg", "pos"]
    assert len(index) == 2
    assert "pos" in index
    assert "good" not in index
    encoded = index.encode(TRAIN.labels)
    assert encoded.dtype == np.int32
    assert encoded.tolist() == [1, 0, 1, 0]


def test_whole_numbers_are_sorted_as_numbers():
    corpus = Corpus(list("abcdef"), ["10", "2", "-1"] * 2, "train.csv")
    assert LabelIndex.from_corpus(corpus).names == ["-1", "2", "10"]


def test_multi_label_targets():
    index = LabelIndex.from_corpus(MULTI)
    encoded = index.encode(MULTI.labels)
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [[1, 1], [0, 0], [0, 1]]


def test_unknown_label():
    with pytest.raises(UserError, match=r"no label `poss`. Did you mean `pos`\? There: `neg`, `pos`"):
        LabelIndex.from_corpus(TRAIN).index("poss")


def test_one_label_is_too_few():
    with pytest.raises(UserError, match=r"at least 2 labels. Received: \['x'\]"):
        LabelIndex.from_corpus(Corpus(["a", "b"], ["x", "x"], "train.csv"))


def test_label_twice():
    with pytest.raises(UserError, match="`x` twice"):
        LabelIndex(["x", "y", "x"])


def test_no_labels():
    with pytest.raises(UserError, match="has no labels"):
        LabelIndex.from_corpus(Corpus(["a"], None, "train.csv"))
    with pytest.raises(UserError, match="no labels"):
        LabelIndex(["x", "y"]).encode(None)


def test_single_example_is_warned_of(caplog):
    with caplog.at_level(logging.WARNING):
        LabelIndex.from_corpus(Corpus(list("abc"), ["x", "x", "rare"], "train.csv", places=[2, 3, 4]))
    assert "train.csv, line 4: the only training example of label `rare`" in caplog.text


def test_check_labels_accepts_what_training_knows():
    check_labels(TRAIN, Corpus(["e"], ["pos"], "valid.csv"))
    check_labels(["pos", "neg"], Corpus(["e"], ["pos"], "valid.csv"))
    check_labels(MULTI, Corpus([], [], "valid.csv"))


@pytest.mark.parametrize("train", [TRAIN, ["neg", "pos"]])
def test_unseen_label(train):
    other = Corpus(list("efg"), ["pos", "pso", "pso"], "valid.csv", places=[2, 3, 7])
    message = (
        r"label `pso` in validation \(valid.csv, line 3; rows with it: 2\) never occurs in training. "
        r"Did you mean `pos`\? Training has `neg`, `pos`"
    )
    with pytest.raises(UserError, match=message):
        check_labels(train, other)


def test_several_unseen_labels():
    with pytest.raises(UserError, match=r"label `v` in test .*Unseen too: `w`"):
        check_labels(TRAIN, Corpus(list("ab"), ["v", "w"], "test.csv"), name="test")


def test_unlabelled_validation():
    with pytest.raises(UserError, match="the validation text has no labels"):
        check_labels(TRAIN, Corpus(["e"], None, "valid.csv"))


def test_other_form():
    with pytest.raises(
        UserError, match="validation has a list of labels a row but training has one label a row"
    ):
        check_labels(TRAIN, Corpus(["e"], [["pos"]], "valid.csv"))
