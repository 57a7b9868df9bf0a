"""A language model on a phone: NumPy and the interpreter alone, the same texts and scores as in training."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tfnlp.edge import EdgeClassifier, EdgeLanguageModel
from tfnlp.errors import UserError
from tfnlp.export import AWKWARD_TEXTS, convert_tflite

SCRIPT = """
import json, sys
sys.modules.update(dict.fromkeys(["tensorflow", "keras", "tensorflow_text", "tf_keras"], None))
from tfnlp.edge import EdgeLanguageModel
model = EdgeLanguageModel(sys.argv[1])
scores = model.score(["the cat sat on 我"])
print(json.dumps([model.generate("the cat", seed=3, max_tokens=8), scores.log_probabilities[0]]))
"""


@pytest.fixture(scope="module")
def task(build_language_model):
    return build_language_model()


@pytest.fixture(scope="module")
def path(task, tmp_path_factory):
    path = tmp_path_factory.mktemp("edge") / "talk.tflite"
    path.write_bytes(convert_tflite(task, name="talk"))
    return path


def test_it_needs_no_tensorflow(task, path):
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=True
    )
    text, log_probability = json.loads(ended.stdout)
    assert text == task.generate("the cat", seed=3, max_tokens=8)
    assert log_probability == pytest.approx(task.score(["the cat sat on 我"]).log_probabilities[0], rel=1e-4)


def test_awkward_texts_are_cut_as_keras_cuts_them(task, path):
    texts = [text.content for text in AWKWARD_TEXTS if len(text.content) < 200]
    own, given = task.score(texts), EdgeLanguageModel(path).score(texts)
    np.testing.assert_array_equal(given.tokens, own.tokens)
    np.testing.assert_array_equal(given.unknown, own.unknown)
    np.testing.assert_array_equal(given.characters, own.characters)
    np.testing.assert_allclose(given.log_probabilities, own.log_probabilities, rtol=1e-4, atol=1e-4)


def test_pieces_make_the_text(path):
    model = EdgeLanguageModel(path)
    for options in ({"seed": 2}, {"top_k": 1}, {"seed": 1, "stop": ["t", "ran a"]}):
        pieces = list(model.stream_text("a dog", max_tokens=20, **options))
        assert "a dog" + "".join(pieces) == model.generate("a dog", max_tokens=20, **options)


def test_a_step_is_the_step_of_the_network(task, path):
    model = EdgeLanguageModel(path)
    state = model.initial_state()
    own_state = task.initial_state(1)
    for token in (2, 5, 3, 9):
        logs, state = model.step(token, state)
        own, own_state = task.step(np.asarray([token], np.int32), own_state)
        np.testing.assert_allclose(logs[1:], np.asarray(own)[0, 1:], atol=1e-5)


def test_only_a_language_model_will_do(path, build_tagger, tmp_path):
    tagger = tmp_path / "tagger.tflite"
    tagger.write_bytes(convert_tflite(build_tagger()))
    with pytest.raises(UserError, match="is a token_tagger, not a language model"):
        EdgeLanguageModel(tagger)
    with pytest.raises(UserError, match="language_model"):
        EdgeClassifier(path)
    with pytest.raises(UserError, match="list of texts"):
        EdgeLanguageModel(path).score("the cat")
