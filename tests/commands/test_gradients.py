"""A training that measures its gradients: what the run then holds, and that nothing else is different."""

import json

import keras
import numpy as np
import pytest

SENTENCES = "".join(
    f"the {size} {animal} {verb} on\n" for size in "abc" for animal in "defgh" for verb in "ijk"
)
RECIPES = {
    "text_classifier": """
[corpus]
train = "rows.csv"
[encoder]
type = "gru"
embedding_dim = 4
units = 4
[task]
dropout = 0.2
""",
    "language_model": """
[corpus]
train = "sentences.txt"
[encoder]
type = "lstm"
embedding_dim = 4
units = 4
dropout = 0.2
[task]
type = "language_model"
softmax = "sampled"
softmax_samples = 4
segment_tokens = 6
""",
}
TRAINING = """
[training]
epochs = 2
batch_size = 4
early_stopping = 0
tensorboard = true
"""


@pytest.mark.slow
@pytest.mark.parametrize("task", ["text_classifier", "language_model"])
def test_a_run_tells_of_its_gradients_and_is_else_the_same(task, tmp_path, tfnlp):
    (tmp_path / "sentences.txt").write_text(SENTENCES)
    lines = [f"{line},{'xy'[number % 2]}" for number, line in enumerate(SENTENCES.splitlines())]
    (tmp_path / "rows.csv").write_text("text,label\n" + "\n".join(lines) + "\n")
    (tmp_path / "recipe.toml").write_text(RECIPES[task] + TRAINING)
    runs = []
    for measured in (True, False):
        done = tfnlp(
            "train",
            "recipe.toml",
            "--set",
            f"training.gradient_health={str(measured).lower()}",
            "--json",
            cwd=tmp_path,
            check=0,
        )
        runs.append((tmp_path / json.loads(done.stdout)["run"], json.loads(done.stdout)))
    (run, metrics), (plain, plain_metrics) = runs
    # What is drawn in training, dropout and words, is as it would have been.
    weights, others = (keras.saving.load_model(path / "model.keras").get_weights() for path in (run, plain))
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)

    found = json.loads((run / "gradient_health.json").read_text())
    assert [record["epoch"] for record in found["epochs"]] == [0, 1, 2]
    last = found["epochs"][-1]
    assert last["norm"] == metrics["gradient_health"]["norm"] > 0
    assert len(last["distances"]) > 3
    assert any("cell" in layer["name"] and layer["matrix"] for layer in last["layers"])
    assert (run / "plots" / "gradient_health.png").is_file()
    page = (run / "report.html").read_text()
    assert "<h2>Gradients</h2>" in page
    assert 'alt="gradient_health"' in page
    assert list((run / "tensorboard" / "gradients").glob("events*"))

    assert plain_metrics["gradient_health"] is None
    assert not (plain / "gradient_health.json").exists()
    assert "<h2>Gradients</h2>" not in (plain / "report.html").read_text()
