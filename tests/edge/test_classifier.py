import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tfnlp.edge import EdgeClassifier
from tfnlp.errors import UserError
from tfnlp.export import AWKWARD_TEXTS

SCRIPT = """
import json, sys
{block}
from tfnlp.edge import EdgeClassifier
answer = EdgeClassifier(sys.argv[1]).predict(["a fine film"])
loaded = [name for name in ("tensorflow", "keras", "tensorflow_text", "h5py", "flatbuffers") if sys.modules.get(name)]
print(json.dumps([answer, loaded]))
"""
BLOCK = "sys.modules.update(dict.fromkeys(['tensorflow', 'keras', 'tensorflow_text', 'tf_keras'], None))"


@pytest.mark.parametrize(
    "kind",
    [("char",), ("word", True), ("word", False, "head"), ("char", False, "middle")],
    ids=str,
)
def test_it_says_what_keras_says(models, kind):
    task, path = models(*kind)
    classifier = EdgeClassifier(path)
    texts = ["a fine film", "这部电影很好看！", "", "so dull 😀 so so long that it is cut", "ＦＩＬＭ"]
    texts += [text.content for text in AWKWARD_TEXTS if len(text.content) < 2_000_000]
    np.testing.assert_allclose(classifier.scores(texts), task.predict(texts), atol=1e-6)


def test_what_it_knows_of_itself(models):
    task, path = models("word", True)
    classifier = EdgeClassifier(path, num_threads=2)
    assert (classifier.labels, classifier.multi_label, classifier.max_tokens) == (task.labels, True, 12)
    assert classifier.settings == task.preprocessor.settings()
    assert classifier.name == "a model"


def test_an_answer_names_the_best_label(models):
    _, path = models()
    (answer,) = EdgeClassifier(path).predict(["a fine film"])
    assert set(answer) == {"label", "score", "scores"}
    assert answer["scores"][answer["label"]] == answer["score"] == max(answer["scores"].values())
    assert sum(answer["scores"].values()) == pytest.approx(1, abs=1e-6)
    assert json.loads(json.dumps(answer)) == answer


def test_a_multi_label_answer_lists_all_that_apply_best_first(models):
    _, path = models("word", True)
    for answer in EdgeClassifier(path).predict(["a fine film", "dull, dull"]):
        expected = [label for label, score in answer["scores"].items() if score >= 0.5]
        assert answer["labels"] == sorted(expected, key=lambda label: -answer["scores"][label])


def test_no_texts_give_no_answers(models):
    classifier = EdgeClassifier(models()[1])
    assert classifier.predict([]) == []
    assert classifier.scores([]).shape == (0, 3)


def test_one_text_without_brackets_is_told(models):
    with pytest.raises(UserError, match="brackets"):
        EdgeClassifier(models()[1]).predict("a text")


def test_threads_take_turns(models):
    classifier = EdgeClassifier(models()[1])
    texts = ["a fine film", "dull", "这部电影", ""]
    expected = [classifier.scores([text]) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: classifier.scores([text]), texts * 50))
    for i, scores in enumerate(answers):
        np.testing.assert_array_equal(scores, expected[i % 4])


@pytest.mark.parametrize("block", ["", BLOCK], ids=["installed", "absent"])
def test_it_never_imports_tensorflow(models, block):
    _, path = models()
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(block=block), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answer, loaded = json.loads(ended.stdout)
    assert loaded == []
    assert answer[0]["label"] == EdgeClassifier(path).predict(["a fine film"])[0]["label"]
