"""`tfnlp ngram`, `tfnlp perplexity` and `tfnlp generate`: what they write and say, and what they refuse."""

import gzip
import json
import math

import pytest

SAM = "I am Sam\nSam I am\n\nI do not like green eggs and ham\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ngram")
    (folder / "sam.txt").write_text(SAM)
    (folder / "new.txt").write_text("Sam I am\nI like green zebra\n")
    return folder


@pytest.fixture(scope="module")
def trained(place, tfnlp):
    tfnlp(
        "ngram",
        "train",
        "sam.txt",
        "--order",
        "2",
        "--smoothing",
        "add_k",
        "--out",
        "m.ngram",
        cwd=place,
        check=0,
    )
    return place


def test_training_says_what_it_did_and_leaves_nothing_behind(tfnlp, place):
    out = place / "deep" / "sam.ngram"
    done = tfnlp(
        "ngram", "train", "sam.txt", "--order", 3, "--smoothing", "mle", "--out", out, "--json", cwd=place, check=0
    )  # fmt: skip
    facts = json.loads(done.stdout)
    assert facts["trained_on"] == {"tokens": 14, "sentences": 3}
    assert facts["ngrams"] == [13, 15, 14]
    assert facts["bytes"] == out.stat().st_size
    assert [file.name for file in out.parent.iterdir()] == ["sam.ngram"]


def test_gzipped_characters_pruned_and_a_vocabulary(tfnlp, place):
    (place / "sam.txt.gz").write_bytes(gzip.compress(SAM.encode()))
    (place / "words.txt").write_text("I\nam\nSam\nnever\n")
    train = ("ngram", "train", "sam.txt.gz", "--json")
    done = tfnlp(*train, "--level", "char", "--memory", 1, "--out", "c.ngram", cwd=place, check=0)
    assert json.loads(done.stdout)["trained_on"]["tokens"] == 8 + 8 + 32
    done = tfnlp(*train, "--prune", "0,1", "--min-count", 2, "--out", "p.ngram", cwd=place, check=0)
    assert json.loads(done.stdout)["ngrams"][:1] == [3 + 3]
    done = tfnlp(*train, "--vocabulary", "words.txt", "--out", "v.ngram", cwd=place, check=0)
    assert json.loads(done.stdout)["ngrams"][0] == 3 + 4


def test_perplexity_of_a_text(tfnlp, trained):
    done = tfnlp("perplexity", "m.ngram", "new.txt", "--json", cwd=trained, check=0)
    report = json.loads(done.stdout)
    assert (report["sentences"], report["tokens"], report["unknown"]) == (2, 9, 1)
    # By hand, 12 words: each factor is (count + 1) / (count of the context + 12).
    product = (2 / 15 * 2 / 14 * 3 / 15 * 2 / 14) * (3 / 15 * 1 / 15 * 2 / 13 * 1 / 13 * 1 / 12)
    assert report["perplexity"] == pytest.approx(product ** (-1 / 9), rel=1e-5)
    assert report["perplexity_without_unknown"] == pytest.approx((product * 13) ** (-1 / 8), rel=1e-5)
    assert report["bits_per_character"] == pytest.approx(-math.log2(product) / (9 + 19), rel=1e-5)
    shown = tfnlp("perplexity", "m.ngram", "new.txt", cwd=trained, check=0).stdout
    assert f"perplexity          {report['perplexity']:.2f}" in shown
    assert "unknown words       1 (11.11%)" in shown


def test_infinite_perplexity_is_said_so(tfnlp, place):
    tfnlp(
        "ngram",
        "train",
        "sam.txt",
        "--order",
        "2",
        "--smoothing",
        "mle",
        "--out",
        "mle.ngram",
        cwd=place,
        check=0,
    )
    done = tfnlp("perplexity", "mle.ngram", "new.txt", cwd=place, check=0)
    assert "perplexity          infinite" in done.stdout
    assert "impossible tokens   2, 1 of them known words" in done.stdout
    done = tfnlp("perplexity", "mle.ngram", "new.txt", "--json", cwd=place, check=0)
    assert json.loads(done.stdout)["perplexity"] is None


def test_a_text_of_other_words_is_warned_of(tfnlp, trained):
    (trained / "other.txt").write_text("我 喜欢 学习 。\n")
    done = tfnlp("perplexity", "m.ngram", "other.txt", cwd=trained, check=0)
    assert "100% of the tokens are unknown to the model" in done.stderr


def test_conversion_there_and_back(tfnlp, trained):
    for source, out in (("m.ngram", "m.arpa"), ("m.arpa", "again.ngram"), ("again.ngram", "m.arpa.gz")):
        assert f"wrote {out}" in tfnlp("ngram", "convert", source, out, cwd=trained, check=0).stdout
    assert gzip.decompress((trained / "m.arpa.gz").read_bytes()) == (trained / "m.arpa").read_bytes()
    said = {
        tfnlp("perplexity", name, "new.txt", cwd=trained, check=0).stdout
        for name in ("m.ngram", "m.arpa", "again.ngram", "m.arpa.gz")
    }
    assert len(said) == 1


def test_generation(tfnlp, trained):
    ask = ("generate", "m.ngram", "--prompt", "I am", "--max-tokens", "5")
    done = tfnlp(*ask, "-n", "3", "--seed", "7", "--json", cwd=trained, check=0)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["seed"] for answer in answers] == [7, 8, 9]
    assert all(answer["text"].startswith("I am") for answer in answers)
    assert tfnlp(*ask, "--seed", "8", cwd=trained, check=0).stdout.strip() == answers[1]["text"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ngram", "train", "none.txt", "--out", "o.ngram"), "no corpus none.txt"),
        (("ngram", "train", "empty.txt", "--out", "o.ngram"), "The corpus is empty"),
        (("ngram", "train", "latin.txt", "--out", "o.ngram"), "latin.txt, line 2: not valid UTF-8"),
        (("ngram", "train", "marks.txt", "--out", "o.ngram"), "`<s>` stands in the text"),
        (("ngram", "train", "sam.txt", "--out", "."), "is a folder"),
        (("ngram", "train", "sam.txt", "--smoothing", "katze", "--out", "o.ngram"), "Did you mean `katz`"),
        (("ngram", "train", "sam.txt", "--prune", "0,x", "--out", "o.ngram"), "--prune takes whole numbers"),
        (("ngram", "train", "sam.txt", "--prune", "1", "--out", "o.ngram"), "begins with 0"),
        (
            ("ngram", "train", "sam.txt", "--vocabulary", "sam.txt", "--out", "o.ngram"),
            "line 1: expected one word",
        ),
        (
            ("ngram", "train", "sam.txt", "--vocabulary", "empty.txt", "--out", "o.ngram"),
            "vocabulary is empty",
        ),
        (("ngram", "train", "package:snownlp/nothing", "--out", "o.ngram"), "snownlp"),
        (("ngram", "convert", "sam.txt", "o.arpa"), "no model of n-grams"),
        (("perplexity", "none.ngram", "sam.txt"), "no model none.ngram"),
        (("perplexity", ".", "sam.txt"), "is a folder"),
        (("perplexity", "m.ngram", "empty.txt"), "empty.txt is empty"),
        (("perplexity", "m.ngram", "latin.txt"), "latin.txt, line 2: not valid UTF-8"),
        (("perplexity", "m.ngram", "none.txt"), "no corpus none.txt"),
        (("perplexity", "m.ngram", "marks.txt"), "`<s>` stands in the text"),
        (("generate", "m.ngram", "--temperature", "0"), "`temperature` must be a number above 0"),
    ],
)
def test_mistakes_are_named_with_their_cure(tfnlp, trained, arguments, message):
    (trained / "empty.txt").write_text("\n \n")
    (trained / "latin.txt").write_bytes(b"a b\ncaf\xe9 b\n")
    (trained / "marks.txt").write_text("<s> a b </s>\n")
    done = tfnlp(*arguments, cwd=trained, check=2)
    assert message in " ".join(done.stderr.split())
    assert not list(trained.glob("o.*")) and not list(trained.glob(".*"))


def test_a_stop_leaves_nothing(tfnlp, trained, monkeypatch):
    from tfnlp.commands.vector_progress import VectorProgress

    def press(self, name):
        if name == "estimating":
            raise KeyboardInterrupt

    monkeypatch.setattr(VectorProgress, "stage", press)
    tfnlp("ngram", "train", "sam.txt", "--out", "o.ngram", cwd=trained, check=130)
    assert not list(trained.glob("o.*")) and not list(trained.glob(".*"))


def test_the_commands_start_without_tensorflow(tfnlp_process, trained):
    code = "import sys; from tfnlp.cli import app; app(sys.argv[1:], standalone_mode=False); "
    code += "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", code, "perplexity", "m.ngram", "new.txt", "--json"],
        cwd=trained,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False False"
