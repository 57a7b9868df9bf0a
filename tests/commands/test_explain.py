"""What a user sees who asks why."""

import json

import pytest

from tfnlp.encoders import Transformer
from tfnlp.tasks import TextClassifier
from tfnlp.text import TextPreprocessor, WordTokenizer


def test_a_run_explains_itself(trained, workplace, tfnlp):
    done = tfnlp("explain", trained, "a lovely film, number 7", cwd=workplace, check=0)
    first = next(line for line in done.stdout.splitlines() if line.strip().startswith("lovely "))
    assert "+" in first and "█" in first
    assert done.stdout.startswith("good ")
    assert "a lovely film, number 7" in done.stdout  # the text itself, whole
    assert "2-gram no." in done.stdout
    assert "warning" not in done.stdout


def test_json_and_files(trained, workplace, tfnlp, tmp_path):
    done = tfnlp(
        *("explain", trained / "model.keras", "一部难看的电影 👍🏽 lovely", "--label", "bad"),
        *("--steps", "16", "--out", tmp_path / "why", "--json"),
        cwd=workplace,
        check=0,
    )
    value = json.loads(done.stdout)
    assert (value["label"], value["steps"], value["method"]) == ("bad", 16, "integrated_gradients")
    tokens = {token["text"]: token for token in value["tokens"]}
    assert tokens["难"]["attribution"] > 0 > tokens["lovely"]["attribution"]
    assert not tokens["👍"]["known"]
    assert sorted(path.name for path in (tmp_path / "why").iterdir()) == [
        "explanation.html",
        "explanation.png",
    ]
    assert [name.rpartition("/")[2] for name in value["files"]] == ["explanation.png", "explanation.html"]
    assert "难" in (tmp_path / "why" / "explanation.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("positions", "pooling"), [("sinusoidal", "mean"), ("learned", "first"), ("none", "mean")]
)
def test_a_transformer_shows_its_positions(positions, pooling, tfnlp, tmp_path):
    preprocessor = TextPreprocessor(WordTokenizer(), max_tokens=16)
    preprocessor.adapt(["a lovely film"])
    encoder = Transformer(
        preprocessor.vocabulary_size,
        embedding_dim=8,
        heads=2,
        layers=1,
        positions=positions,
        max_positions=16,
        pooling=pooling,
    )
    TextClassifier(preprocessor, encoder, ["bad", "good"]).save(tmp_path / "model.keras")
    done = tfnlp(
        "explain", "model.keras", "a lovely film", "--steps", "2", "--out", "why", cwd=tmp_path, check=0
    )
    page = (tmp_path / "why" / "explanation.html").read_text(encoding="utf-8")
    shown = positions != "none"
    assert (tmp_path / "why" / "positions.png").exists() == shown
    assert ('alt="positions"' in page) == ("positions: 16 of 8 units" in done.stdout) == shown
    assert (tmp_path / "why" / "attention.png").exists() and 'alt="attention"' in page


def test_nothing_is_written_unasked(trained, workplace, tfnlp):
    before = sorted(workplace.rglob("*"))
    tfnlp("explain", trained.parent, "dull", cwd=workplace, check=0)
    assert sorted(workplace.rglob("*")) == before


def test_mistakes(trained, exported, workplace, tfnlp):
    for model in (exported, exported.parent, exported / "assets.extra" / "model.int8.tflite"):
        done = tfnlp("explain", model, "dull", cwd=workplace, check=2)
        assert "Explain the run" in " ".join(done.stderr.split())
    for arguments, message in {
        (trained, ""): "no token",
        (trained, "dull", "--label", "god"): "Did you mean `good`",
        (trained, "dull", "--steps", "0"): "steps",
        ("nowhere", "dull"): "no nowhere",
    }.items():
        assert message in " ".join(tfnlp("explain", *arguments, cwd=workplace, check=2).stderr.split())
