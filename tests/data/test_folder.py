import gzip
import logging

import pytest

from tfnlp.data import read_corpus
from tfnlp.errors import UserError


@pytest.fixture
def folder(tmp_path):
    for name, files in {
        "pos": {"2.txt": b"good\r\n", "1.txt": b"very\n\ngood"},
        "neg": {"1.txt": b"bad"},
    }.items():
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_bytes(content)
    (tmp_path / "neg" / "2.txt.gz").write_bytes(gzip.compress("很差\n".encode()))
    (tmp_path / "neg" / "notes.md").write_text("not a review")
    (tmp_path / ".git").mkdir()
    (tmp_path / "README").write_text("reviews")
    return tmp_path


def test_one_folder_a_class(folder):
    corpus = read_corpus(folder)
    assert corpus.texts == ["bad", "很差", "very\n\ngood", "good"]
    assert corpus.labels == ["neg", "neg", "pos", "pos"]
    assert corpus.places == ["neg/1.txt", "neg/2.txt.gz", "pos/1.txt", "pos/2.txt"]


def test_unlabelled(folder):
    assert read_corpus(folder, label_column=None).labels is None


def test_folder_without_texts_is_passed_over(folder, caplog):
    (folder / "images").mkdir()
    with caplog.at_level(logging.WARNING):
        assert len(read_corpus(folder)) == 4
    assert "images holds no .txt file" in caplog.text


def test_not_utf8(folder):
    (folder / "pos" / "1.txt").write_bytes(b"fine\ncaf\xe9 au lait\n")
    with pytest.raises(UserError, match=r"pos/1.txt, line 2: not valid UTF-8 \(byte 0xe9 at column 4\)"):
        read_corpus(folder)
    corpus = read_corpus(folder, on_undecodable="replace")
    assert [corpus.place(row) for row in corpus.undecodable] == ["pos/1.txt"]


def test_no_classes(tmp_path):
    with pytest.raises(UserError, match=r"expected one sub-folder per class.*found an empty folder"):
        read_corpus(tmp_path)
    for number in range(7):
        (tmp_path / f"{number}.txt").write_text("text")
    with pytest.raises(UserError, match=r"found `0.txt`, .* and 2 more"):
        read_corpus(tmp_path)
