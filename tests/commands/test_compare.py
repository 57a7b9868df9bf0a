"""Several encoders beside each other: a real comparison of two encoders and two seeds, small enough for seconds."""

import csv
import json
import shutil

import numpy as np
import pytest

from tfnlp.commands import compare as module
from tfnlp.commands.compare import seconds_left
from tfnlp.evaluation.comparison import Serving
from tfnlp.tasks import text_classifier

RECIPE = """
name = "films"
[corpus]
train = "films.csv"
valid_fraction = 0.2
test_fraction = 0.2
[preprocessor]
max_tokens = 12
[encoder]
type = "text_cnn"
embedding_dim = 8
filter_sizes = [1, 2]
filters = 8
[training]
epochs = 2
batch_size = 8
learning_rate = 0.02
early_stopping = 0
tensorboard = false
[evaluation]
baseline = true
"""
WORDS = {"good": ["fine", "lovely", "好看"], "bad": ["dull", "awful", "难看"]}
PAIR = ("--encoders", "text_cnn,bag_of_words", "--seeds", "2", "--out", "out")


def write_films(path, last="a dull film, number 59"):
    """Sixty labelled texts, no two alike."""
    labels = [("good", "bad")[number % 2] for number in range(60)]
    texts = [
        f"a {WORDS[label][number // 2 % 3]} film, number {number}" for number, label in enumerate(labels)
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *zip([*texts[:-1], last], labels)])


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A folder with 60 texts and a recipe."""
    folder = tmp_path_factory.mktemp("compare")
    write_films(folder / "films.csv")
    (folder / "films.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def compared(films, tfnlp):
    """The comparison, what it printed, and the batches that each training saw."""
    seen = []
    batches_of = text_classifier.training_batches

    def recorded(*args, **kwargs):
        seen.append([tuple(np.asarray(part) for part in batch) for batch in batches_of(*args, **kwargs)])
        return batches_of(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_classifier, "training_batches", recorded)
        done = tfnlp("compare", "films.toml", *PAIR, cwd=films, check=0)
    return films / "out", done, seen


@pytest.fixture
def copied(compared, films, tmp_path):
    """A copy of all of it, to be broken."""
    shutil.copytree(films, tmp_path, dirs_exist_ok=True)
    return tmp_path


def figures(folder):
    """What does not depend on the clock."""
    found = json.loads((folder / "comparison.json").read_text())
    keys = ("encoder", "accuracy", "macro_f1", "parameters", "epochs", "failure")
    return {item["encoder"]: {key: item[key] for key in keys} for item in found["encoders"]}


def test_the_table_and_the_files(compared):
    out, done, _ = compared
    assert {"text_cnn", "bag_of_words"} <= set(done.stdout.split())
    assert "Recommended: " in done.stdout
    assert "To beat: logistic regression" in done.stdout
    for name in ("comparison.html", "comparison.md", "plots/pareto.png", "plots/seeds.png"):
        assert (out / name).stat().st_size > 100
    assert not list(out.rglob("*.tmp"))
    with (out / "comparison.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["encoder"] for row in table] == ["text_cnn", "bag_of_words"]
    assert sum(int(row["recommended"]) for row in table) == 1
    for row in table:
        assert row["seeds"] == "2" and row["accuracy_deviation"] != "" and row["failure"] == ""
        speeds = ("seconds_per_epoch", "train_texts_per_second", "serve_texts_per_second", "lite_ms")
        assert all(float(row[name]) > 0 for name in (*speeds, "saved_model_bytes", "int8_bytes"))
    assert int(table[0]["parameters"]) > int(table[1]["parameters"])
    found = json.loads((out / "comparison.json").read_text())
    assert found["texts"] == {"train": 36, "valid": 12, "test": 12}
    assert found["seeds"] == [1, 2]


def test_says_how_far_it_is(compared):
    said = compared[1].stderr
    assert "training 1/4 text_cnn, seed 1\n" in said
    assert "training 2/4 bag_of_words, seed 1 (less than a minute left)" in said
    assert "training 4/4 bag_of_words, seed 2" in said
    assert said.count("36 train, 12 valid, 12 test") == 1
    assert "retracing" not in said


def test_same_batches_in_the_same_order_for_the_same_seed(compared):
    # In the order of training: each encoder with seed 1, then each with seed 2; two epochs of five batches.
    one, other, second, fourth = compared[2]
    assert len(one) == 10
    for (ids, targets), (other_ids, other_targets) in zip(one, other, strict=True):
        np.testing.assert_array_equal(ids, other_ids)
        np.testing.assert_array_equal(targets, other_targets)
    assert any(not np.array_equal(a[0], b[0]) for a, b in zip(one, second))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(second, fourth))


def test_every_training_is_an_ordinary_run(compared, films, tfnlp):
    done = tfnlp("predict", "out/text_cnn/seed-1", "a lovely film", "--json", cwd=films, check=0)
    assert json.loads(done.stdout)["label"] in ("good", "bad")
    validation = {path.read_bytes() for path in compared[0].rglob("validation.jsonl")}
    assert len(validation) == 1  # one split for all seeds


def test_goes_on_where_it_was_stopped(compared, copied, tfnlp):
    out = copied / "out"
    whole = figures(out)
    shutil.rmtree(out / "bag_of_words" / "seed-2")  # never begun
    broken = out / "text_cnn" / "seed-2"  # killed in mid-training, its checkpoint torn
    (broken / "metrics.json").unlink()
    (broken / "model.keras").unlink()
    state = broken / "checkpoint" / "state.npz"
    state.write_bytes(state.read_bytes()[:500])
    kept = {path: path.stat().st_mtime_ns for path in out.glob("*/seed-1/metrics.json")}

    # Further encoders can join; this one cannot work: its window must be odd.
    more = ("--encoders", "text_cnn,fixed_window,bag_of_words", "--seeds", "2", "--out", "out")
    bad = ("--set", "compare.fixed_window.window=2")
    done = tfnlp("compare", "films.toml", *more, *bad, "--resume", "--json", cwd=copied, check=1)

    assert "2 of 6 trainings are finished already" in done.stderr
    assert "cannot go on" in done.stderr and "training it anew" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    found = figures(out)
    for name, expected in whole.items():
        assert found[name] == expected  # the same seed, the same figures
    reason = found["fixed_window"]["failure"]
    assert reason.startswith("seed 1: [encoder] `window`") and "\n" not in reason
    assert "Traceback" in (out / "fixed_window" / "failure.txt").read_text()
    printed = json.loads(done.stdout)
    assert printed["recommended"] in whole
    assert [item["encoder"] for item in printed["encoders"]] == ["text_cnn", "fixed_window", "bag_of_words"]
    assert "fixed_window failed: " in (out / "comparison.html").read_text()


VARIANTS = """
[compare.few]
type = "text_cnn"
filters = 3
[compare.sum-bag]
type = "bag_of_words"
pooling = "sum"
"""


@pytest.mark.slow
def test_variants_join_a_comparison_under_their_own_names(compared, copied, tfnlp, monkeypatch):
    # What a variant's copies are measured with is no other than what an encoder's are.
    monkeypatch.setattr(module, "measure", lambda run: Serving(2048, 1024, 0.1, 1000.0))
    out = copied / "out"
    (copied / "films.toml").write_text(RECIPE + VARIANTS)
    one = ("--seeds", "1", "--out", "out", "--resume")

    # Without names it is all that the recipe lists, its own encoder as what the variants are held against.
    done = tfnlp("compare", "films.toml", *one, cwd=copied, check=0)
    assert "1 of 3 trainings are finished already" in done.stderr
    assert "training 2/3 few, seed 1\n" in done.stderr.replace(" (less than a minute left)", "")
    found = figures(out)
    assert list(found) == ["text_cnn", "few", "sum-bag"]
    assert {"few", "sum-bag"} <= set(done.stdout.split())
    with (out / "comparison.csv").open(newline="") as file:
        assert [row["encoder"] for row in csv.DictReader(file)] == list(found)
    for page in ("comparison.md", "comparison.html"):
        assert "sum-bag" in (out / page).read_text()
    rows = json.loads((out / "comparison.json").read_text())["encoders"]
    own, few, bag = (row["settings"] for row in rows)
    assert few == {**own, "filters": 3}
    assert (bag["type"], bag["pooling"]) == ("bag_of_words", "sum")

    # They can be picked, are not trained again, and are what they were.
    done = tfnlp("compare", "films.toml", "--encoders", "sum-bag,few", *one, cwd=copied, check=0)
    assert "2 of 2 trainings are finished already" in done.stderr
    assert figures(out) == {name: found[name] for name in ("sum-bag", "few")}
    changed = ("--set", "compare.few.filters=4")
    done = tfnlp("compare", "films.toml", *one, *changed, cwd=copied, check=2)
    assert "trained with encoder.filters = 3, and now it is 4" in " ".join(done.stderr.split())


def test_ctrl_c_leaves_what_can_be_gone_on_with(films, tmp_path, tfnlp, monkeypatch):
    shutil.copy(films / "films.csv", tmp_path)
    (tmp_path / "my films.toml").write_text(RECIPE)

    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "train", stopped)
    done = tfnlp("compare", "my films.toml", *PAIR, "--set", "training.epochs=2", cwd=tmp_path, check=130)
    command = "tfnlp compare 'my films.toml' --encoders text_cnn,bag_of_words --seeds 2 --out out"
    assert f"{command} --set training.epochs=2 --resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").glob("comparison.*"))


def test_an_export_that_fails_is_told_beside_the_accuracy(copied, tfnlp, monkeypatch):
    def fail(run):
        raise RuntimeError("no such op\nand much more")

    for file in (copied / "out").glob("*/serving.json"):
        file.unlink()
    monkeypatch.setattr(module, "measure", fail)
    done = tfnlp("--quiet", "compare", "films.toml", *PAIR, "--resume", cwd=copied, check=1)
    found = figures(copied / "out")
    assert found["text_cnn"]["failure"] == "export: RuntimeError: no such op"
    assert found["text_cnn"]["accuracy"]["count"] == 2
    assert "No encoder came to its end" in done.stdout
    assert "epoch" not in done.stderr and "texts:" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--encoders", "text_cn", "--out", "new"), "Did you mean `text_cnn`"),
        (("--out", "new"), "the recipe lists nothing to compare; name encoders"),
        (PAIR, "go on with it by --resume"),
        (("--encoders", "text_cnn", "--out", "."), "is not an empty folder"),
        (("--encoders", "text_cnn", "--out", "new", "--resume"), "holds no comparison"),
        ((*PAIR, "--resume", "--set", "training.epochs=3"), "training.epochs = 2, and now it is 3"),
        (("--encoders", "text_cnn", "--set", "compare.text_cnn.filtres=3"), "Did you mean `filters`"),
        (
            ("--encoders", "text_cnn", "--set", "corpus.valid_fraction=0", "--set", "corpus.test_fraction=0"),
            "no texts to compare",
        ),
        (("--encoders", "text_cnn", "--set", "corpus.train=film.csv"), "Did you mean `films.csv`"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(compared, films, tfnlp, arguments, message):
    done = tfnlp("compare", "films.toml", *arguments, cwd=films, check=2)
    assert message in " ".join(done.stderr.split())
    assert not (films / "new").exists() and not (films / "comparisons").exists()


def test_other_texts_are_another_comparison(copied, tfnlp):
    write_films(copied / "films.csv", last="something else")
    done = tfnlp("compare", "films.toml", *PAIR, "--resume", cwd=copied, check=2)
    assert "the texts are not those" in done.stderr


def test_seconds_left():
    assert seconds_left(["a", "b"], {}) is None
    # One more of `a` at its own mean; one of `b`, never seen, at the mean of all.
    assert seconds_left(["a", "b"], {"a": [2.0, 4.0], "c": [9.0]}) == pytest.approx(3.0 + 5.0)
    assert seconds_left([], {"a": [2.0]}) == 0
