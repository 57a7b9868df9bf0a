import gzip

import pytest

from tfnlp.data import read_corpus
from tfnlp.errors import UserError

FILES = {
    "r.csv": b"text,label\nfine,x\nca%s,y\n",
    "r.tsv": b"text\tlabel\nfine\tx\nca%s\ty\n",
    "r.jsonl": b'{"text":"fine","label":"x"}\n\n{"text":"ca%s","label":"y"}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_not_utf8(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[name] % b"f\xe9")
    with pytest.raises(UserError, match=r"line 3: not valid UTF-8 \(byte 0xe9 at column \d+\)") as raised:
        read_corpus(path)
    message = str(raised.value)
    assert f"`iconv -f WINDOWS-1252 -t utf-8 {path} > NEW_FILE`" in message
    assert "on_undecodable='replace' (`corpus.on_undecodable = \"replace\"` in the recipe)" in message


@pytest.mark.parametrize("name", FILES)
def test_replace(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[name] % b"f\xe9")
    corpus = read_corpus(path, on_undecodable="replace")
    assert corpus.texts == ["fine", "caf\ufffd"]
    assert corpus.undecodable == [1]


def test_column_counts_characters(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes("text,label\n很好".encode() + b"\xff,x\n")
    with pytest.raises(UserError, match=r"line 2: not valid UTF-8 \(byte 0xff at column 3\)"):
        read_corpus(path)


def test_broken_line_within_a_quoted_text(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b'text,label\na,x\n"one\n\xff\nthree",y\nb,x\n')
    corpus = read_corpus(path, on_undecodable="replace")
    assert corpus.undecodable == [1]
    assert corpus.place(1) == "line 3"


def test_chinese_encoding_is_named(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes("text,label\n房间很好,x\n".encode("gb18030"))
    with pytest.raises(UserError, match="iconv -f GB18030"):
        read_corpus(path)


def test_utf16_is_named(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes("text,label\na,x\n".encode("utf-16"))
    with pytest.raises(UserError, match=r"line 1: not valid UTF-8 .*iconv -f UTF-16"):
        read_corpus(path)


def test_gzip_without_its_ending(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(gzip.compress(b"text,label\na,x\n"))
    with pytest.raises(UserError, match=r"gzip-compressed; cure: .*`\.gz`"):
        read_corpus(path)


@pytest.mark.parametrize("cut", [slice(0, -9), slice(12, None), slice(0, 15)])
def test_broken_gzip(tmp_path, cut):
    path = tmp_path / "r.csv.gz"
    path.write_bytes(gzip.compress(b"text,label\n" + b"a,x\n" * 1000)[cut])
    with pytest.raises(UserError, match="not a whole gzip file"):
        read_corpus(path)


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "r.csv"
    path.write_bytes(b"text,label\na,x\n")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(UserError, match="no permission to read it; cure: `chmod"):
        read_corpus(path)


def test_on_undecodable_is_checked(tmp_path):
    with pytest.raises(UserError, match=r"must be one of 'error', 'replace'\. Received: 'ignore'"):
        read_corpus(tmp_path, on_undecodable="ignore")
