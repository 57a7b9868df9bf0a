import json

import numpy as np
import pytest
from sklearn.metrics import f1_score

from benchmarks.environment import merge_json
from benchmarks.scores import accuracy, macro_f1, spread


def test_scores_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    truth, answers = random.integers(0, 4, 200), random.integers(0, 4, 200)
    assert accuracy(truth, answers) == pytest.approx(100 * np.mean(truth == answers))
    assert macro_f1(truth, answers) == pytest.approx(100 * f1_score(truth, answers, average="macro"))


def test_a_class_never_answered_counts_as_zero():
    assert macro_f1([0, 0, 1], [0, 0, 0]) == pytest.approx(100 * (0.8 + 0) / 2)


def test_spread_of_one_and_of_several():
    assert spread([81.234]) == "81.2"
    assert spread([80.0, 82.0]) == "81.0 ± 1.4"


def test_merge_keeps_other_entries(tmp_path):
    path = tmp_path / "new" / "results.json"
    merge_json(path, "datasets", {"mr": {"accuracy": 1}})
    merge_json(path, "datasets", {"trec": {"accuracy": 2}})
    merge_json(path, "datasets", {"mr": {"accuracy": 3}})
    assert json.loads(path.read_text()) == {"datasets": {"mr": {"accuracy": 3}, "trec": {"accuracy": 2}}}
    assert [item.name for item in path.parent.iterdir()] == ["results.json"]
