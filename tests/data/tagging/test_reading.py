import os
import subprocess
import sys

import pytest

from tfnlp.data.tagging import read_tagged
from tfnlp.data.tagging.formats import format_of
from tfnlp.errors import UserError

CONLLU_ROW = "1\tcat\tcat\tNOUN\tNN\t_\t0\troot\t_\t_\n"


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("eng.train", "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n", "columns"),
        ("train.tsv", "中\tB-LOC\n国\tI-LOC\n", "columns"),
        ("train.txt", "a O\n" * 20 + "b\n", "columns"),  # a broken line, which the reader names
        ("x.conllu", "a O\n", "conllu"),
        ("x.conllu.gz", "", "conllu"),
        ("x.conll", "# text = cat\n" + CONLLU_ROW, "conllu"),
        ("x.jsonl", "", "spans"),
        ("x.JSON", "", "spans"),
        ("x.txt", '{"text": "a", "spans": []}\n', "spans"),
        (
            "pku.utf8",
            "共同  创造\n\n一 九 九 八 年\n中共中央  总书记  江  泽民\n我 们\n新 年 好\n",
            "segmented",
        ),
        ("empty.txt", "", "columns"),
    ],
)
def test_the_format_is_told_from_ending_or_first_lines(tmp_path, name, text, format):
    path = tmp_path / name
    if not name.endswith(".gz"):
        path.write_text(text, encoding="utf-8")
    assert format_of(path) == format


@pytest.mark.parametrize("text", ["word\nword\n", "a b\na b\na b c\n"])
def test_a_format_that_cannot_be_told(tmp_path, text):
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(
        UserError, match=r'x.txt: .*cure: say format = "columns", "conllu", "spans" or "segmented"'
    ):
        read_tagged(tmp_path / "x.txt")


def test_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "eng.train").write_text("a O\n")
    with pytest.raises(UserError, match=r"eng.trian: no such file .* Did you mean `eng.train`\?"):
        read_tagged(tmp_path / "eng.trian")


def test_a_folder(tmp_path):
    with pytest.raises(UserError, match="this is a folder; a tagged corpus is one file"):
        read_tagged(tmp_path)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("format", "conll", r"`format` must be one of 'auto', 'columns'.*'conll'\. Did you mean `conllu`"),
        ("scheme", "iob", r"`scheme` must be one of iob1, bio.*Did you mean `iob1`"),
        ("to_scheme", "bilou", r"`scheme` must be one of"),
        ("on_broken", "repair", r"`on_broken` must be one of 'error', 'mend'"),
        ("on_bad_span", "mend", r"`on_bad_span` must be one of 'error', 'skip'"),
        ("on_undecodable", "skip", r"`on_undecodable` must be one of 'error', 'replace'"),
        ("tokenizer", "wordpiece", r"`tokenizer` must be one of 'auto', 'char', 'word'"),
    ],
)
def test_settings_are_checked(tmp_path, setting, value, message):
    (tmp_path / "x").write_text("a O\n")
    with pytest.raises(UserError, match=message):
        read_tagged(tmp_path / "x", **{setting: value})


def test_spans_cannot_become_free_tags(tmp_path):
    (tmp_path / "x").write_text("a B-X\n")
    with pytest.raises(UserError, match="`bio` cannot be written as `plain`"):
        read_tagged(tmp_path / "x", to_scheme="plain")
    assert read_tagged(tmp_path / "x", scheme="plain", to_scheme="plain").sentences[0].tags == ("B-X",)


def test_nothing_heavy_is_imported():
    code = (
        "import sys, tfnlp.data.tagging.reading, tfnlp.data.tagging.inventory, tfnlp.data.tagging.span_lines; "
        "sys.exit(bool({'tensorflow', 'keras', 'sklearn', 'rich', 'seqeval'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
