import pytest

from tfnlp.errors import UserError
from tfnlp.evaluation import evaluate_segmentation, evaluate_tags

GOLD = [["扬帆", "远东", "做", "与", "中国", "合作", "的", "先行"], ["中国", "远东"]]
GIVEN = [["扬帆", "远东", "做与", "中国", "合作", "的", "先", "行"], ["中国", "远东"]]


def test_the_bakeoffs_figures():
    """By hand: 7 of 10 true words stand among 10 given ones (做, 与 and 先行 are lost)."""
    scores = evaluate_segmentation(GOLD, GIVEN)
    assert (scores.words, scores.predicted, scores.right) == (10, 10, 7)
    assert (scores.precision, scores.recall, scores.f1) == (0.7, 0.7, 0.7)
    assert scores.oov_rate is None and scores.oov_recall is None
    assert scores.summary() == "word F1 70.0 %   precision 70.0 %   recall 70.0 %"


def test_words_out_of_vocabulary():
    """Unknown: 远东 twice, found; 先行, lost; 做, lost. Known: 6, of which 与 is lost."""
    known = {"扬帆", "与", "中国", "合作", "的"}
    scores = evaluate_segmentation(GOLD, GIVEN, training_words=known)
    assert scores.oov_rate == 4 / 10
    assert scores.oov_recall == 2 / 4
    assert scores.known_recall == 5 / 6
    assert scores.summary().endswith("OOV 40.0 %, found 50.0 %")


def test_no_unknown_word():
    scores = evaluate_segmentation([["中国"]], [["中国"]], training_words=["中国"])
    assert (scores.oov_rate, scores.oov_recall, scores.known_recall) == (0, None, 1)
    assert evaluate_segmentation([["中国"]], [["中国"]], training_words=[]).known_recall is None


def test_the_same_as_the_span_f1_of_the_letters():
    def letters(words):
        return [
            letter for word in words for letter in ("S" if len(word) == 1 else f"B{'M' * (len(word) - 2)}E")
        ]

    spans = evaluate_tags([letters(words) for words in GOLD], [letters(words) for words in GIVEN], "bmes")
    scores = evaluate_segmentation(GOLD, GIVEN)
    assert (spans.precision, spans.recall, spans.f1) == (scores.precision, scores.recall, scores.f1)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match=r"same characters. Received for sentence 0: '中国' and '中'"):
        evaluate_segmentation([["中国"]], [["中"]])
    with pytest.raises(ValueError, match="words for every sentence"):
        evaluate_segmentation([["中国"]], [])
    with pytest.raises(UserError, match="nothing to evaluate"):
        evaluate_segmentation([[]], [[]])
