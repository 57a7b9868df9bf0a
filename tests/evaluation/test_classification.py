import json
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
from rich.console import Console
from sklearn import metrics

from tfnlp.errors import UserError
from tfnlp.evaluation import ClassificationCounts, ClassificationReport, classification_report

LABELS = ["a", "b", "c", "d"]
TRUE = [0, 0, 0, 0, 1, 1, 1, 2]
PREDICTED = [0, 0, 0, 1, 1, 1, 2, 0]


def scores_for(predicted, classes, confidence=0.7):
    rest = (1 - confidence) / (classes - 1)
    scores = np.full((len(predicted), classes), rest)
    scores[np.arange(len(predicted)), predicted] = confidence
    return scores


def test_figures_worked_by_hand():
    report = classification_report(TRUE, scores_for(PREDICTED, 4), LABELS)
    assert report.examples == 8
    assert report.accuracy == report.micro_f1 == 5 / 8
    assert report.confusion.tolist() == [[3, 1, 0, 0], [0, 2, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    a, b, c, d = report.classes
    assert (a.precision, a.recall, a.f1, a.support, a.predicted) == (3 / 4, 3 / 4, 3 / 4, 4, 4)
    assert (b.precision, b.recall, b.support) == (2 / 3, 2 / 3, 3) and b.f1 == pytest.approx(2 / 3)
    assert (c.precision, c.recall, c.f1, c.support, c.predicted) == (0, 0, 0, 1, 1)
    assert (d.precision, d.recall, d.f1, d.support, d.predicted) == (0, 0, 0, 0, 0)
    assert report.macro_f1 == pytest.approx((3 / 4 + 2 / 3 + 0) / 3)  # `d` is nowhere and does not count
    # Five answers score the truth at 0.7, three at 0.1.
    assert report.log_loss == pytest.approx(-(5 * math.log(0.7) + 3 * math.log(0.1)) / 8)
    # All answers fall in one bin: mean score 0.7, share right 0.625.
    assert report.calibration_error == pytest.approx(0.7 - 5 / 8)


def test_multi_label_figures_worked_by_hand():
    true = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 0]])
    scores = np.array([[0.9, 0.2, 0.1], [0.8, 0.3, 0.1], [0.1, 0.1, 0.1], [0.6, 0.9, 0.1]])
    report = classification_report(true, scores, ["x", "y", "z"], multi_label=True)
    assert report.accuracy == 2 / 4  # rows 0 and 2 are exactly right
    x, y, z = report.classes
    assert (x.precision, x.recall, x.f1) == (2 / 3, 1, pytest.approx(4 / 5))
    assert (y.precision, y.recall, y.f1) == (1, 1 / 2, pytest.approx(2 / 3))
    assert (z.support, z.predicted) == (0, 0)
    assert report.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert report.micro_f1 == pytest.approx(2 * 3 / (4 + 4))  # 3 hits, 4 given, 4 true
    assert report.confusion is None and "confusion" not in report.as_dict()
    named = classification_report([["x"], ["x", "y"], [], ["y"]], scores, ["x", "y", "z"], multi_label=True)
    assert named.as_dict() == report.as_dict()
    wrong_y, wrong_x = report.worst_errors
    assert (wrong_y.index, wrong_y.true, wrong_y.predicted) == (1, ["x", "y"], ["x"])
    assert (wrong_y.score_predicted, wrong_y.score_true, wrong_y.confidence) == (0.0, 0.3, pytest.approx(0.7))
    assert (wrong_x.index, wrong_x.true, wrong_x.predicted) == (3, ["y"], ["x", "y"])
    assert (wrong_x.score_predicted, wrong_x.score_true, wrong_x.confidence) == (0.6, 1.0, 0.6)


@pytest.mark.parametrize("multi_label", [False, True])
def test_agrees_with_scikit_learn(multi_label):
    random = np.random.default_rng(1)
    labels = list("abcdef")
    if multi_label:
        true = random.random((300, 6)) < 0.3
        true[:, 5] = False
        scores = random.random((300, 6))
        scores[:, 4] = 0.1  # a label never given
        predicted = scores >= 0.4
    else:
        true = random.integers(0, 5, 300)
        scores = random.dirichlet(np.ones(6), 300)
        scores[:, 3] = 0.0  # a label never given
        scores /= scores.sum(axis=1, keepdims=True)
        predicted = scores.argmax(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = classification_report(true, scores, labels, multi_label=multi_label, threshold=0.4)
    expected = metrics.precision_recall_fscore_support(true, predicted, labels=range(6), zero_division=0)
    for name, values in zip(("precision", "recall", "f1", "support"), expected):
        np.testing.assert_allclose([getattr(item, name) for item in report.classes], values, atol=1e-12)
    assert report.accuracy == pytest.approx(metrics.accuracy_score(true, predicted))
    assert report.micro_f1 == pytest.approx(metrics.f1_score(true, predicted, average="micro"))
    assert report.macro_f1 == pytest.approx(
        metrics.f1_score(true, predicted, average="macro", zero_division=0)
    )
    if multi_label:
        losses = [metrics.log_loss(true[:, c], scores[:, c], labels=[0, 1]) for c in range(6)]
        assert report.log_loss == pytest.approx(np.mean(losses))
    else:
        assert (
            report.confusion.tolist() == metrics.confusion_matrix(true, predicted, labels=range(6)).tolist()
        )
        clipped = np.clip(scores[np.arange(300), true], 1e-7, 1)
        assert report.log_loss == pytest.approx(-np.log(clipped).mean())


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("cuts", [[7], [1, 2, 299], [250]])
def test_unequal_batches_give_the_figures_of_the_whole(multi_label, cuts):
    random = np.random.default_rng(2)
    true = random.random((300, 4)) < 0.4 if multi_label else random.integers(0, 4, 300)
    scores = random.dirichlet(np.ones(4), 300).round(2)  # rounded, so that many are equal
    texts = [f"text {i}" for i in range(300)]
    whole = classification_report(true, scores, LABELS, multi_label=multi_label, texts=texts, worst=15)
    counts = ClassificationCounts(LABELS, multi_label=multi_label, worst=15)
    for start, end in zip([0, *cuts], [*cuts, 300]):
        counts.update(true[start:end], scores[start:end], texts[start:end])
    parts, whole = ClassificationReport.from_counts(counts).as_dict(), whole.as_dict()
    for name in ("log_loss", "calibration_error"):
        assert parts.pop(name) == pytest.approx(whole.pop(name), rel=1e-12)
    np.testing.assert_allclose(
        [list(row.values()) for row in parts.pop("calibration")],
        [list(row.values()) for row in whole.pop("calibration")],
    )
    assert parts == whole


def test_worst_errors_are_the_surest_first():
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7], [0.1, 0.9]])
    report = classification_report(
        ["pos", "neg", "neg", "pos", "neg"], scores, ["neg", "pos"], texts=list("vwxyz"), worst=2
    )
    assert [(item.text, item.index) for item in report.worst_errors] == [("v", 0), ("z", 4)]
    first = report.worst_errors[0]
    assert (first.true, first.predicted, first.score_predicted, first.score_true) == ("pos", "neg", 0.9, 0.1)
    none_kept = classification_report([1], [[0.9, 0.1]], ["neg", "pos"], worst=0)
    assert none_kept.worst_errors == []


def test_as_dict_is_plain_json_with_shortened_texts():
    texts = [b"\xff\x00" + "坏".encode() * 400_000]
    report = classification_report(["pos"], np.float32([[0.9, 0.1]]), ["neg", "pos"], texts=texts)
    figures = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert {"accuracy", "macro_f1", "examples"} <= figures.keys()
    assert len(figures["worst_errors"][0]["text"]) < 600


def test_table_shows_labels_that_look_like_markup():
    report = classification_report([0, 1], np.eye(3)[[0, 1]], ["[red]", "好评", "empty"])
    console = Console(record=True, width=100)
    console.print(report.table())
    text = console.export_text()
    assert "[red]" in text and "好评" in text and "accuracy 100.0 %" in text
    assert "–" in next(line for line in text.splitlines() if "empty" in line)


@pytest.mark.parametrize(
    ("true", "scores", "error", "message"),
    [
        ([], np.zeros((0, 2)), UserError, "nothing to evaluate"),
        (["postive"], [[0.5, 0.5]], UserError, r"`postive` is unknown.*Did you mean `positive`\?"),
        ([2], [[0.5, 0.5]], ValueError, "0 to 1. Received: 2"),
        ([-1], [[0.5, 0.5]], ValueError, "Received: -1"),
        ([0], [[0.5, float("nan")]], ValueError, "1 of 1 examples have scores that are not finite"),
        ([0, 1], [[0.5, 0.5]], ValueError, "2 truths for 1 rows"),
        ([0], [[0.5, 0.3, 0.2]], ValueError, r"shape \[batch, 2\]"),
    ],
)
def test_bad_input(true, scores, error, message):
    with pytest.raises(error, match=message):
        classification_report(true, scores, ["negative", "positive"])


def test_bad_settings():
    with pytest.raises(ValueError, match="threshold"):
        ClassificationCounts(["a"], threshold=1.5)
    with pytest.raises(ValueError, match="different names"):
        ClassificationCounts(["a", "a"])


def test_import_is_light():
    code = (
        "import sys, tfnlp.evaluation, tfnlp.plots.classification, tfnlp.evaluation.report;"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib', 'jinja2', 'rich'} & sys.modules.keys();"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
