import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnlp.errors import UserError
from tfnlp.text import TokenCounter, Vocabulary

COUNTS = {"b": 3, "a": 3, "我": 5, "rare": 1, "[UNK]": 9, " ": 2}


def test_order_is_by_count_then_by_token_whatever_the_order_of_counting():
    expected = ["[PAD]", "[UNK]", "我", "a", "b", " ", "rare"]
    items = list(COUNTS.items())
    for seed in range(5):
        random.Random(seed).shuffle(items)
        assert Vocabulary.from_counts(dict(items)).tokens == expected


def test_min_count_and_max_size():
    assert Vocabulary.from_counts(COUNTS, min_count=3).tokens == ["[PAD]", "[UNK]", "我", "a", "b"]
    assert Vocabulary.from_counts(COUNTS, max_size=4).tokens == ["[PAD]", "[UNK]", "我", "a"]


def test_index_and_membership():
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "a"])
    assert (vocabulary.index("a"), vocabulary.index("b"), len(vocabulary)) == (2, 1, 3)
    assert "a" in vocabulary and "b" not in vocabulary


def test_file_is_one_token_a_line(tmp_path):
    tokens = ["[PAD]", "[UNK]", "我", " ", "\u2028", "\x85", "a b", "'"]
    Vocabulary(tokens).save(tmp_path / "vocab.txt")
    assert (tmp_path / "vocab.txt").read_bytes() == "".join(t + "\n" for t in tokens).encode()
    assert Vocabulary.load(tmp_path / "vocab.txt").tokens == tokens


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (["a", "b"], r"must begin with '\[PAD\]', '\[UNK\]'"),
        (["[PAD]", "[UNK]", "a", "a"], "'a' more than once"),
        (["[PAD]", "[UNK]", "a\nb"], "line break"),
        (["[PAD]", "[UNK]", ""], "must not be empty"),
    ],
)
def test_bad_tokens_are_refused(tokens, message):
    with pytest.raises(UserError, match=message):
        Vocabulary(tokens)


def test_bad_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="no vocabulary file"):
        Vocabulary.load(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes(b"[PAD]\n[UNK]\n\xe9\n")
    with pytest.raises(UserError, match=r"is not UTF-8 \(byte 12\)"):
        Vocabulary.load(tmp_path / "latin.txt")


@pytest.mark.parametrize(
    ("kwargs", "message"), [({"min_count": 0}, "`min_count`"), ({"max_size": 2}, "`max_size`")]
)
def test_bad_limits_are_refused(kwargs, message):
    with pytest.raises(UserError, match=message):
        Vocabulary.from_counts(COUNTS, **kwargs)


@given(st.lists(st.integers(0, 30).map(str), max_size=300), st.integers(2, 20))
def test_counter_keeps_its_bound_and_its_promise(tokens, max_entries):
    counter, exact = TokenCounter(max_entries), Counter(tokens)
    for start in range(0, len(tokens), 7):
        counter.update(tokens[start : start + 7])
        assert len(counter.counts) <= max_entries
    for token, count in exact.items():
        assert counter.counts[token] <= count <= counter.counts[token] + counter.undercount
    if len(exact) <= max_entries:
        assert counter.undercount == 0 and counter.counts == exact


def test_counter_forgets_the_rare_in_a_stream_without_end():
    counter = TokenCounter(1000)
    counter.update("common" if i % 2 else f"rare{i}" for i in range(200_000))
    assert len(counter.counts) <= 1000
    assert counter.counts["common"] == 100_000


def test_counter_needs_room():
    with pytest.raises(UserError, match="`max_entries`"):
        TokenCounter(1)
