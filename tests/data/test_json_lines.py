import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnlp.data import read_corpus
from tfnlp.errors import UserError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def write(folder, content, name="reviews.jsonl"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@given(st.lists(TEXTS, min_size=1, max_size=8), st.booleans())
def test_round_trip(tmp_path_factory, texts, ascii_only):
    lines = [json.dumps({"text": text, "label": "x"}, ensure_ascii=ascii_only) for text in texts]
    path = write(tmp_path_factory.getbasetemp(), "\n".join(lines), "round_trip.jsonl")
    assert read_corpus(path).texts == texts


def test_keys_blank_lines_and_places(tmp_path):
    content = '\ufeff{"id": 1, "review": "很好", "stars": 5}\r\n\r\n{"stars": true, "review": "不好"}'
    corpus = read_corpus(write(tmp_path, content), text_column="review", label_column="stars")
    assert (corpus.texts, corpus.labels, corpus.places) == (["很好", "不好"], ["5", "True"], [1, 3])


@pytest.mark.parametrize(
    ("name", "pack"), [("r.json", bytes), ("r.jsonl.gz", gzip.compress), ("r.json.gz", gzip.compress)]
)
def test_endings(tmp_path, name, pack):
    assert read_corpus(write(tmp_path, pack(b'{"text": "a", "label": "x"}\n'), name)).texts == ["a"]


def test_lists_are_multi_label(tmp_path):
    path = write(tmp_path, '{"text": "a", "label": ["x", "y", "x"]}\n{"text": "b", "label": []}\n')
    corpus = read_corpus(path)
    assert corpus.multi_label
    assert corpus.labels == [["x", "y"], []]


def test_label_separator(tmp_path):
    path = write(
        tmp_path, '{"text": "a", "label": "x|y"}\n{"text": "b", "label": 3}\n{"text": "c", "label": ["z"]}'
    )
    assert read_corpus(path, label_separator="|").labels == [["x", "y"], ["3"], ["z"]]


def test_control_characters_are_let_through(tmp_path):
    path = write(tmp_path, b'{"text": "a\x00b\tc", "label": "x"}\n')
    assert read_corpus(path).texts == ["a\x00b\tc"]


def test_a_text_of_a_megabyte(tmp_path):
    path = write(tmp_path, json.dumps({"text": "a" * 1_000_000, "label": "x"}))
    assert len(read_corpus(path).texts[0]) == 1_000_000


def test_half_a_surrogate_pair(tmp_path):
    path = write(tmp_path, r'{"text": "a\ud83d", "label": "x"}')
    with pytest.raises(UserError, match="line 1: the text is not valid Unicode"):
        read_corpus(path)
    corpus = read_corpus(path, on_undecodable="replace")
    assert (corpus.texts, corpus.undecodable) == (["a\ufffd"], [0])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "a"', r"line 2: not JSON \(.* at column \d+\); expected one JSON object a line"),
        ("hello", r"line 2: not JSON"),
        ('"hello"', r"line 2: expected a JSON object. Received: \"hello\""),
        ("[1, 2]", r"line 2: expected a JSON object"),
        (
            '{"texts": "a", "label": "x"}',
            r"line 2: no key `text`. Did you mean `texts`\? There: `texts`, `label`",
        ),
        ('{"text": "a"}', r"line 2: no key `label`.*There: `text`"),
        ('{"text": 7, "label": "x"}', r"line 2: column `text` must be a string. Received: 7"),
        ('{"text": "a", "label": null}', r"line 2: column `label` must hold a label. Received: None"),
        ('{"text": "a", "label": 1.5}', r"line 2: column `label` must hold a label. Received: 1.5"),
        ('{"text": "a", "label": ["x"]}', r"line 2: .* one label in every row or a list of labels"),
        ("[" * 100_000, r"line 2: not readable JSON"),
        ('{"text": "a", "label": ' + "1" * 5000 + "}", r"line 2: not readable JSON"),
    ],
)
def test_bad_lines(tmp_path, line, message):
    path = write(tmp_path, '{"text": "fine", "label": "x"}\n' + line + "\n")
    with pytest.raises(UserError, match=message):
        read_corpus(path)


@pytest.mark.parametrize("content", ['[{"text": "a"}]', '[\n{"text": "a"}\n]'])
def test_a_json_array(tmp_path, content):
    with pytest.raises(UserError, match=r"line 1: a JSON array begins here.*jq -c"):
        read_corpus(write(tmp_path, content, "r.json"))
