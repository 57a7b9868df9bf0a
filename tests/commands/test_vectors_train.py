"""`tfnlp vectors train`: each method's file, the same seed's same vectors, Ctrl-C and what goes on from there."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from tfnlp.commands.vector_progress import VectorProgress
from tfnlp.commands.vector_settings import METHODS
from tfnlp.embeddings.word_vectors import WordVectors

HOMES = {"cat": "house", "dog": "yard", "fish": "pond", "bird": "tree", "horse": "stable"}
SMALL = ("--dim", "8", "--window", "3", "--min-count", "1")


def write_corpus(path, sentences):
    chance = random.Random(1)
    lines = []
    for _ in range(sentences):
        animal = chance.choice(list(HOMES))
        lines.append(f"the {chance.choice(['old', 'young'])} {animal} lives in the {HOMES[animal]}\n")
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vectors")
    write_corpus(folder / "corpus.txt", 600)
    return folder


def train(tfnlp, place, out, *options, check=0):
    return tfnlp("vectors", "train", "corpus.txt", *SMALL, "--out", out, *options, cwd=place, check=check)


@pytest.mark.parametrize("method", METHODS)
def test_each_method_writes_its_vectors(tfnlp, place, method):
    window = ("--window", "3") if method != "lsa" else ()
    out = place / f"{method}.npz"
    options = ("--dim", "8", "--min-count", "1", "--method", method, *window)
    done = tfnlp("vectors", "train", "corpus.txt", "--out", out.name, *options, "--json", cwd=place, check=0)
    vectors = WordVectors.load(out)
    assert (len(vectors), vectors.dimension) == (15, 8)
    assert vectors.words[0] == "the" and vectors.counts[0] == 1200
    facts = json.loads((place / f"{method}.npz.json").read_text())
    assert facts["corpus"] == {"tokens": 4200, "sentences": 600, "dropped_tokens": 0}
    assert facts["settings"]["method"] == method
    learns = method in ("skipgram", "cbow", "glove")
    assert (place / f"{method}.npz.loss.png").is_file() == learns
    assert json.loads(done.stdout)["files"][0] == f"{method}.npz"
    if learns:
        assert facts["epoch_losses"][-1] < facts["epoch_losses"][0]
        assert facts["loss_history"][-1][0] == len(facts["epoch_losses"])
        assert "epoch 1/" in done.stderr
    assert not list(place.glob(".*"))


def test_ngrams_know_words_never_seen(tfnlp, place):
    train(tfnlp, place, "ngrams.npz", "--epochs", "1", "--ngrams", "3-4")
    tfnlp("vectors", "convert", "ngrams.npz", "ngrams.txt", cwd=place, check=0)
    answer = tfnlp("vectors", "nearest", "ngrams.npz", "houses", "-n", "3", "--json", cwd=place, check=0)
    assert len(json.loads(answer.stdout)["houses"]) == 3
    tfnlp("vectors", "nearest", "ngrams.txt", "houses", cwd=place, check=2)


@pytest.mark.parametrize("kind", ["wordpiece", "sentencepiece"])
def test_a_learnt_tokenizer_goes_with_its_vectors(tfnlp, place, kind):
    pytest.importorskip("tensorflow_text")
    pytest.importorskip("sentencepiece")
    out, options = f"{kind}.npz", ("--tokenizer", kind, "--epochs", "1")
    done = train(tfnlp, place, out, *options, "--json")
    assert f"{out}.tokenizer.keras" in json.loads(done.stdout)["files"]
    tokenizer = keras.saving.load_model(place / f"{out}.tokenizer.keras")
    vectors = WordVectors.load(place / out)
    pieces = [piece.decode() for piece in tokenizer.tokenize("the old bird").numpy()]
    assert pieces and all(piece in vectors for piece in pieces)
    assert vectors.to_embedding(tokenizer.vocabulary)(tokenizer("the old bird")).shape == (len(pieces), 8)


def test_a_tokenizer_by_rule_is_not_written(tfnlp, place):
    train(tfnlp, place, "rule.npz", "--tokenizer", "word", "--method", "svd")
    assert not (place / "rule.npz.tokenizer.keras").exists()


def test_a_learnt_tokenizer_outlives_a_stop(tfnlp, place, monkeypatch):
    pytest.importorskip("tensorflow_text")
    update = VectorProgress.update

    def press(self, *args, **options):
        update(self, *args, **options)
        if options.get("loss"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(VectorProgress, "update", press)
        train(tfnlp, place, "stop.npz", "--tokenizer", "wordpiece", "--epochs", "2", check=130)
    beside = place / "stop.npz.tokenizer.keras"
    assert beside.is_file()
    beside.unlink()
    train(tfnlp, place, "stop.npz", "--tokenizer", "wordpiece", "--epochs", "2", "--resume")
    assert beside.is_file()


@pytest.fixture
def stopped(tfnlp, tmp_path, monkeypatch):
    """A training that Ctrl-C stopped when it had just begun to learn."""
    write_corpus(tmp_path / "corpus.txt", 600)
    update = VectorProgress.update

    def press(self, *args, **options):
        update(self, *args, **options)
        if options.get("loss"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(VectorProgress, "update", press)
        done = train(tfnlp, tmp_path, "v.npz", "--epochs", "3", check=130)
    return tmp_path, done


def test_stopped_and_taken_up_again(tfnlp, stopped):
    place, done = stopped
    assert len(WordVectors.load(place / "v.npz")) == 15
    assert "the vectors so far are in v.npz" in done.stderr
    command = "tfnlp vectors train corpus.txt --method skipgram --dim 8 --window 3 --min-count 1 --epochs 3 --out v.npz"
    assert f"go on with: {command} --resume" in done.stderr
    again = train(tfnlp, place, "v.npz", "--epochs", "3", check=2)
    assert "an unfinished training is there; go on with it by --resume" in again.stderr
    other = train(tfnlp, place, "v.npz", "--epochs", "4", "--resume", check=2)
    assert "begun with other settings: --epochs was 3, is 4" in other.stderr

    folder = place / ".v.npz.training"
    (folder / "checkpoint" / ".word2vec.npz.tmp").write_bytes(b"half a checkpoint")  # as a kill leaves it
    (place / ".v.npz.0123456789ab.tmp").write_bytes(b"half a file")
    train(tfnlp, place, "v.npz", "--epochs", "3", "--resume")
    train(tfnlp, place, "whole.npz", "--epochs", "3", "--seed", "1")
    ours, theirs = (WordVectors.load(place / name) for name in ("v.npz", "whole.npz"))
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    ours, theirs = (json.loads((place / name).read_text()) for name in ("v.npz.json", "whole.npz.json"))
    # Summed over pieces of the epoch that a break cuts otherwise: the same up to rounding.
    assert ours["epoch_losses"] == pytest.approx(theirs["epoch_losses"], rel=1e-5)
    assert not list(place.glob(".v.npz*"))
    done = train(tfnlp, place, "v.npz", "--epochs", "3", "--resume", check=2)
    assert "there is no training to resume: its training is finished" in done.stderr


def test_stopped_while_reading(tfnlp, tmp_path, monkeypatch):
    write_corpus(tmp_path / "corpus.txt", 600)

    def press(self, *args, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(VectorProgress, "update", press)
        train(tfnlp, tmp_path, "v.npz", "--method", "svd", check=130)
    assert not (tmp_path / "v.npz").exists()
    train(tfnlp, tmp_path, "v.npz", "--method", "svd")  # nothing was learnt, nothing is in the way
    assert (tmp_path / "v.npz").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "v.bim"), "v.bim: no format goes by the ending '.bim'. Did you mean `.bin`?"),
        (("--method", "glvoe"), "Did you mean `glove`?"),
        (("--method", "glove", "--loss", "full"), "--loss is not for `--method glove`"),
        (("--resume",), "there is no training to resume"),
        (("--min-count", "5000"), "--min-count 1200"),
    ],
)
def test_mistakes(tfnlp, place, options, message):
    assert message in train(tfnlp, place, "wrong.bin", *options, check=2).stderr
    assert not (place / "wrong.bin").exists()


def test_a_corpus_that_is_none(tfnlp, tmp_path):
    for content, message in (
        (b"", "The corpus is empty"),
        (b"word word word word word\n", "Only one word is left"),
        (b"good words\nb\xe9d words\n", "line 2: not valid UTF-8"),
    ):
        (tmp_path / "corpus.txt").write_bytes(content)
        assert message in train(tfnlp, tmp_path, "v.bin", check=2).stderr
    (tmp_path / "corpus.txt").unlink()
    (tmp_path / "corpse.txt").touch()
    assert "Did you mean `corpse.txt`" in train(tfnlp, tmp_path, "v.bin", check=2).stderr


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill-9"])
def test_a_process_that_is_stopped(tfnlp, tmp_path, how):
    write_corpus(tmp_path / "corpus.txt", 3000)
    command = ["vectors", "train", "corpus.txt", *SMALL, "--out", "v.npz", "--epochs", "400"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tfnlp", *command],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1"},
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        while not next(line for line in process.stderr).startswith("epoch 2/"):
            assert process.poll() is None
        time.sleep(0.2)
        process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "Traceback" not in errors
    if how == signal.SIGINT:
        assert process.returncode == 130 and "--resume" in errors
    tfnlp(*command, "--resume", cwd=tmp_path, check=0)
    assert len(WordVectors.load(tmp_path / "v.npz")) == 15
    assert not list(tmp_path.glob(".v.npz*"))
