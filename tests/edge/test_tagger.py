"""A tagger on a phone: NumPy and the interpreter alone, the same tags as in training."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tfnlp.edge import EdgeClassifier, EdgeTagger
from tfnlp.errors import UserError
from tfnlp.export import AWKWARD_TEXTS, convert_tflite

SCRIPT = """
import json, sys
sys.modules.update(dict.fromkeys(["tensorflow", "keras", "tensorflow_text", "tf_keras"], None))
from tfnlp.edge import EdgeTagger
[answer] = EdgeTagger(sys.argv[1]).tag(["Ada Lovelace in 伦敦"])
print(json.dumps(answer.as_dict()))
"""


@pytest.fixture(scope="module")
def task(build_tagger):
    return build_tagger()


@pytest.fixture(scope="module")
def path(task, tmp_path_factory):
    path = tmp_path_factory.mktemp("edge") / "names.tflite"
    path.write_bytes(convert_tflite(task, name="names"))
    return path


def same(found, expected):
    assert (found.tokens, found.tags, found.starts, found.ends) == (
        expected.tokens,
        expected.tags,
        expected.starts,
        expected.ends,
    )
    assert [(span.label, span.byte_start, span.byte_end, span.text) for span in found.spans] == [
        (span.label, span.byte_start, span.byte_end, span.text) for span in expected.spans
    ]
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)


def test_it_says_what_keras_says_with_places_in_bytes_and_characters(task, path):
    tagger = EdgeTagger(path)
    texts = ["Ada Lovelace lived in London.", "😀 the USA, e\u0301!", ""]
    texts += [text.content for text in AWKWARD_TEXTS if len(text.content) < 60]
    for found, expected in zip(tagger.tag(texts), task.tag(texts), strict=True):
        same(found, expected)


def test_a_text_longer_than_it_reads_at_once_loses_no_token(task, path):
    tagger = EdgeTagger(path)
    assert tagger.max_tokens == 24
    sentences = ["Ada went to London .", "the USA and New York !"]
    text = " ".join(sentences * 9)
    [found] = tagger.tag([text])
    # Pieces end behind full stops, so each sentence stands in one of them whole.
    assert len(found.tags) == 99
    assert found.text[found.starts[-2] : found.ends[-2]] == "York"


def test_what_it_knows_of_itself(task, path):
    tagger = EdgeTagger(path, num_threads=2)
    assert (tagger.name, tagger.tags, tagger.scheme) == ("names", task.tags, "bioes")
    assert tagger.settings == task.preprocessor.settings()
    with pytest.raises(UserError, match="load it with `EdgeTagger`"):
        EdgeClassifier(path)


def test_a_classifier_is_no_tagger(models):
    with pytest.raises(UserError, match="load it with `EdgeClassifier`"):
        EdgeTagger(models()[1])


def test_threads_take_turns(path):
    tagger = EdgeTagger(path)
    texts = ["Ada Lovelace", "the USA", "London 伦 敦", ""]
    expected = tagger.predict(texts)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: tagger.predict([text])[0], texts * 20))
    assert answers == expected * 20


def test_it_never_imports_tensorflow(path):
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["tags"] == EdgeTagger(path).predict(["Ada Lovelace in 伦敦"])[0]
