"""The main road as a user types it: train, evaluate, predict, export, verify."""

import csv
import json
import shutil

import pytest

from tfnlp.commands.models import load_model

COPIES = ["run", "runs", "keras", "export", "version", "float32", "int8"]


@pytest.fixture
def copy_of(trained, exported):
    def path(name):
        return {
            "run": trained,
            "runs": trained.parent,
            "keras": trained / "model.keras",
            "export": exported.parent,
            "version": exported,
            "float32": exported / "assets.extra" / "model.float32.tflite",
            "int8": exported / "assets.extra" / "model.int8.tflite",
        }[name]

    return path


def test_a_run_holds_all_it_should(trained):
    names = {path.relative_to(trained).as_posix() for path in trained.rglob("*")}
    assert {
        "recipe.toml",
        "model.keras",
        "metrics.json",
        "history.csv",
        "report.html",
        "plots/curves.png",
        "plots/confusion.png",
        "checkpoint/state.npz",
        "validation.jsonl",
    } <= names
    assert any("tfevents" in name for name in names)
    assert not any(name.endswith(".tmp") for name in names)
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["rows"] == {"train": 96, "valid": 12, "test": 12}
    assert metrics["test"]["accuracy"] == 1.0  # the words give it away
    assert metrics["baseline"]["accuracy"] > 0.5
    assert metrics["device"].startswith(("CPU", "GPU"))
    with (trained / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["1", "2", "3", "4"]
    assert float(history[0]["loss"]) > float(history[-1]["loss"])
    assert "filter_sizes = [\n    1,\n    2,\n]" in (trained / "recipe.toml").read_text()
    report = (trained / "report.html").read_text()
    assert "films" in report
    assert "data:image/png;base64" in report


@pytest.mark.slow
def test_the_resolved_recipe_gives_the_same_model(trained, workplace, tfnlp_process):
    tfnlp_process("train", trained / "recipe.toml", "--runs", "again", cwd=workplace, check=0)
    again = next((workplace / "again" / "films").iterdir())
    ours, theirs = (json.loads((run / "metrics.json").read_text()) for run in (again, trained))
    assert ours["test"] == theirs["test"]
    assert ours["valid"] == theirs["valid"]
    ours, theirs = (load_model(run) for run in (again, trained))
    for one, other in zip(ours.get_weights(), theirs.get_weights()):
        assert (one == other).all()


@pytest.mark.parametrize("name", COPIES)
def test_every_copy_answers_the_same_command(copy_of, name, workplace, tfnlp):
    done = tfnlp("predict", copy_of(name), "a lovely film", "难看", "--json", cwd=workplace, check=0)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["label"], second["label"]) == ("good", "bad")
    assert first["scores"].keys() == {"good", "bad"}
    assert first["score"] == max(first["scores"].values())


@pytest.mark.parametrize("name", ["run", "export", "int8"])
def test_evaluate(copy_of, name, workplace, tfnlp):
    done = tfnlp("evaluate", copy_of(name), "films.csv", "--json", cwd=workplace, check=0)
    report = json.loads(done.stdout)
    assert report["examples"] == 120
    assert report["accuracy"] == 1.0
    assert report["macro_f1"] == 1.0


def test_predict_reads_lines(copy_of, workplace, tfnlp):
    lines = b"a lovely film\n\n" + b"\xff\xfe awful\n" + "难看".encode()
    done = tfnlp("predict", copy_of("int8"), "-", "--json", cwd=workplace, check=0, stdin=lines)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 4
    assert answers[2]["label"] == "bad"
    table = tfnlp("predict", copy_of("int8"), "一部好看的电影", cwd=workplace, check=0).stdout
    assert "good" in table
    assert "一部好看的电影" in table


def test_predicting_from_a_phone_file_needs_no_tensorflow(copy_of, workplace, tfnlp_process, tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('not on this device')")
    shutil.copy(tmp_path / "tensorflow.py", tmp_path / "keras.py")
    done = tfnlp_process(
        "predict", copy_of("float32"), "dull", cwd=workplace, check=0, PYTHONPATH=str(tmp_path)
    )
    assert "bad" in done.stdout


def test_export_numbers_its_versions_and_proves_itself(exported, trained, workplace, tfnlp):
    done = tfnlp(
        "export", trained, "--out", exported.parent, "--lite", "none", "--json", cwd=workplace, check=0
    )
    assert json.loads(done.stdout)["folder"].endswith("/2")
    assert {path.name for path in exported.parent.iterdir()} == {"1", "2"}
    shutil.rmtree(exported.parent / "2")
    proof = json.loads(tfnlp("verify", exported, "--json", cwd=workplace, check=0).stdout)
    assert {row["copy"] for row in proof["rows"]} == {"saved_model", "float32", "int8"}


def test_verify_finds_a_tampered_copy(exported, workplace, tfnlp, tmp_path):
    shutil.copytree(exported, tmp_path / "films" / "1")
    extra = tmp_path / "films" / "1" / "assets.extra"
    vocabulary = tmp_path / "films" / "1" / "assets" / "vocab.txt"
    tokens = vocabulary.read_text(encoding="utf-8").splitlines()
    vocabulary.write_text("\n".join([*tokens[:2], *tokens[:1:-1]]) + "\n", encoding="utf-8")
    done = tfnlp("verify", tmp_path / "films", cwd=workplace, check=1)
    assert "error:" in done.stderr
    assert extra.exists()


def test_fit_without_a_recipe(workplace, tfnlp):
    done = tfnlp(
        *(
            "fit",
            "--train",
            "films.csv",
            "--test",
            "films.csv",
            "--encoder",
            "bag_of_words",
            "--tokenizer",
            "char",
        ),
        *("--epochs", "2", "--out", "fitted", "--set", "encoder.embedding_dim=8", "--json"),
        cwd=workplace,
        check=0,
    )
    metrics = json.loads(done.stdout)
    assert metrics["rows"] == {"train": 108, "valid": 12, "test": 120}
    assert metrics["epochs"] == 2
    tfnlp("predict", "fitted", "lovely", cwd=workplace, check=0)
    again = tfnlp("fit", "--train", "films.csv", "--out", "fitted", cwd=workplace, check=2)
    assert "not empty" in again.stderr


def test_data(workplace, tfnlp):
    report = json.loads(
        tfnlp("data", "films.csv", "--test", "films.csv", "--json", cwd=workplace, check=0).stdout
    )
    assert report["splits"]["train"]["rows"] == 120
    assert report["splits"]["train"]["labels"] == {"bad": 60, "good": 60}
    assert report["shared"][0]["rows"] == 120
    assert "good" in tfnlp("data", "films.csv", cwd=workplace, check=0).stdout


@pytest.mark.slow
def test_several_labels_a_text(tmp_path, tfnlp):
    rows = [
        ("a red ball", "red"),
        ("a blue ball", "blue"),
        ("a red and blue ball", "red|blue"),
        ("a ball", ""),
    ] * 10
    with (tmp_path / "balls.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("words", "colours"), *((f"{text} {i}", label) for i, (text, label) in enumerate(rows))]
        )
    columns = ("--text-column", "words", "--label-column", "colours", "--label-separator", "|")
    settings = ("--set", "training.learning_rate=0.02", "--set", "preprocessor.min_count=2")
    tfnlp(
        "fit",
        "--train",
        "balls.csv",
        "--out",
        "run",
        "--epochs",
        "12",
        *columns,
        *settings,
        cwd=tmp_path,
        check=0,
    )
    tfnlp("export", "run", "--out", "balls", "--lite", "float32", cwd=tmp_path, check=0)
    for model in ("run", "balls", "balls/1/assets.extra/model.float32.tflite"):
        done = tfnlp("predict", model, "red and blue", "a red ball", "--json", cwd=tmp_path, check=0)
        both, red = (json.loads(line) for line in done.stdout.splitlines())
        assert sorted(both["labels"]) == ["blue", "red"]
        assert red["labels"] == ["red"]
    report = json.loads(
        tfnlp("evaluate", "run", "balls.csv", *columns, "--json", cwd=tmp_path, check=0).stdout
    )
    assert report["examples"] == 40
    assert report["accuracy"] > 0.9
