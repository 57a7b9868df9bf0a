import keras
import numpy as np
import pytest

from tfnlp.encoders.registry import ENCODERS, encoder_class
from tfnlp.errors import UserError
from tfnlp.evaluation import integrated_gradients
from tfnlp.tasks import TextClassifier
from tfnlp.text import TextPreprocessor, WordTokenizer

TEXT = "a fine film, not bad at all 好看"
# Beyond each encoder's defaults: whatever else feeds an answer.
VARIANTS = [
    *((name, {"embedding_dim": 8}) for name in ENCODERS),
    ("bag_of_words", {"pooling": "sqrt", "ngrams": [2, 3], "ngram_buckets": 50, "idf": True}),
    ("text_cnn", {"channels": "both", "filters": 5, "pooling": ["mean", "max"], "padding": "valid"}),
    ("wide_text_cnn", {"ngrams": [2], "ngram_buckets": 90, "bag_buckets": 90, "filters": 5}),
    ("gru", {"embedding_dim": 4, "units": 4, "layers": 2, "layer_norm": True, "residual": True}),
    ("wide_text_cnn", {"bag_dim": 3, "bag_idf": False, "filters": 5, "pooling": "mean"}),
]


def preprocessor(max_tokens=16):
    layer = TextPreprocessor(WordTokenizer(), max_tokens=max_tokens)
    layer.adapt([TEXT, "a dull story"])
    return layer


def classifier(name, settings, labels=("x", "y", "z"), max_tokens=16, **options):
    keras.utils.set_random_seed(4)
    cut = preprocessor(max_tokens)
    encoder = encoder_class(name)(cut.vocabulary_size, **settings)
    task = TextClassifier(cut, encoder, list(labels), **options)
    for weight in task.trainable_weights:  # zeros (biases, n-grams, the bag) would hide what is left out
        noise = np.random.default_rng(4).normal(0, 0.2, weight.shape)
        weight.assign(np.asarray(weight) + noise)
    return task


@pytest.mark.parametrize(
    ("name", "settings"), VARIANTS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(VARIANTS)]
)
def test_the_parts_add_up_for_every_encoder(name, settings):
    task = classifier(name, settings)
    logits = np.asarray(task(task.preprocessor([TEXT])))[0]
    (found,) = integrated_gradients(task, [TEXT], label="y")
    assert found.margin == pytest.approx(logits[1] - (logits[0] + logits[2]) / 2, abs=1e-4)
    moved = found.margin - found.start
    assert abs(moved) > 1e-3  # else nothing was to be explained
    amount = max(np.abs(found.values).sum(), abs(moved))
    assert abs(found.gap) < 0.01 * amount + 1e-3
    assert not found.gap_is_large
    assert len(found.values) == 10


def test_a_linear_model_by_hand():
    # Two labels, vectors summed: the margin's gradient is the difference of the kernel's columns, everywhere.
    task = classifier("bag_of_words", {"embedding_dim": 2, "pooling": "sum"}, labels=("bad", "good"))
    names = task.preprocessor.vocabulary.tokens
    vectors = np.zeros((len(names), 2), np.float32)
    vectors[names.index("fine")] = [1.0, 2.0]
    vectors[names.index("dull")] = [-3.0, 0.5]
    task.encoder.embedding.set_vectors(vectors)
    task.classifier.set_weights([np.array([[0.5, 1.5], [1.0, -1.0]], np.float32), np.array([0.25, 0.75])])
    # good minus bad: kernel (1, -2), bias 0.5; fine: 1 - 4 = -3, dull: -3 - 1 = -4
    (found,) = integrated_gradients(task, ["Fine, dull fine film"], label="good", steps=1)
    np.testing.assert_allclose(found.values, [-3, 0, -4, -3, 0], atol=1e-6)
    assert (found.start, found.margin) == pytest.approx((0.5, -9.5))
    (against,) = integrated_gradients(task, ["Fine, dull fine film"], label="bad", steps=1)
    np.testing.assert_allclose(against.values, -found.values, atol=1e-6)


def test_a_logit_that_rises_with_all_others_moves_nothing():
    task = classifier("bag_of_words", {"embedding_dim": 4, "pooling": "sum"})
    (before,) = integrated_gradients(task, [TEXT], label="x")
    task.classifier.kernel.assign(np.asarray(task.classifier.kernel) + 3.0)  # softmax answers as before
    (after,) = integrated_gradients(task, [TEXT], label="x")
    np.testing.assert_allclose(after.scores, before.scores, atol=1e-5)
    np.testing.assert_allclose(after.values, before.values, atol=1e-4)


def test_of_several_labels_each_stands_alone():
    task = classifier("text_cnn", {"embedding_dim": 6, "filters": 4}, multi_label=True)
    logits = np.asarray(task(task.preprocessor([TEXT])))[0]
    for number, label in enumerate(task.labels):
        (found,) = integrated_gradients(task, [TEXT], label=label)
        assert found.margin == pytest.approx(float(logits[number]), abs=1e-5)
        assert not found.gap_is_large


def test_the_predicted_label_is_explained_and_texts_do_not_mix():
    task = classifier("fixed_window", {"embedding_dim": 6, "hidden_units": 4})
    both = integrated_gradients(task, [TEXT, "dull"], steps=8)
    assert [a.label for a in both] == task.predict_labels([TEXT, "dull"])
    (alone,) = integrated_gradients(task, ["dull"], steps=8)
    np.testing.assert_allclose(alone.values, both[1].values, atol=1e-6)


def test_more_steps_than_fit_in_a_batch(monkeypatch):
    monkeypatch.setattr("tfnlp.evaluation.attribution._TOKENS_A_BATCH", 30)
    task = classifier("fixed_window", {"embedding_dim": 4, "hidden_units": 5})
    (cut,) = integrated_gradients(task, [TEXT], label="x", steps=10)
    monkeypatch.undo()
    (whole,) = integrated_gradients(task, [TEXT], label="x", steps=10)
    np.testing.assert_allclose(cut.values, whole.values, atol=1e-6)


def test_a_long_text_goes_through_a_graph_with_the_same_result(monkeypatch):
    task = classifier("fixed_window", {"embedding_dim": 4, "hidden_units": 3}, max_tokens=64)
    text = "not a fine film " * 9
    (traced,) = integrated_gradients(task, [text], label="x", steps=2)
    monkeypatch.setattr("tfnlp.evaluation.attribution._LONG", 64)
    (eager,) = integrated_gradients(task, [text], label="x", steps=2)
    assert len(traced.values) == 36
    np.testing.assert_allclose(traced.values, eager.values, atol=1e-6)
    assert not traced.gap_is_large


def test_too_few_steps_are_told():
    task = classifier("fixed_window", {"embedding_dim": 4, "hidden_units": 5})
    table = task.encoder.embedding.tables[0].embeddings
    table.assign(np.asarray(table) * 40)  # deep in tanh's flat ends
    (rough,) = integrated_gradients(task, [TEXT], label="x", steps=1)
    assert rough.gap_is_large
    (fine,) = integrated_gradients(task, [TEXT], label="x", steps=2000)
    assert not fine.gap_is_large


@keras.saving.register_keras_serializable(package="tests")
class Normed(encoder_class("bag_of_words")):
    """All of its way lies where the vectors leave zero: behind the normalisation their length is gone."""

    def build(self, input_shape=None):
        super().build(input_shape)
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6)
        self.norm.build((None, None, self.embedding.output_dim))

    def encode(self, token_ids, vectors, mask, training):
        return super().encode(token_ids, keras.ops.relu(self.norm(vectors)), mask, training)


def test_a_way_that_lies_in_a_tiny_part_of_the_path():
    cut = preprocessor()
    keras.utils.set_random_seed(1)
    task = TextClassifier(cut, Normed(cut.vocabulary_size, embedding_dim=4), ["x", "y"])
    (found,) = integrated_gradients(task, [TEXT], steps=20)
    assert abs(found.margin - found.start) > 0.01
    assert abs(found.gap) < 0.02 * np.abs(found.values).sum()


def test_where_an_answer_jumps_the_gap_says_so():
    # k-max keeps the order of the text: which unit a value stands in changes at a stroke
    task = classifier("text_cnn", {"embedding_dim": 8, "filters": 9, "pooling": "k_max"})
    (found,) = integrated_gradients(task, [TEXT], label="x", steps=4)
    assert found.gap == pytest.approx(found.values.sum() - (found.margin - found.start))
    assert abs(found.gap) > 1e-3


def test_dropout_does_not_act():
    task = classifier("text_cnn", {"filters": 4, "token_dropout": 0.5, "embedding_dropout": 0.5}, dropout=0.5)
    one, other = integrated_gradients(task, [TEXT, TEXT], label="x")
    np.testing.assert_array_equal(one.values, other.values)


def test_a_model_of_mixed_precision():
    task = classifier("text_cnn", {"filters": 4, "embedding_dim": 8, "dtype": "mixed_bfloat16"})
    (found,) = integrated_gradients(task, [TEXT], label="x")
    assert np.isfinite(found.values).all()
    assert abs(found.gap) < 0.1 * np.abs(found.values).sum()


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", b"\xff"])
def test_nothing_to_read(text):
    with pytest.raises(UserError, match="no token"):
        integrated_gradients(classifier("bag_of_words", {}), [text])


def test_wrong_arguments():
    task = classifier("bag_of_words", {}, labels=("good", "bad"))
    with pytest.raises(UserError, match="Did you mean `good`"):
        integrated_gradients(task, ["a"], label="goood")
    with pytest.raises(UserError, match="steps"):
        integrated_gradients(task, ["a"], steps=0)
