"""The benchmark of language models: what it reads, measures and keeps."""

import gzip
import importlib.util
import json

import pytest

from benchmarks import language_models
from benchmarks.language_model_corpora import find_corpus, read_sentences


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "ptb"
    folder.mkdir()
    (folder / "ptb.train.txt.gz").write_bytes(gzip.compress(b" a b <unk>\n\n b a\n a b\n"))
    (folder / "ptb.valid.txt").write_text("a b\n")
    (folder / "ptb.test.txt").write_text("b a\na <unk>\n")
    return tmp_path


def test_files_of_a_corpus(data):
    corpus = find_corpus(data, "ptb")
    assert corpus == find_corpus(data / "ptb", "ptb")
    assert read_sentences(corpus["train"]) == ["a b <unk>", "b a", "a b"]
    (data / "ptb" / "ptb.test.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"ptb\.test\.txt"):
        find_corpus(data, "ptb")


def test_every_model_is_measured_once_and_kept(data, tmp_path, capsys):
    out = tmp_path / "results.json"
    peers = "nltk" if importlib.util.find_spec("nltk") else "none"
    common = [str(data), "--json", str(out), "--only", "ngram", "--peers", peers, "--peer-orders", "2"]
    language_models.main([*common, "--orders", "2", "--smoothings", "mle,add_k"])
    results = json.loads(out.read_text())["corpora"]["ptb"]["results"]
    by_name = {language_models.name_of(result): result for result in results}
    assert (
        by_name["tfnlp mle 2-grams"]["perplexity"]["test"] is None
    )  # nothing but `b` stood behind `a`, and the end
    ours = by_name["tfnlp add_k 2-grams"]
    # Four words with </s> and <unk>: of <s> 3, of b 3, of a 3, each count with 1 more.
    product = (2 / 7 * 2 / 7 * 2 / 7) * (3 / 7 * 1 / 7 * 2 / 5)
    assert ours["perplexity"]["test"] == pytest.approx(product ** (-1 / 6), rel=1e-5)
    if peers == "nltk":
        assert by_name["nltk Laplace 2-grams"]["train_seconds"] > 0
    language_models.main([*common[:-3], "none", "--orders", "1", "--smoothings", "katz"])
    again = json.loads(out.read_text())["corpora"]["ptb"]["results"]
    assert {language_models.name_of(result) for result in again} == {*by_name, "tfnlp katz 1-grams"}
    assert "tfnlp katz 1-grams" in capsys.readouterr().out


def test_an_unknown_choice_is_refused(capsys):
    with pytest.raises(SystemExit):
        language_models.parse(["data", "--smoothings", "magic"])
    assert "there are mle, add_k" in capsys.readouterr().err
