import os
import subprocess
import sys

import pytest

from tfnlp.data import read_corpus
from tfnlp.errors import UserError


def test_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "reviews.csv").write_text("text,label\na,x\n")
    with pytest.raises(UserError, match=r"review.csv: no such file .* Did you mean `reviews.csv`\?"):
        read_corpus(tmp_path / "review.csv")


def test_missing_folder(tmp_path):
    with pytest.raises(UserError, match=r"no such file; the folder .*nowhere is not there either"):
        read_corpus(str(tmp_path / "nowhere" / "reviews.csv"))


@pytest.mark.parametrize(
    ("name", "received"),
    [("r.xlsx", "`.xlsx`"), ("r.gz", "none"), ("r", "none"), ("r.cvs", "Did you mean `.csv`")],
)
def test_unknown_ending(tmp_path, name, received):
    (tmp_path / name).write_text("text,label\na,x\n")
    with pytest.raises(UserError, match=rf"must be one of \.csv, \.tsv, \.jsonl, \.json.*{received}"):
        read_corpus(tmp_path / name)


def test_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "reviews.csv").write_text("text,label\na,x\n")
    assert read_corpus("~/reviews.csv").texts == ["a"]


def test_nothing_heavy_is_imported():
    code = (
        "import sys, tfnlp.data, tfnlp.data.readers, tfnlp.data.splits, tfnlp.data.inspection; "
        "sys.exit(bool({'tensorflow', 'keras', 'sklearn', 'rich', 'tensorflow_datasets'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
