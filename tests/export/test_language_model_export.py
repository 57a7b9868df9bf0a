"""A language model's copies say what the trained one says: on a server, on a phone, alone and in a batch."""

import functools
import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.edge import EdgeLanguageModel
from tfnlp.errors import UserError
from tfnlp.export import agreement_table, export, verify
from tfnlp.export.agreement import compare_copies
from tfnlp.export.language_model_proof import LanguageModelProof
from tfnlp.export.loaded import kind_of_export
from tfnlp.export.loaded_language_model import load_language_model

TEXTS = ["the cat sat on the dog", "a dog ran to the mat", "我 爱 北京", "the zebra sat", "a cat"] * 3
PROMPTS = ["the cat", "", "我 爱", "zebra the ", "😀", "the cat sat on the dog and ran to a mat on the house"]
MODELS = {
    "gru": {},
    "lstm": {"layers": 2, "tokens": "word"},
    "fixed_window": {"window": 3, "tokens": "char"},
    "one word": {"window": 1},
    "transformer": {"positions": "learned"},
    "adaptive": {"softmax": "adaptive"},
    "tied": {"softmax": "tied"},
}
# An export takes seconds, and what is particular to a network is its state.
NAMES = [
    name if name in ("gru", "transformer") else pytest.param(name, marks=pytest.mark.slow) for name in MODELS
]


def built(build_language_model, name):
    from tfnlp.layers.word_softmax import AdaptiveSoftmax, SampledSoftmax

    softmaxes = {
        "adaptive": functools.partial(AdaptiveSoftmax, cutoffs=[5, 9]),
        "tied": functools.partial(SampledSoftmax, samples=4, table_dim=8),
    }
    settings = dict(MODELS[name])
    if "softmax" in settings:
        settings["softmax"] = softmaxes[settings["softmax"]]
        return build_language_model("gru", **settings)
    return build_language_model("fixed_window" if name == "one word" else name, **settings)


@pytest.fixture(scope="module")
def exported(build_language_model, tmp_path_factory):
    """Each model's task and export, made when they are first asked for."""

    @functools.cache
    def make(name):
        task = built(build_language_model, name)
        folder = tmp_path_factory.mktemp(name) / name
        return task, export(task, folder, lite=["float32", "int8"], texts=TEXTS, max_accuracy_drop=10.0)

    return make


@pytest.mark.parametrize("name", NAMES)
def test_all_copies_agree(exported, name):
    _, result = exported(name)
    rows = {row.copy: row for row in result.agreement.rows}
    assert set(rows) == {"saved_model", "float32", "int8"}
    for copy in ("saved_model", "float32"):
        assert rows[copy].max_difference <= 1e-4
        assert rows[copy].equal_labels == 1.0
        assert rows[copy].perplexity == pytest.approx(result.agreement.keras_perplexity, rel=1e-4)
    assert rows["int8"].perplexity == pytest.approx(result.agreement.keras_perplexity, rel=0.1)


@pytest.mark.parametrize(
    "name", ["gru", *(pytest.param(name, marks=pytest.mark.slow) for name in MODELS if name != "gru")]
)
def test_a_phone_scores_and_writes_what_keras_does(exported, name):
    task, result = exported(name)
    edge = EdgeLanguageModel(result.lite_files["float32"])
    texts = [*PROMPTS, "the cat sat " * 9]
    own, given = task.score(texts), edge.score(texts)
    for field in ("log_probabilities", "known_log_probabilities"):
        np.testing.assert_allclose(getattr(given, field), getattr(own, field), rtol=1e-4, atol=1e-4)
    for field in ("tokens", "unknown", "characters"):
        np.testing.assert_array_equal(getattr(given, field), getattr(own, field))
    for options in ({"top_k": 1}, {"seed": 4, "temperature": 1.5, "top_p": 0.9, "repetition_penalty": 1.3}):
        assert edge.generate(PROMPTS, max_tokens=15, **options) == task.generate(
            PROMPTS, max_tokens=15, **options
        )
    assert edge.generate("the", max_tokens=9, seed=2, stop=["a"]) == task.generate(
        "the", max_tokens=9, seed=2, stop=["a"]
    )


@pytest.mark.parametrize("name", ["gru", pytest.param("transformer", marks=pytest.mark.slow)])
def test_a_server_scores_and_writes_what_keras_does(exported, name):
    task, result = exported(name)
    served = load_language_model(result.folder)
    own, given = task.score(PROMPTS), served.score(PROMPTS)
    np.testing.assert_allclose(given.log_probabilities, own.log_probabilities, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        given.known_log_probabilities, own.known_log_probabilities, rtol=1e-4, atol=1e-4
    )
    np.testing.assert_array_equal(given.unknown, own.unknown)
    for options in (
        {"top_k": 1},
        {"seed": -4, "temperature": 1.5, "top_p": 0.9},
        {"seed": 2**63 + 1, "top_k": 4},
    ):
        assert served.generate(PROMPTS, max_tokens=15, **options) == task.generate(
            PROMPTS, max_tokens=15, **options
        )
    assert len(served.score([])) == 0 and served.generate([]) == []


def test_a_batch_may_wish_for_different_things_row_by_row(exported):
    _, result = exported("gru")
    model = tf.saved_model.load(str(result.folder))
    wishes = {
        "prompt": ["the cat", "the cat", "a dog", "the cat", "a"],
        "max_tokens": [5, 0, 9, -3, 10**9],
        "temperature": [0.0, 1.0, 2.0, float("nan"), 0.0],
        "top_k": [0, 1, 3, -1, 0],
        "top_p": [1.0, 0.5, -1.0, 2.0, 1.0],
        "repetition_penalty": [1.0, 1.5, 0.0, 1.0, 1.2],
        "seed": [1, 2, 3, 4, 5],
    }
    dtypes = dict(zip(wishes, (tf.string, tf.int32, tf.float32, tf.int32, tf.float32, tf.float32, tf.int64)))

    def ask(rows):
        picked = {
            name: tf.constant([values[row] for row in rows], dtypes[name]) for name, values in wishes.items()
        }
        answer = model.signatures["generate"](**picked)
        return answer["text"].numpy().tolist(), answer["tokens"].numpy().tolist()

    texts, tokens = ask(range(5))
    assert texts[1] == texts[3] == b"the cat"
    assert tokens[1] == tokens[3] == 0 and tokens[0] <= 5 and tokens[4] <= 2048
    assert [ask([row])[0][0] for row in range(5)] == texts


def test_a_server_that_has_no_text_gives_none(exported):
    _, result = exported("gru")
    model = tf.saved_model.load(str(result.folder))
    answer = model.signatures["serving_default"](prompt=tf.zeros([0], tf.string))
    assert {name: tensor.shape.as_list() for name, tensor in answer.items()} == {
        "text": [0],
        "tokens": [0],
        "log_probability": [0],
    }
    assert model.signatures["score"](text=tf.zeros([0], tf.string))["perplexity"].shape == [0]


@pytest.mark.slow
def test_an_export_can_be_proved_again_and_a_changed_copy_cannot(exported):
    _, result = exported("gru")
    assert not verify(result.folder).problems
    proof = LanguageModelProof.read(result.folder)

    def changed(change):
        return LanguageModelProof(
            proof.texts, [replace(one, **change(one)) for one in proof.tellings], proof.margins
        )

    moved = changed(lambda one: {"log_probability": one.log_probability - 0.01 * one.tokens})
    problems = compare_copies(moved, result.folder, {"float32": result.lite_files["float32"]}).problems
    assert len(problems) == 2 and all("off by 1.0e-02" in problem for problem in problems)
    other = changed(lambda one: {} if one.written is None else {"written": one.written + b"!"})
    [problem] = compare_copies(other, result.folder, {}).problems
    assert "another" in problem


@pytest.mark.slow
def test_a_perplexity_that_rises_too_far_is_refused(exported):
    _, result = exported("gru")
    proof = LanguageModelProof.read(result.folder)
    agreement = compare_copies(proof, result.folder, {"int8": result.lite_files["int8"]}, -50.0)
    [problem] = [problem for problem in agreement.problems if problem.startswith("int8")]
    assert "perplexity rises" in problem


def test_the_table_shows_perplexities(exported):
    from rich.console import Console

    _, result = exported("gru")
    console = Console(width=100)
    with console.capture() as shown:
        console.print(agreement_table(result.agreement))
    assert "perplexity" in shown.get() and "accuracy" not in shown.get()


def test_what_the_files_say_of_themselves(exported):
    task, result = exported("transformer")
    assert kind_of_export(result.folder) == kind_of_export(result.lite_files["int8"]) == "language_model"
    settings = json.loads((result.folder / "assets.extra" / "model.json").read_text())
    assert settings["context"] == task.max_tokens == 12
    assert settings["labels"] == []
    assert not [op for op in settings["ops"]["core"] if "cudnn" in op.lower()]


def test_a_server_searches_as_keras_does(exported):
    task, result = exported("gru")
    served = load_language_model(result.folder)
    for options in ({}, {"length_penalty": 1.5}):
        asked = {"beams": 4, "max_tokens": 12, **options}
        assert served.generate(PROMPTS, **asked) == task.generate(PROMPTS, **asked)
    # Row by row its own settings, whoever else asks; what is out of range counts as the nearest.
    search = tf.saved_model.load(str(result.folder)).signatures["search"]
    answer = search(
        prompt=tf.constant(["the cat"] * 4),
        max_tokens=tf.constant([12, 12, 0, 12]),
        length_penalty=tf.constant([0.0, 1.5, 1.0, float("nan")]),
    )
    texts = [text.decode() for text in answer["text"].numpy()]
    expected = [task.generate("the cat", beams=4, max_tokens=12, length_penalty=x) for x in (0.0, 1.5)]
    assert texts == [*expected, "the cat", expected[0]]


def test_what_an_export_cannot_is_said(exported):
    _, result = exported("gru")
    with pytest.raises(UserError, match="file searches with no beams"):
        load_language_model(result.lite_files["float32"]).generate("the", beams=4)
    for options in ({"beams": 2}, {"beams": 4, "stop": ["a"]}, {"beams": 4, "repetition_penalty": 1.2}):
        with pytest.raises(UserError, match="with 4 beams, without a repetition penalty"):
            load_language_model(result.folder).generate("the", **options)
    with pytest.raises(UserError, match="2,048 tokens at most"):
        load_language_model(result.folder).generate("the", max_tokens=5000)
