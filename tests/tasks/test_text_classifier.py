import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.encoders import TextCNN, Transformer
from tfnlp.errors import UserError
from tfnlp.tasks import TextClassifier

AWKWARD = ["", "a", "zzz qqq", "🙂", "film " * 1000, "我喜欢学习。", "a\x00b", b"\xff\xfe", "fine"]


def test_learns_strings_and_answers_strings(classifier, texts, labels):
    model = classifier()
    model.compile(optimizer=keras.optimizers.AdamW(0.02))
    history = model.fit(texts, labels, epochs=30, batch_size=4, validation_data=(texts, labels), verbose=0)
    assert history.history["val_accuracy"][-1] == 1.0
    assert model.predict_labels(texts) == labels
    scores = model.predict(["fine", "dull"])
    assert scores.shape == (2, 2)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-6)
    assert scores[0, 1] > 0.5 > scores[1, 1]
    loss, accuracy = model.evaluate(texts, labels, verbose=0)
    assert accuracy == 1.0
    assert loss < 0.5


def test_metrics_add_up_over_unequal_batches(classifier, texts, labels):
    model = classifier()
    model.compile()
    whole = model.evaluate(texts, labels, batch_size=8, verbose=0)
    parts = model.evaluate(texts, labels, batch_size=3, verbose=0)
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


def test_answers_do_not_depend_on_the_company(classifier):
    model = classifier()
    together = model.predict(AWKWARD)
    assert np.isfinite(together).all()
    for row, text in enumerate(AWKWARD):
        np.testing.assert_allclose(model.predict([text])[0], together[row], atol=1e-6)
    assert model.predict([]).shape == (0, 2)


def test_texts_longer_than_the_encoder_reads_are_told_at_once(classifier):
    preprocessor = classifier().preprocessor
    encoder = Transformer(preprocessor.vocabulary_size, positions="learned", max_positions=11)
    with pytest.raises(UserError, match=r"cut to 12 tokens.*positions for 11.*`max_positions` to 12"):
        TextClassifier(preprocessor, encoder, ["bad", "good"])


@pytest.mark.parametrize("form", ["list", "numpy", "bytes", "dataset"])
def test_texts_come_in_any_form(classifier, texts, labels, form):
    model = classifier()
    model.compile()
    numbers = np.array([["bad", "good"].index(label) for label in labels])
    if form == "dataset":
        batches = tf.data.Dataset.from_tensor_slices((texts, numbers)).batch(4)
        model.fit(batches, epochs=1, verbose=0)
        found = model.evaluate(batches, verbose=0)
    else:
        given = {"list": texts, "numpy": np.array(texts), "bytes": [text.encode() for text in texts]}[form]
        model.fit(given, numbers, epochs=1, batch_size=4, verbose=0)
        found = model.evaluate(given, labels, verbose=0)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("optimizer", "loss"),
    [
        ("lion", "auto"),
        ("sgd", "hinge"),
        ("rmsprop", keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        ("adam", keras.losses.CategoricalCrossentropy(from_logits=True)),
    ],
    ids=["lion-auto", "sgd-hinge", "rmsprop-sparse", "adam-one-hot"],
)
def test_any_keras_optimizer_and_loss(classifier, texts, labels, optimizer, loss):
    one_hot = isinstance(loss, keras.losses.CategoricalCrossentropy)
    targets = (
        np.eye(2, dtype="float32")[[["bad", "good"].index(label) for label in labels]] if one_hot else labels
    )
    model = classifier()
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    history = model.fit(
        texts, targets, epochs=2, batch_size=4, verbose=0, callbacks=[keras.callbacks.EarlyStopping("loss")]
    )
    assert np.isfinite(history.history["loss"]).all()


def test_multi_label(classifier):
    texts = ["red", "blue", "red blue", "nothing"] * 4
    labels = [["r"], ["b"], ["b", "r"], []] * 4
    model = classifier(labels=["b", "r"], multi_label=True, corpus=texts)
    model.compile(optimizer=keras.optimizers.AdamW(0.05))
    model.fit(texts, labels, epochs=20, verbose=0)
    assert model.predict_labels(texts[:4]) == labels[:4]
    assert (
        model.evaluate(texts, labels, verbose=0)[1] == 1.0
    )  # of each label, whether it is rightly there or not
    assert model.predict(["red blue"]).sum() > 1.5  # each label is scored for itself


def test_class_weights_by_name_move_the_answer(classifier, texts, labels):
    scores = []
    for weights in ({"good": 10.0, "bad": 1.0}, {"good": 1.0, "bad": 10.0}):
        model = classifier()
        model.compile(optimizer=keras.optimizers.SGD(0.1))
        model.fit(texts, labels, epochs=3, verbose=0, class_weight=weights)
        scores.append(model.predict(["film"])[0, 1])
    assert scores[0] > scores[1] + 0.1


def test_same_seed_same_model(classifier, texts, labels):
    found = []
    for seed in (4, 4, 5):
        model = classifier(seed=seed, dropout=0.5)
        model.compile()
        model.fit(texts, labels, epochs=3, batch_size=4, verbose=0, seed=seed)
        found.append(model.predict(texts))
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 1e-4


def test_saved_moved_and_loaded_in_a_new_process(classifier, texts, labels, tmp_path):
    model = classifier(dropout=0.1, l2=0.01)
    model.compile()
    model.fit(texts, labels, epochs=2, verbose=0)
    model.save(tmp_path / "a.keras")
    (tmp_path / "moved").mkdir()
    (tmp_path / "a.keras").rename(tmp_path / "moved" / "b.keras")
    expected = model.predict(AWKWARD)
    np.save(tmp_path / "expected.npy", expected)
    code = (
        "import sys, keras, numpy as np, tfnlp.tasks\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "scores = model.predict(eval(sys.argv[3]))\n"
        "np.testing.assert_allclose(scores, np.load(sys.argv[2]), atol=1e-6)\n"
        "assert model.labels == ['bad', 'good'], model.labels\n"
    )
    command = [
        sys.executable,
        "-c",
        code,
        tmp_path / "moved" / "b.keras",
        tmp_path / "expected.npy",
        repr(AWKWARD),
    ]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"}
    )
    assert ran.returncode == 0, ran.stderr


def test_mistakes_are_named(classifier, texts, labels):
    model = classifier()
    model.compile()
    with pytest.raises(UserError, match=r"no label `goood`.*Did you mean `good`"):
        model.fit(texts, ["goood", *labels[1:]], verbose=0)
    with pytest.raises(UserError, match=r"pass \[text\]"):
        model.predict("a film")
    with pytest.raises(UserError, match="targets"):
        model.fit(texts, labels[:-1], verbose=0)
    with pytest.raises(UserError, match=r"vocabulary_size=preprocessor\.vocabulary_size"):
        TextClassifier(model.preprocessor, TextCNN(3), ["a", "b"])
    with pytest.raises(UserError, match="twice"):
        classifier(labels=["a", "a"])
