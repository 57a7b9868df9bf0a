import pytest

from tfnlp.data import Corpus


def test_single_label():
    corpus = Corpus(["a", "b", "c"], ["x", "y", "x"], "here.csv", places=[2, 3, 5], undecodable=[2])
    assert len(corpus) == 3
    assert not corpus.multi_label
    assert corpus.label_counts() == {"x": 2, "y": 1}
    assert corpus.labels_of(1) == ["y"]
    assert corpus.place(2) == "line 5"


def test_multi_label():
    corpus = Corpus(["a", "b", "c"], [["x", "y"], [], ["y"]], "here.csv")
    assert corpus.multi_label
    assert list(corpus.label_counts().items()) == [("y", 2), ("x", 1)]
    assert corpus.labels_of(1) == []
    assert corpus.place(1) == "row 2"


def test_unlabelled():
    corpus = Corpus(["a"], None, "here", places=["pos/1.txt"])
    assert not corpus.multi_label
    assert corpus.label_counts() == {}
    assert corpus.place(0) == "pos/1.txt"
    assert corpus.subset([0]).labels is None


def test_subset_keeps_places_and_broken_rows():
    corpus = Corpus(["a", "b", "c"], ["x", "y", "x"], "here.csv", places=[2, 3, 5], undecodable=[2])
    part = corpus.subset([2, 0])
    assert (part.texts, part.labels, part.places, part.undecodable) == (["c", "a"], ["x", "x"], [5, 2], [0])


@pytest.mark.parametrize("more", [{"labels": ["x"]}, {"labels": None, "places": [1]}])
def test_unequal_lengths(more):
    with pytest.raises(ValueError, match="one entry a text"):
        Corpus(texts=["a", "b"], source="here", **more)
