"""`tfnlp train` and `tfnlp perplexity` of a neural language model, from a text to figures."""

import json
import math

import pytest

from tfnlp.commands.models import load_keras
from tfnlp.recipe import load_recipe, parse_recipe

LINES = [
    "she sells sea shells",
    "the shells she sells are sea shells",
    "by the sea shore",
    "she sells N <unk>",
]

RECIPE = """
name = "sea"
[corpus]
train = "train.txt"
valid = "valid.txt"
test = "test.txt"
[preprocessor]
tokenizer = "space"
[encoder]
type = "gru"
embedding_dim = 8
units = 8
[task]
type = "language_model"
tied = true
dropout = 0.1
segment_tokens = 6
[training]
epochs = 3
batch_size = 4
learning_rate = 0.05
early_stopping = 0
tensorboard = false
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sea")
    (folder / "train.txt").write_text("\n".join(LINES * 10) + "\n", encoding="utf-8")
    (folder / "valid.txt").write_text("\n".join(LINES[:3]) + "\n", encoding="utf-8")
    (folder / "test.txt").write_text("\n".join([*LINES[1:], "she sells zebras"]) + "\n", encoding="utf-8")
    (folder / "sea.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(place, tfnlp):
    done = tfnlp("train", "sea.toml", cwd=place, check=0)
    assert "4 test sentences, as one stream" in done.stdout
    assert "valid perplexity" in done.stderr
    return next((place / "runs" / "sea").iterdir())


def test_the_run_holds_all_it_should(run):
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["task"] == "language_model"
    assert metrics["as_stream"] is True
    assert metrics["rows"] == {"train": 40, "valid": 3, "test": 4}
    assert "padded_share" not in metrics
    test = metrics["test"]
    assert (test["tokens"], test["unknown"]) == (7 + 4 + 4 + 3 + 4, 1)
    assert test["perplexity"] == pytest.approx(math.exp(test["nats_per_token"]))
    assert "valid_perplexity" in (run / "history.csv").read_text().splitlines()[0]
    report = (run / "report.html").read_text(encoding="utf-8")
    assert "The sentences that surprised most" in report and "perplexity of the test text" in report
    assert [path.name for path in (run / "plots").iterdir()] == ["curves.png"]
    assert json.loads((run / "validation.jsonl").read_text().splitlines()[0]) == {"text": LINES[0]}


def test_perplexity_reads_lines_as_one_text_or_alone(run, place, tfnlp):
    metrics = json.loads((run / "metrics.json").read_text())
    done = json.loads(tfnlp("perplexity", run, "test.txt", "--json", cwd=place, check=0).stdout)
    assert done["as_stream"] is True
    assert done["perplexity"] == pytest.approx(metrics["test"]["perplexity"], rel=1e-6)
    alone = json.loads(
        tfnlp("perplexity", run / "model.keras", "test.txt", "--alone", "--json", cwd=place, check=0).stdout
    )
    assert alone["as_stream"] is False
    assert alone["perplexity"] != done["perplexity"]
    lines = (place / "test.txt").read_text().splitlines()
    expected = load_keras(run / "model.keras").score(lines)
    assert alone["log_probability"] == pytest.approx(expected.log_probabilities.sum(), rel=1e-6)
    assert (alone["tokens"], alone["unknown"]) == (done["tokens"], done["unknown"])
    shown = tfnlp("perplexity", run, "test.txt", cwd=place, check=0).stdout
    assert "as one text, line after line" in shown


def test_blank_lines_count_where_they_are_said_to(run, place, tfnlp):
    (place / "blank.txt").write_text("\n".join(["", " ", *LINES, ""]) + "\n", encoding="utf-8")
    words = 4 + 7 + 4 + 4
    for options, tokens in (([], words + 4), (["--blank-lines"], words + 7)):
        done = tfnlp("perplexity", run, "blank.txt", "--json", *options, cwd=place, check=0)
        assert json.loads(done.stdout)["tokens"] == tokens
    settings = [
        "corpus.blank_lines=true",
        "training.epochs=1",
        "corpus.train=blank.txt",
        "corpus.test=blank.txt",
    ]
    arguments = [part for setting in settings for part in ("--set", setting)]
    done = tfnlp("train", "sea.toml", *arguments, "--runs", "blank", cwd=place, check=0)
    assert "7 train" in done.stderr and "7 test sentences" in done.stdout
    [folder] = (place / "blank" / "sea").iterdir()
    assert json.loads((folder / "metrics.json").read_text())["test"]["tokens"] == words + 7


def test_a_text_of_other_words_is_warned_of(run, place, tfnlp):
    (place / "other.txt").write_text("SHE SELLS SEA SHELLS\n")
    assert "are unknown to the model" in tfnlp("perplexity", run, "other.txt", cwd=place, check=0).stderr
    done = tfnlp(
        "train",
        "sea.toml",
        "--set",
        "corpus.valid=other.txt",
        "--set",
        "training.epochs=1",
        cwd=place,
        check=0,
    )
    assert "of the validation text's tokens are unknown" in done.stderr


def test_taken_up_again_it_ends_with_the_same_bits(run, place, tfnlp, monkeypatch):
    import tfnlp.training.trainer as trainer

    finish = trainer.Trainer._finish_epoch

    def stop_after_one(self, row):
        finish(self, row)
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer.Trainer, "_finish_epoch", stop_after_one)
    tfnlp("train", "sea.toml", "--runs", "broken", cwd=place)
    monkeypatch.undo()
    broken = next((place / "broken" / "sea").iterdir())
    tfnlp("train", broken / "recipe.toml", "--resume", broken, cwd=place, check=0)
    whole, again = (json.loads((path / "metrics.json").read_text()) for path in (run, broken))
    assert whole["test"] == again["test"]


@pytest.mark.parametrize("sets", [("task.stream=false",), ("preprocessor.tokenizer=char", "task.tied=false")])
def test_other_ways_to_read(sets, place, tfnlp):
    words = [word for override in sets for word in ("--set", override)]
    done = tfnlp("train", "sea.toml", "--runs", "other", "--json", *words, cwd=place, check=0)
    metrics = json.loads(done.stdout)
    assert metrics["test"]["perplexity"] > 1
    assert ("padded_share" in metrics) == ("task.stream=false" in sets)


def test_held_out_parts_are_cut_off_the_end(place, tfnlp):
    table = RECIPE.replace(
        'valid = "valid.txt"\ntest = "test.txt"\n', "valid_fraction = 0.1\ntest_fraction = 0.2\n"
    )
    (place / "cut.toml").write_text(table)
    done = tfnlp("train", "cut.toml", "--json", "--set", "training.epochs=1", cwd=place, check=0)
    assert json.loads(done.stdout)["rows"] == {"train": 28, "valid": 4, "test": 8}


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (("encoder.bidirectional=true",), "must not see what it foretells"),
        (("task.softmax=half",), "softmax: .*'full'"),
        (("training.batch_size=5000",), "too few for 5000 columns"),
        (("corpus.train=empty.txt",), "empty.txt is empty"),
        (("corpus.train=mising.txt",), "mising.txt"),
        (("task.segment_tokens=0",), "segment_tokens"),
        (("training.monitor=valid_f1",), "monitor"),
        (
            ("training.learning_rate=1e38", "training.clip_norm=0", "training.optimizer=sgd"),
            "step .* of epoch",
        ),
    ],
)
def test_a_mistake_is_named_with_its_cure(sets, message, place, tfnlp):
    import re

    (place / "empty.txt").write_text("\n\n")
    words = [word for override in sets for word in ("--set", override)]
    done = tfnlp("train", "sea.toml", "--runs", "wrong", *words, cwd=place, check=2)
    assert re.search(message, done.stderr), done.stderr


def test_other_verbs_refuse_a_language_model(run, place, tfnlp):
    for verb, argument in (("predict", "a"), ("evaluate", "test.txt"), ("explain", "a")):
        done = tfnlp(verb, run, argument, cwd=place, check=2)
        assert "tfnlp perplexity" in done.stderr
    assert (
        "no run or export of a language model"
        in tfnlp("perplexity", place, "test.txt", cwd=place, check=2).stderr
    )


def test_every_recipe_of_a_language_model_is_right():
    from pathlib import Path

    recipes = sorted((Path(__file__).parents[2] / "pipelines").glob("lm-*.toml"))
    assert len(recipes) >= 4
    for path in recipes:
        recipe = load_recipe(path)
        assert (recipe.task.type, recipe.name) == ("language_model", path.stem)


def test_a_classifiers_keys_are_refused():
    with pytest.raises(Exception, match="label_column"):
        parse_recipe(
            {
                "corpus": {"train": "a", "label_column": "b"},
                "encoder": {"type": "gru"},
                "task": {"type": "language_model"},
            }
        )
