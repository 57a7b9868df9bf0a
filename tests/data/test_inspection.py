import io
import json

import pytest
from rich.console import Console

from tfnlp.data import Corpus, inspect_corpus, inspection_table


@pytest.fixture
def report():
    train = Corpus(
        ["a", "bb", "a", "a", " ", "[cc]"],
        ["x", "y", "x", "y", "x", "y"],
        "train.csv",
        [2, 3, 4, 5, 6, 7],
        [5],
    )
    test = Corpus(["a", "dddd", "[cc]"], ["x", "[new]", "y"], "test.csv")
    return inspect_corpus({"train": train, "test": test})


def test_counts(report):
    train = report.splits["train"]
    assert (train.rows, train.duplicates, train.conflicting, train.empty) == (6, 2, 1, 1)
    assert train.labels == {"x": 3, "y": 3}
    assert train.undecodable == ["line 7"]
    assert train.characters == {
        "min": 1,
        "p5": 1,
        "p25": 1,
        "median": 1,
        "p75": 1,
        "p95": 2,
        "p99": 2,
        "max": 4,
    }
    assert report.splits["test"].single == ["[new]", "x", "y"]
    assert report.shared == [("train", "test", 2)]
    assert report.unseen == {"test": ["[new]"]}


def test_as_dict_is_plain_json(report):
    plain = report.as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["shared"] == [{"one": "train", "other": "test", "rows": 2}]
    assert plain["splits"]["train"]["rows"] == 6


def test_table(report):
    console = Console(file=io.StringIO(), width=100)
    console.print(inspection_table(report))
    printed = console.file.getvalue()
    for expected in ("rows not UTF-8", "50.0%", "not valid UTF-8: line 7", "[new]", "never occur in train"):
        assert expected in printed


def test_unlabelled_and_empty():
    report = inspect_corpus({"train": Corpus(["a"], None, "r.txt"), "test": Corpus([], None, "r.txt")})
    assert report.splits["train"].labels == {}
    assert report.splits["test"].characters == {}
    console = Console(file=io.StringIO(), width=100)
    console.print(inspection_table(report))
    assert "Labels" not in console.file.getvalue()


def test_many_broken_lines_are_cut_short():
    report = inspect_corpus({"train": Corpus(["a"] * 12, None, "r.txt", list(range(12)), list(range(12)))})
    console = Console(file=io.StringIO(), width=200)
    console.print(inspection_table(report))
    assert "line 9 and 2 more" in console.file.getvalue()
