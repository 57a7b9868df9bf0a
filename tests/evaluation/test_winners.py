import numpy as np
import pytest

from tfnlp.encoders import BiLSTM, TextCNN, WideTextCNN
from tfnlp.evaluation import ngram_winners, read_text
from tfnlp.evaluation.winners import has_ngram_winners
from tfnlp.tasks import TextClassifier
from tfnlp.text import TextPreprocessor, WordTokenizer


def preprocessor(**settings):
    layer = TextPreprocessor(WordTokenizer(), **settings)
    layer.tokenizer.set_vocabulary(["[PAD]", "[UNK]", "not", "good", "film"])
    return layer


def tiny(encoder_class=TextCNN, pooling="max", cut=None, **settings):
    """One filter a length: of length 1 the first unit, of length 2 the first unit then the second."""
    cut = cut or preprocessor()
    encoder = encoder_class(
        5, embedding_dim=2, filter_sizes=[1, 2], filters=1, pooling=pooling, activation="linear", **settings
    )
    task = TextClassifier(cut, encoder, ["bad", "good"])
    encoder.embedding.set_vectors(np.array([[9, 9], [0, 0], [4, 0], [3, 5], [1, 2]], np.float32))
    one, two = (convolution.convolution for convolution in encoder.convolutions)
    one.set_weights([np.array([[[1.0], [0.0]]]), np.zeros(1)])
    two.set_weights([np.array([[[1.0], [0.0]], [[0.0], [1.0]]]), np.array([0.5])])
    return task


def set_kernel(task, rows):
    task.classifier.set_weights([np.array(rows, np.float32), np.zeros(2)])


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_winners_of_a_tiny_model_by_hand(padding):
    task = tiny(padding=padding)
    set_kernel(task, [[1.0, 3.0], [0.5, -0.5]])  # good over bad: 2 and -1
    winners = ngram_winners(task, read_text(task.preprocessor, "Film, NOT good zebra"), "good")
    # tokens: film ␣, not good zebra (the comma and zebra are unknown: zeros)
    # length 1: film 1, not 4, good 3 -> "NOT" 4; length 2: (not, good) = 4 + 5 + 0.5
    found = [(w.ngram, w.window, w.activation, w.contribution) for w in winners]
    assert found == [("NOT good", 2, 9.5, -9.5), ("NOT", 1, 4.0, 8.0)]
    assert [(w.first, w.end) for w in winners] == [(2, 4), (2, 3)]
    against = ngram_winners(task, read_text(task.preprocessor, "Film, NOT good zebra"), "bad", most=1)
    assert [w.contribution for w in against] == [9.5]


def test_windows_at_the_ends_are_cut():
    task = tiny()
    set_kernel(task, [[0.0, 1.0], [0.0, 1.0]])
    last, first = (
        ngram_winners(task, read_text(task.preprocessor, text), "good") for text in ("zebra not", "not")
    )
    by_window = {w.window: w.ngram for w in last}
    assert by_window == {1: "not", 2: "not"}  # (not, end): 4 + 0.5 beats (zebra, not): 0.5
    assert {w.window: w.ngram for w in first} == {1: "not", 2: "not"}


def test_contributions_add_up_to_the_margin():
    task = tiny()
    set_kernel(task, [[0.3, 1.2], [0.1, -0.4]])
    reading = read_text(task.preprocessor, "a good film is not bad")
    logits = np.asarray(task(reading.token_ids[None]))[0]
    total = sum(winner.contribution for winner in ngram_winners(task, reading, "good"))
    assert total == pytest.approx(logits[1] - logits[0], abs=1e-5)


def test_other_poolings_and_the_wide_branch_stand_beside():
    task = tiny(WideTextCNN, pooling=["k_max", "max", "mean"], k=2, bag_dim=1, bag_buckets=10)
    # Of each length: two columns of k-max, one of max, one of mean; the bag's column last.
    columns = [[0, 9], [0, 9], [1, 3], [0, 9], [0, 9], [0, 9], [0.5, -0.5], [0, 9], [0, 9]]
    set_kernel(task, columns)
    winners = ngram_winners(task, read_text(task.preprocessor, "not good"), "good")
    assert [(w.ngram, w.contribution) for w in winners] == [("not good", -9.5), ("not", 8.0)]


def test_an_ngram_across_what_truncation_took():
    task = tiny(cut=preprocessor(max_tokens=2, truncate="middle"))
    set_kernel(task, [[0.0, 0.0], [0.0, 1.0]])
    winners = ngram_winners(task, read_text(task.preprocessor, "not a very good"), "good")
    assert winners[0].ngram == "not … good"


def test_models_without_such_filters():
    cut = preprocessor()
    assert has_ngram_winners(tiny())
    assert not has_ngram_winners(tiny(pooling="mean"))
    lstm = TextClassifier(cut, BiLSTM(5, embedding_dim=2, units=2), ["bad", "good"])
    assert not has_ngram_winners(lstm)
    with pytest.raises(ValueError, match="pools by `max`"):
        ngram_winners(lstm, read_text(cut, "good"), "good")
