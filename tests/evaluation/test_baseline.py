import pytest

from tfnlp.errors import UserError
from tfnlp.evaluation import tfidf_logistic_regression

TEXTS = ["很好", "非常好", "真的好看", "很差", "非常差", "真的差劲"]
LABELS = ["正"] * 3 + ["负"] * 3


@pytest.mark.parametrize("analyzer", ["char", "word"])
def test_learns_two_classes(analyzer):
    texts = [" ".join(text) for text in TEXTS]
    result = tfidf_logistic_regression(texts, LABELS, ["好 好", "差 差", "好"], ["正", "负", "负"], analyzer)
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.macro_f1 == pytest.approx(2 / 3)  # each class: one hit of two given plus one true
    assert result.seconds > 0
    assert set(result.as_dict()) == {"name", "accuracy", "macro_f1", "seconds"}


def test_learns_three_classes():
    texts = [letter * 3 for letter in "abc" * 4]
    result = tfidf_logistic_regression(texts, list("abc" * 4), ["aa", "bb", "cc"], list("abc"))
    assert result.accuracy == result.macro_f1 == 1


def test_learns_several_labels_a_text():
    labels = [["good"], ["good"], ["good"], ["bad"], ["bad"], ["bad"]]
    both = tfidf_logistic_regression(
        [*TEXTS, "好差"], [*labels, ["good", "bad"]], ["很好", "很差"], [["good"], ["bad"]]
    )
    assert both.accuracy == 1


def test_same_input_same_result():
    first, second = (tfidf_logistic_regression(TEXTS, LABELS, TEXTS, LABELS) for _ in range(2))
    assert (first.accuracy, first.macro_f1) == (second.accuracy, second.macro_f1)


def test_bad_input():
    with pytest.raises(UserError, match="at least two labels"):
        tfidf_logistic_regression(["a"], ["x"], ["a"], ["x"])
    with pytest.raises(UserError, match="Give it more text"):
        tfidf_logistic_regression(["a", "b"], ["x", "y"], ["a"], ["x"])
    with pytest.raises(ValueError, match="analyzer='letters'"):
        tfidf_logistic_regression(TEXTS, LABELS, TEXTS, LABELS, analyzer="letters")
    with pytest.raises(ValueError, match="one label"):
        tfidf_logistic_regression(TEXTS, LABELS[1:], TEXTS, LABELS)
