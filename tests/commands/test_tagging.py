"""`tfnlp train`, `predict` and `evaluate` of a tagger, from files to answers."""

import json

import numpy as np
import pytest

from tfnlp.commands.models import load_model
from tfnlp.commands.tagged_answers import tagged_view
from tfnlp.commands.terminal import console
from tfnlp.recipe import parse_recipe

PEOPLE, PLACES = ["Ada Lovelace", "Alan Turing", "Grace Hopper"], ["Rome", "New York", "Paris"]


def sentence(number):
    person, place = PEOPLE[number % 3].split(), PLACES[number // 3 % 3].split()
    first = [f"{word} NN {letter}-PER" for word, letter in zip(person, "BI")]
    last = [f"{word} NN {letter}-LOC" for word, letter in zip(place, "BI")]
    middle = ["met VB O", "us NN O", "in IN O"][number % 2 :]
    return "\n".join([*first, *middle, *last, ". . O"]) + "\n"


def write_columns(path, count, start=0):
    path.write_text(
        "-DOCSTART- -X- O\n\n" + "\n".join(sentence(start + i) for i in range(count)), encoding="utf-8"
    )


RECIPE = """
name = "names"
[corpus]
train = "train.conll"
valid = "valid.conll"
test = "test.conll"
scheme = "bio"
[preprocessor]
max_tokens = 6
[encoder]
type = "bilstm"
embedding_dim = 8
units = 8
[task]
type = "token_tagger"
character_encoder = "cnn"
character_units = 6
casing_dim = 2
dropout = 0.1
[training]
epochs = 4
batch_size = 8
learning_rate = 0.03
early_stopping = 0
tensorboard = false
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    write_columns(folder / "train.conll", 60)
    write_columns(folder / "valid.conll", 9, 1)
    write_columns(folder / "test.conll", 12, 2)
    (folder / "names.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(place, tfnlp):
    done = tfnlp("train", "names.toml", cwd=place, check=0)
    assert "longer than 6 tokens" in done.stderr
    assert "12 test sentences" in done.stdout
    return next((place / "runs" / "names").iterdir())


def test_the_run_holds_all_it_should(run):
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["task"] == "token_tagger"
    assert metrics["test"]["f1"] == 1.0
    assert {item["label"] for item in metrics["test"]["types"]} == {"LOC", "PER"}
    assert metrics["rows"] == {"train": 60, "valid": 9, "test": 12}
    assert "valid_f1" in (run / "history.csv").read_text()
    report = (run / "report.html").read_text(encoding="utf-8")
    assert "Type by type" in report
    assert {path.name for path in (run / "plots").iterdir()} == {"curves.png", "spans.png", "confusion.png"}
    row = json.loads((run / "validation.jsonl").read_text().splitlines()[0])
    assert len(row["tokens"]) == len(row["tags"])


def test_predict_shows_spans(run, place, tfnlp):
    done = tfnlp("predict", run, "Ada Lovelace met us in New York .", "us met us", cwd=place, check=0)
    first, second = done.stdout.splitlines()
    assert first == "[Ada Lovelace PER] met us in [New York LOC] ."
    assert second == "us met us"
    done = tfnlp(
        "predict", run, "-", "--json", cwd=place, check=0, stdin="Alan Turing 🙂 in Rome .\n\n".encode()
    )
    answer, empty = (json.loads(line) for line in done.stdout.splitlines())
    assert [(span["label"], span["text"], span["start"]) for span in answer["spans"]][-1] == (
        "LOC",
        "Rome",
        17,
    )
    assert len(answer["tokens"]) == len(answer["tags"]) == len(answer["scores"])
    assert empty["tokens"] == []


def test_evaluate_reads_as_the_recipe_does(run, place, tfnlp):
    done = tfnlp("evaluate", run, "test.conll", "--json", cwd=place, check=0)
    assert json.loads(done.stdout)["f1"] == 1.0
    assert "PER" in tfnlp("evaluate", run / "model.keras", "test.conll", cwd=place, check=0).stdout
    wrong = tfnlp("evaluate", run, "test.conll", "--set", "tag_colum=1", cwd=place, check=2)
    assert "Did you mean `tag_column`" in wrong.stderr


def test_an_unseen_tag_is_named_and_counted(run, place, tfnlp):
    (place / "strange.conll").write_text("Ada NN B-PER\nLovelace NN I-PER\nmet VB O\nOz NN B-GPE\n")
    done = tfnlp("evaluate", run, "strange.conll", "--json", cwd=place, check=0)
    assert "`S-GPE`" in done.stderr
    assert "count as missed" in done.stderr
    assert json.loads(done.stdout)["recall"] == 0.5


@pytest.mark.slow
def test_taken_up_again_it_ends_with_the_same_bits(run, place, tfnlp, monkeypatch):
    import tfnlp.training.trainer as trainer

    finish = trainer.Trainer._finish_epoch

    def stop_after_two(self, row):
        finish(self, row)
        if self.progress.epoch == 2:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(trainer.Trainer, "_finish_epoch", stop_after_two)
    done = tfnlp("train", "names.toml", "--runs", "broken", cwd=place, check=130)
    monkeypatch.undo()
    broken = next((place / "broken" / "names").iterdir())
    assert f"--resume {broken.relative_to(place)}" in done.stderr
    assert "training has not finished" in tfnlp("predict", broken, "x", cwd=place, check=2).stderr
    tfnlp("train", "names.toml", "--resume", broken, cwd=place, check=0)
    for ours, theirs in zip(load_model(broken).get_weights(), load_model(run).get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_what_a_tagger_cannot_is_said(run, place, tfnlp):
    done = tfnlp("explain", run, "text", cwd=place, check=2)
    assert "`tfnlp explain` knows classifiers only" in done.stderr


def test_compare_says_what_to_do_instead(place, tfnlp):
    done = tfnlp("compare", "names.toml", "--encoders", "gru", cwd=place, check=2)
    assert "encoder.type=NAME" in done.stderr


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (("training.monitor=valid_f1", "corpus.scheme=plain"), "counts spans"),
        (("vectors.words=10",), "no `file` to take words from"),
        (("preprocessor.tokenizer=char",), 'character_encoder = "none"'),
        (("corpus.tag_column=9",), "train.conll, line"),
        (("task.type=tokn_tagger",), "Did you mean `token_tagger`"),
        (("task.head=hmm",), "[task] head"),
        (("corpus.text_column=x",), "unknown key"),
    ],
)
def test_mistakes_are_named(place, tfnlp, sets, message):
    words = [word for override in sets for word in ("--set", override)]
    done = tfnlp("train", "names.toml", "--runs", "wrong", *words, cwd=place, check=2)
    assert message in done.stderr


def test_vectors_of_a_file_and_words_that_training_lacks(place, tfnlp):
    words = ["ada", "Rome", "zebra", "yak"]
    (place / "v.txt").write_text("".join(f"{word} {number} 1 2\n" for number, word in enumerate(words)))
    done = tfnlp(
        *("train", "names.toml", "--runs", "vectors", "--json"),
        *("--set", "vectors.file=v.txt", "--set", "vectors.words=3", "--set", "vectors.frozen=true"),
        *(
            "--set",
            "training.epochs=1",
            "--set",
            "preprocessor.lowercase=false",
            "--set",
            "task.head=softmax",
        ),
        *("--set", "encoder={type='bilstm', units=4}"),
        cwd=place,
        check=0,
    )
    facts = json.loads(done.stdout)["vectors"]
    assert (facts["found"], facts["dimension"]) == (4, 3)  # Ada by its small form, Rome, and two more words
    model = load_model(next((place / "vectors" / "names").iterdir()))
    table = np.asarray(model.encoder.embedding.tables[0].embeddings)
    index = model.preprocessor.vocabulary.index
    assert table[index("Ada")].tolist() == [0, 1, 2]
    assert table[index("zebra")].tolist() == [2, 1, 2]


def test_words_without_types_stand_apart_and_free_tags_behind_their_tokens():
    def shown(row):
        with console().capture() as capture:
            pass
        del capture
        return "".join(part.plain for part in tagged_view([row]).renderables)

    spans = [{"label": "", "text": word, "start": 0, "end": 0} for word in ("我", "喜欢", " ", "你 ")]
    assert shown({"text": "我喜欢 你", "tokens": [], "tags": ["S"], "spans": spans}) == "我 喜欢 你"
    assert shown({"text": "a b", "tokens": ["a", "b"], "tags": ["DT", "NN"], "spans": []}) == "a/DT b/NN"
    assert shown({"text": "\x1b[2Ja", "tokens": ["a"], "tags": ["O"], "spans": []}) == "␛[2Ja"


def test_every_shipped_recipe_of_a_tagger_is_sound():
    recipe = parse_recipe(
        {"corpus": {"train": "a"}, "encoder": {"type": "gru"}, "task": {"type": "token_tagger"}}
    )
    assert (recipe.training.monitor, recipe.task.head, recipe.corpus.to_scheme) == ("auto", "crf", "bioes")


@pytest.mark.slow
def test_an_exported_tagger_is_proved_and_answers_as_the_run_does(run, place, tfnlp, monkeypatch):
    from tfnlp.export import tagger_export

    texts = [text for text in tagger_export.awkward_proof_texts() if len(text.content) < 200]
    monkeypatch.setattr(tagger_export, "awkward_proof_texts", lambda: texts)
    done = tfnlp("export", run, "--out", "saved_models/names", "--lite", "float32", cwd=place, check=0)
    assert "Do the copies agree?" in done.stdout
    # The recipe's `max_tokens` is 6: a phone's file reads no more at once.
    text = "Ada Lovelace in New York ."
    expected = tfnlp("predict", run, text, cwd=place, check=0).stdout
    phone = "saved_models/names/1/assets.extra/model.float32.tflite"
    for copy in ("saved_models/names", phone):
        assert tfnlp("predict", copy, text, cwd=place, check=0).stdout == expected
        reading = ("--set", "scheme=bio", "--json")
        done = tfnlp("evaluate", copy, "test.conll", *reading, cwd=place, check=0)
        assert json.loads(done.stdout)["f1"] > (0.5 if copy == phone else 0.99)
