"""Every mistake that a user can make gets a message that names the cure, exit status 2, and leaves nothing behind."""

import pytest

from tfnlp.recipe import load_recipe


def write(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding)
    return path


BASE = '[corpus]\ntrain = "{train}"\n[encoder]\ntype = "text_cnn"\n'
GOOD = "text,label\nfine,good\ndull,bad\nfun,good\nslow,bad\n"


@pytest.fixture
def run(tmp_path, tfnlp):
    """A function that trains on what it is given, expects exit status 2, and returns the message."""

    def attempt(recipe, **files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        write(tmp_path / "recipe.toml", recipe)
        before = {path.name for path in tmp_path.iterdir()}
        done = tfnlp("train", "recipe.toml", cwd=tmp_path, check=2)
        assert {path.name for path in tmp_path.iterdir()} == before, "something half-written stayed"
        return " ".join(done.stderr.split())

    return attempt


def test_a_wrong_key(run):
    assert "Did you mean `filter_sizes`" in run(BASE.format(train="a.csv") + "filter_size = [3]\n")


def test_a_wrong_type(run):
    assert "[encoder] filters: input should be a valid integer" in run(
        BASE.format(train="a.csv") + 'filters = "x"\n'
    )


def test_a_value_out_of_range(run):
    message = run(BASE.format(train="a.csv") + "filters = 0\n", a__csv=GOOD)
    assert "`filters` must be at least 1" in message


def test_a_missing_file(run):
    assert "Did you mean `reviews.csv`" in run(BASE.format(train="review.csv"), reviews__csv=GOOD)


def test_a_column_that_is_not_there(run):
    message = run(BASE.format(train="a.csv"), a__csv="txt,label\nx,y\n")
    assert "`text`" in message
    assert "txt" in message


def test_a_label_unseen_in_training(run):
    recipe = '[corpus]\ntrain = "a.csv"\nvalid = "b.csv"\n[encoder]\ntype = "text_cnn"\n'
    message = run(recipe, a__csv=GOOD, b__csv="text,label\nfine,goood\n")
    assert "label `goood` in validation" in message
    assert "line 2" in message
    assert "Did you mean `good`" in message


def test_one_label_alone(run):
    assert "at least 2 labels" in run(
        BASE.format(train="a.csv"), a__csv="text,label\nx,good\ny,good\nz,good\n"
    )


@pytest.mark.parametrize("content", ["", "text,label\n"], ids=["no bytes", "no rows"])
def test_an_empty_file(run, content):
    assert "a.csv" in run(BASE.format(train="a.csv"), a__csv=content)


def test_a_line_that_is_not_utf8(run):
    message = run(BASE.format(train="a.csv"), a__csv=GOOD.encode() + "café,good\n".encode("latin-1"))
    assert "a.csv" in message
    assert "line 6" in message
    assert "on_undecodable" in message


def test_no_recipe_and_no_run(tmp_path, tfnlp):
    write(tmp_path / "reviews.toml", BASE.format(train="a.csv"))
    assert "Did you mean `reviews.toml`" in tfnlp("train", "review.toml", cwd=tmp_path, check=2).stderr
    done = tfnlp("train", "reviews.toml", "--resume", "runs/x", cwd=tmp_path, check=2)
    assert "a.csv" in done.stderr or "no run" in done.stderr


def test_no_model(tmp_path, tfnlp):
    (tmp_path / "model.keras").write_bytes(b"half a file")
    (tmp_path / "phone.tflite").write_bytes(b"half a file")
    (tmp_path / "empty").mkdir()
    for model, expected in {
        "modl.keras": "Did you mean `model.keras`",
        "model.keras": "not a .keras file",
        "phone.tflite": "phone.tflite",
        "empty": "MODEL is a run folder, a .keras file, an export folder or a .tflite file",
    }.items():
        done = tfnlp("predict", model, "x", cwd=tmp_path, check=2)
        assert expected in " ".join(done.stderr.split())


def test_an_unknown_precision(trained, workplace, tfnlp):
    done = tfnlp("export", trained, "--out", "saved_models/odd", "--lite", "int9", cwd=workplace, check=2)
    assert "Did you mean `int8`" in done.stderr
    assert not (workplace / "saved_models" / "odd").exists()


def test_texts_of_any_kind_are_answered(trained, workplace, tfnlp):
    megabyte = b"long " * 200_000
    done = tfnlp(
        "predict", trained, "-", cwd=workplace, check=0, stdin=b"\n\x00\x07\n" + megabyte + b"\n\xff\n"
    )
    assert len(done.stdout) < 20_000  # shortened for the eye


def test_a_label_the_model_does_not_know(trained, workplace, tmp_path, tfnlp):
    write(tmp_path / "odd.csv", "text,label\nfine,goood\n")
    done = tfnlp("evaluate", trained, tmp_path / "odd.csv", cwd=workplace, check=2)
    assert "Did you mean `good`" in done.stderr


def test_a_class_with_one_example_trains_with_a_warning(tmp_path, tfnlp):
    body = "".join(f"fine {i},good\ndull {i},bad\n" for i in range(12)) + "odd one,rare\n"
    write(tmp_path / "a.csv", "text,label\n" + body)
    done = tfnlp(
        *("fit", "--train", "a.csv", "--out", "run", "--epochs", "1", "--encoder", "bag_of_words"),
        cwd=tmp_path,
        check=0,
    )
    assert "`rare`" in done.stderr
    assert "one example" in done.stderr
    assert load_recipe(tmp_path / "run" / "recipe.toml").encoder.type == "bag_of_words"
