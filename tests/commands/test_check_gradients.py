"""`tfnlp check-gradients` on every encoder and task; each network computes in double precision all through."""

import json

import keras
import pytest

from tfnlp.commands.gradient_checking import check_recipe
from tfnlp.encoders.registry import ENCODERS
from tfnlp.recipe import parse_recipe
from tfnlp.training import gradient_check

TINY = {
    "bag_of_words": {"embedding_dim": 4},
    "fixed_window": {"embedding_dim": 4, "hidden_units": 3, "window": 3},
    "text_cnn": {"embedding_dim": 4, "filters": 3, "filter_sizes": [2, 3], "pooling": ["max", "k_max"]},
    "wide_text_cnn": {
        "embedding_dim": 4,
        "filters": 3,
        "ngrams": [2],
        "ngram_buckets": 50,
        "bag_buckets": 50,
    },
    "simple_rnn": {"embedding_dim": 4, "units": 3, "layers": 2, "bidirectional": True},
    "gru": {"embedding_dim": 4, "units": 3, "layers": 2, "layer_norm": True, "residual": True},
    "lstm": {"embedding_dim": 4, "units": 3, "memory_steps": 9, "pooling": "attention"},
    "bilstm": {"embedding_dim": 4, "units": 3, "idf": True},
    "cnn_rnn": {"embedding_dim": 4, "filters": 3, "units": 3, "filter_sizes": [2]},
    "transformer": {
        "embedding_dim": 4,
        "heads": 2,
        "feed_forward_dim": 4,
        "layers": 1,
        "pooling": ["first", "mean"],
    },
}
CAUSAL = {**TINY["transformer"], "pooling": "last", "causal": True}
TAGGER = {"type": "token_tagger", "character_dim": 3, "character_units": 3}
RECURRENT = {"type": "lstm", **TINY["gru"]}
MODEL = {"type": "language_model", "segment_tokens": 6}
# One of each kind in every run of the tests, the others where there is time.
quick = [
    ("classifier of an lstm", {"type": "lstm", **TINY["lstm"]}, {"type": "text_classifier", "l2": 0.1}, {}),
    ("tagger with a field", RECURRENT, {**TAGGER, "head": "crf", "character_encoder": "cnn"}, {}),
    (
        "sampled model of a transformer",
        {"type": "transformer", **CAUSAL},
        {**MODEL, "softmax": "sampled", "softmax_samples": 4},
        {},
    ),
]
slow = [
    *[
        (f"classifier of {name}", {"type": name, **TINY[name]}, {"type": "text_classifier"}, {})
        for name in ENCODERS
    ],
    ("hinge", {"type": "text_cnn", **TINY["text_cnn"]}, {"type": "text_classifier", "loss": "hinge"}, {}),
    (
        "multi-label",
        {"type": "text_cnn", **TINY["text_cnn"]},
        {"type": "text_classifier"},
        {"label_separator": "|"},
    ),
    (
        "multi-label hinge",
        {"type": "text_cnn", **TINY["text_cnn"]},
        {"type": "text_classifier", "loss": "hinge"},
        {"label_separator": "|"},
    ),
    ("tagger of free tags", RECURRENT, {**TAGGER, "head": "crf"}, {"scheme": "plain"}),
    ("tagger without a field", RECURRENT, {**TAGGER, "head": "softmax", "character_encoder": "bilstm"}, {}),
    ("tagger of a transformer", {"type": "transformer", **TINY["transformer"]}, TAGGER, {"to_scheme": "bio"}),
    ("model of an lstm, tied", {**RECURRENT, "variational": True}, {**MODEL, "tied": True}, {}),
    ("model of a gru, adaptive", {**RECURRENT, "type": "gru"}, {**MODEL, "softmax": "adaptive"}, {}),
    (
        "model of a window",
        {"type": "fixed_window", **TINY["fixed_window"], "causal": True},
        {**MODEL, "stream": False},
        {},
    ),
    (
        "sampled model, tied",
        RECURRENT,
        {**MODEL, "softmax": "sampled", "softmax_samples": 4, "tied": True},
        {},
    ),
]


@pytest.mark.parametrize(
    ("encoder", "task", "corpus"),
    [
        *(pytest.param(*rest, id=name) for name, *rest in quick),
        *(pytest.param(*rest, id=name, marks=pytest.mark.slow) for name, *rest in slow),
    ],
)
def test_every_network_s_gradients_are_its_loss_s_slopes(encoder, task, corpus):
    recipe = parse_recipe({"corpus": {"train": "not/there.txt", **corpus}, "encoder": encoder, "task": task})
    check = check_recipe(recipe, weights=4)
    assert check.precision == "float64"
    assert not check.wrong, [(variable.name, variable.weights) for variable in check.wrong]
    assert any(variable.largest > 1e-4 for variable in check.variables)
    assert (keras.config.floatx(), keras.config.dtype_policy().name) == ("float32", "float32")


RECIPE = """
[corpus]
train = "films.csv"
[encoder]
type = "text_cnn"
embedding_dim = 4
filters = 3
filter_sizes = [2]
"""


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "small.toml").write_text(RECIPE)
    return tmp_path


def test_a_table_of_variables_and_json(recipe, tfnlp):
    done = tfnlp("check-gradients", "small.toml", cwd=recipe, check=0)
    assert "text_cnn/embedding/tuned/embeddings" in done.stdout
    assert "variables agree" in done.stdout
    assert "films.csv is not there: checked on made-up texts instead" in done.stderr
    (recipe / "films.csv").write_text(
        "text,label\n" + "".join(f"a film {n},{'xy'[n % 2]}\n" for n in range(40))
    )
    done = tfnlp("check-gradients", "small.toml", "--weights", "2", "--json", cwd=recipe, check=0)
    found = json.loads(done.stdout)
    assert found["agree"]
    assert {len(variable["weights"]) for variable in found["variables"]} <= {1, 2}
    assert "made-up" not in done.stderr


def test_disagreement_is_status_1(recipe, tfnlp, monkeypatch):
    derive = gradient_check._gradients

    def wrongly(probe):
        loss, gradients = derive(probe)
        return loss, [*gradients[:-1], 2 * gradients[-1]]

    monkeypatch.setattr(gradient_check, "_gradients", wrongly)
    done = tfnlp("check-gradients", "small.toml", cwd=recipe, check=1)
    assert "1 of 5 variables differ" in done.stdout
    assert "derived" in done.stdout


def test_mistakes_are_status_2(recipe, tfnlp):
    assert (
        "text_cn"
        in tfnlp("check-gradients", "small.toml", "--set", "encoder.type=text_cn", cwd=recipe, check=2).stderr
    )
    (recipe / "films.csv").write_text("words,label\na,b\n")
    assert "text" in tfnlp("check-gradients", "small.toml", cwd=recipe, check=2).stderr
