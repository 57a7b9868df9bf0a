"""`[vectors]`: a training that starts from a file of word vectors."""

import contextlib
import json
import shutil

import numpy as np
import pytest

from tfnlp.commands.building import build_task
from tfnlp.commands.models import load_model
from tfnlp.commands.vectors import start_from_vectors, with_file_dimension
from tfnlp.data.corpus import Corpus
from tfnlp.data.pipeline import encode_texts
from tfnlp.errors import UserError
from tfnlp.recipe import load_recipe, parse_recipe

KNOWN = {
    "a": [1.0, -1.0, 0.5],
    "film": [0.25, 2.0, -2.0],
    "lovely": [3.0, 3.0, 3.0],
    "dull": [-3.0, -3.0, -3.0],
}


@pytest.fixture(scope="module")
def place(workplace, tmp_path_factory):
    """The workplace with a file of vectors, and a recipe that leaves `embedding_dim` out."""
    folder = tmp_path_factory.mktemp("vectors")
    shutil.copy(workplace / "films.csv", folder)
    recipe = (workplace / "films.toml").read_text() + '[vectors]\nfile = "vectors.txt"\n'
    for old, new in (
        ("embedding_dim = 8\n", ""),
        ("[training]\n", "[training]\ntensorboard = false\n"),
        ("baseline = true", "baseline = false"),
    ):
        recipe = recipe.replace(old, new)
    (folder / "films.toml").write_text(recipe)
    lines = [f"{word} {' '.join(map(str, vector))}\n" for word, vector in KNOWN.items()]
    (folder / "vectors.txt").write_text("".join(lines))
    return folder


def train(tfnlp, place, name, *sets):
    options = [part for setting in sets for part in ("--set", setting)]
    done = tfnlp("train", "films.toml", "--runs", name, *options, cwd=place, check=0)
    return next((place / name / "films").iterdir()), done


@pytest.fixture(scope="module")
def tuned(place, tfnlp):
    return train(tfnlp, place, "tuned")


def rows(table, vocabulary):
    return {token: table[vocabulary.index(token)] for token in KNOWN}


def test_the_network_starts_from_the_file_and_says_what_it_found(tuned):
    run, done = tuned
    metrics = json.loads((run / "metrics.json").read_text())
    start = load_model(run / "checkpoint" / "start.keras")
    vocabulary = start.preprocessor.vocabulary
    found = metrics["vectors"]
    assert found["found"] == 4
    assert found["tokens"] == len(vocabulary) - 2
    assert found["share_of_vocabulary"] == pytest.approx(4 / (len(vocabulary) - 2), abs=1e-4)
    # each training text is `a WORD film , number N`, six tokens: two are known, and WORD in some
    corpus = [line.split(",")[0] for line in (run.parents[2] / "films.csv").read_text().splitlines()[1:]]
    assert len(corpus) == 120
    assert 2 / 6 < found["share_of_running_tokens"] < 3 / 6
    line = f"{found['share_of_vocabulary']:.1%} of the vocabulary (4 of {found['tokens']} tokens)"
    assert line in done.stdout
    assert line in done.stderr
    assert "vectors.txt" in (run / "report.html").read_text()
    table = np.asarray(start.encoder.embedding.tables[0].embeddings)
    assert table.shape == (len(vocabulary), 3)
    for token, row in rows(table, vocabulary).items():
        np.testing.assert_array_equal(row, np.array(KNOWN[token], "float32"))
    assert not table[0].any()
    unknown = [i for i, token in enumerate(vocabulary.tokens) if i and token not in KNOWN]
    assert table[unknown].std() == pytest.approx(np.std(list(KNOWN.values())), rel=0.2)


def test_the_saved_model_needs_no_file(tuned, place, tfnlp, tmp_path):
    run, _ = tuned
    shutil.copy(run / "model.keras", tmp_path)
    answer = tfnlp("predict", "model.keras", "a lovely film", "--json", cwd=tmp_path, check=0)
    assert json.loads(answer.stdout)["label"] == "good"


def test_tuned_vectors_move_and_frozen_ones_stay(tuned, place, tfnlp):
    run, _ = tuned
    model = load_model(run)
    moved = rows(np.asarray(model.encoder.embedding.tables[0].embeddings), model.preprocessor.vocabulary)
    assert all(not np.array_equal(moved[token], KNOWN[token]) for token in KNOWN)
    frozen, _ = train(tfnlp, place, "frozen", "vectors.frozen=true")
    model = load_model(frozen)
    assert model.encoder.channels == "static"
    kept = rows(np.asarray(model.encoder.embedding.tables[0].embeddings), model.preprocessor.vocabulary)
    for token, row in kept.items():
        np.testing.assert_array_equal(row, np.array(KNOWN[token], "float32"))
    assert json.loads((frozen / "metrics.json").read_text())["vectors"]["frozen"] is True
    # what the run wrote down names the width that the file gave, and fits it again
    written = load_recipe(frozen / "recipe.toml")
    assert (written.encoder.embedding_dim, written.encoder.channels) == (3, "static")
    with contextlib.chdir(place):
        assert with_file_dimension(written).encoder == written.encoder


def test_two_channels_start_alike(place):
    recipe = load_recipe(place / "films.toml", ['encoder.channels="both"'])
    corpus = Corpus(["a lovely film", "a dull film"], ["good", "bad"], "two films")
    with contextlib.chdir(place):
        recipe = with_file_dimension(recipe)
        task = build_task(recipe, corpus)
        start_from_vectors(
            task, recipe.vectors, lambda: encode_texts(task.preprocessor, corpus.texts).flat_values.numpy()
        )
    tuned, static = (np.asarray(table.embeddings) for table in task.encoder.embedding.tables)
    np.testing.assert_array_equal(tuned, static)
    for token, row in rows(static, task.preprocessor.vocabulary).items():
        np.testing.assert_array_equal(row, np.array(KNOWN[token], "float32"))
    assert [table.trainable for table in task.encoder.embedding.tables] == [True, False]


@pytest.fixture(scope="module")
def stopped(place, tfnlp):
    """A run that a Ctrl-C ended after its second epoch, and its recipe."""
    from tfnlp.training.trainer import Trainer

    finish = Trainer._finish_epoch

    def stop_after_two(self, row):
        stop = finish(self, row)
        if self.progress.epoch == 2:
            raise KeyboardInterrupt
        return stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_finish_epoch", stop_after_two)
        done = tfnlp("train", "films.toml", "--runs", "stopped", cwd=place)
    assert done.returncode == 130
    return next((place / "stopped" / "films").iterdir())


@pytest.mark.slow
def test_resumed_bit_for_bit_without_the_file(stopped, tuned, place, tfnlp):
    file = place / "vectors.txt"
    kept = file.read_bytes()
    file.unlink()
    try:
        tfnlp("train", "films.toml", "--resume", stopped, cwd=place, check=0)
    finally:
        file.write_bytes(kept)
    for one, other in zip(load_model(stopped).get_weights(), load_model(tuned[0]).get_weights()):
        np.testing.assert_array_equal(one, other)
    ours, theirs = (json.loads((run / "metrics.json").read_text()) for run in (stopped, tuned[0]))
    assert ours["vectors"] == theirs["vectors"]


def test_resumed_with_other_vectors(stopped, place, tfnlp):
    done = tfnlp(
        "train", "films.toml", "--set", "vectors.file=other.txt", "--resume", stopped, cwd=place, check=2
    )
    assert "began with the vectors of vectors.txt" in done.stderr


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (["encoder.embedding_dim=8"], "embedding_dim is 8, the vectors of vectors.txt have 3 numbers"),
        (["vectors.file=vector.txt"], "Did you mean `vectors.txt`"),
        (["vectors.file=short.txt"], "short.txt, line 2: expected a word and 2 numbers"),
        (["vectors.file=foreign.txt"], "none of the"),
        (["vectors.file=package:nothing"], "no such vectors"),
    ],
)
def test_mistakes(place, tfnlp, sets, expected):
    (place / "short.txt").write_text("a 1 2\nfilm 1\nthe 1 2\n")
    (place / "foreign.txt").write_text("filmi 1 2\nelokuva 1 2\n")
    options = [part for setting in sets for part in ("--set", setting)]
    done = tfnlp("train", "films.toml", "--runs", "wrong", *options, cwd=place, check=2)
    assert expected in " ".join(done.stderr.split())
    assert not (place / "wrong").exists()


def recipe(**sections):
    return {"corpus": {"train": "a.csv"}, "encoder": {"type": "text_cnn"}, **sections}


def test_frozen_is_the_static_channel():
    frozen = parse_recipe(recipe(vectors={"file": "v.txt", "frozen": True}))
    assert frozen.encoder.channels == "static"
    assert parse_recipe(frozen.model_dump(exclude_none=True)).encoder.channels == "static"
    assert parse_recipe(recipe(vectors={"file": "v.txt"})).encoder.channels == "tuned"


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"vectors": {"frozen": True}}, r"\[vectors\] frozen: there is no `file`"),
        (
            {"vectors": {"file": "v.txt", "frozen": True}, "encoder": {"type": "gru", "channels": "both"}},
            "contradict each other",
        ),
        ({"vectors": {"fil": "v.txt"}}, r"\[vectors\] fil: unknown key. Did you mean `file`"),
        ({"vectors": {"file": "v.txt", "unknown_scale": -1.0}}, r"\[vectors\] unknown_scale: .*greater than"),
    ],
)
def test_mistakes_in_the_recipe(sections, expected):
    with pytest.raises(UserError, match=expected):
        parse_recipe(recipe(**sections))
