import numpy as np
import pytest

from tfnlp.errors import UserError
from tfnlp.export import load_classifier

TEXTS = ["a fine film", "", "差", b"broken \xff\xfe bytes"]


@pytest.mark.parametrize("name", ["text_cnn", "bilstm"])
def test_every_copy_has_one_face(exports, tasks, name):
    result = exports(name)
    expected = tasks[name].predict(TEXTS)
    for path in (result.folder, result.folder.parent, result.lite_files["float32"]):
        classifier = load_classifier(path)
        assert classifier.labels == tasks[name].labels
        assert classifier.multi_label == tasks[name].multi_label
        scores = classifier.scores(TEXTS)
        assert (scores.dtype, scores.shape) == (np.float32, (4, 3))
        np.testing.assert_allclose(scores, expected, atol=1e-5)
        answers = classifier.predict(TEXTS)
        assert answers[0]["label"] == classifier.labels[expected[0].argmax()]
        assert answers[0]["score"] == max(answers[0]["scores"].values())
        assert list(answers[0]["scores"]) == classifier.labels
        assert ("labels" in answers[0]) == classifier.multi_label
        assert classifier.scores([]).shape == (0, 3)
        assert classifier.predict([]) == []


def test_one_text_that_is_not_in_a_list_is_told(exports):
    for path in (exports("text_cnn").folder, exports("text_cnn").lite_files["int8"]):
        with pytest.raises(UserError, match="brackets"):
            load_classifier(path).scores("a text")


def test_other_paths_are_told(tmp_path):
    (tmp_path / "other.txt").touch()
    with pytest.raises(UserError, match="no exported model"):
        load_classifier(tmp_path / "other.txt")
    with pytest.raises(UserError, match="holds no export"):
        load_classifier(tmp_path)
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").touch()
    with pytest.raises(UserError, match=r"model\.json.*missing"):
        load_classifier(tmp_path)
