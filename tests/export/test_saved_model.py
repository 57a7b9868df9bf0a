import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfnlp.errors import UserError
from tfnlp.export import export_saved_model
from tfnlp.export.label_files import check_labels

LABELS = ["negative", "positive", "中性"]


@pytest.fixture(scope="module")
def loaded(exports):
    return tf.saved_model.load(str(exports("text_cnn").folder))


def example(**features):
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def of_bytes(*values):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def test_the_signatures_are_named_and_typed(loaded):
    serve, classify = loaded.signatures["serving_default"], loaded.signatures["classify"]
    assert serve.structured_input_signature[1] == {"text": tf.TensorSpec([None], tf.string, name="text")}
    assert classify.structured_input_signature[1] == {
        "inputs": tf.TensorSpec([None], tf.string, name="inputs")
    }
    assert {key: (value.dtype, value.shape.as_list()) for key, value in serve.structured_outputs.items()} == {
        "label": (tf.string, [None]),
        "score": (tf.float32, [None]),
        "labels": (tf.string, [None, 3]),
        "scores": (tf.float32, [None, 3]),
    }
    assert {
        key: (value.dtype, value.shape.as_list()) for key, value in classify.structured_outputs.items()
    } == {
        "classes": (tf.string, [None, 3]),
        "scores": (tf.float32, [None, 3]),
    }


def test_it_says_what_keras_says_text_by_text(loaded, tasks):
    texts = ["a fine film", "", "这部电影", "bad " * 100]
    answer = loaded.signatures["serving_default"](text=tf.constant(texts))
    expected = tasks["text_cnn"].predict(texts)
    np.testing.assert_allclose(answer["scores"], expected, atol=1e-5)
    np.testing.assert_array_equal(answer["score"], answer["scores"].numpy().max(axis=-1))
    assert [label.decode() for label in answer["label"].numpy()] == [
        LABELS[i] for i in expected.argmax(axis=-1)
    ]
    assert [[label.decode() for label in row] for row in answer["labels"].numpy()] == [LABELS] * 4


def test_an_empty_batch_gives_empty_answers(loaded):
    serve, classify = loaded.signatures["serving_default"], loaded.signatures["classify"]
    none = tf.constant([], tf.string)
    assert {key: value.shape for key, value in serve(text=none).items()} == {
        "label": (0,),
        "score": (0,),
        "labels": (0, 3),
        "scores": (0, 3),
    }
    assert {key: value.shape for key, value in classify(inputs=none).items()} == {
        "classes": (0, 3),
        "scores": (0, 3),
    }


def test_classify_reads_examples_with_missing_and_empty_features_too(loaded):
    serve, classify = loaded.signatures["serving_default"], loaded.signatures["classify"]
    examples = [
        example(text=of_bytes(b"a fine film"), other=of_bytes(b"ignored")),
        example(),
        example(text=tf.train.Feature()),
        example(text=of_bytes()),
        example(text=of_bytes(b"a fine", b"film")),
        example(text=of_bytes("差\ud800".encode("utf-8", "surrogatepass"))),
    ]
    answer = classify(inputs=tf.constant(examples))
    texts = ["a fine film", "", "", "", "a fine film", "差"]
    np.testing.assert_allclose(answer["scores"], serve(text=tf.constant(texts))["scores"], atol=1e-6)
    assert [label.decode() for label in answer["classes"][0].numpy()] == LABELS


def test_multi_label_scores_are_independent(exports, tasks):
    # SentencePiece's ops are in this process since the tokenizer was built.
    serve = tf.saved_model.load(str(exports("bilstm").folder)).signatures["serving_default"]
    scores = serve(text=tf.constant(["a fine film"]))["scores"].numpy()
    np.testing.assert_allclose(scores, tasks["bilstm"].predict(["a fine film"]), atol=1e-5)
    assert abs(scores.sum() - 1) > 1e-3


def test_warm_up_requests_are_answered_by_both_signatures(exports, loaded):
    file = exports("text_cnn").folder / "assets.extra" / "tf_serving_warmup_requests"
    asked = {"predict_log": 0, "classify_log": 0}
    for record in tf.data.TFRecordDataset(str(file)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        kind = log.WhichOneof("log_type")
        asked[kind] += 1
        request = getattr(log, kind).request
        assert request.model_spec.name == "text_cnn"
        signature = loaded.signatures[request.model_spec.signature_name]
        if kind == "predict_log":
            text = tf.constant(tf.make_ndarray(request.inputs["text"]))
            assert text.dtype == tf.string
            assert signature(text=text)["scores"].shape == (text.shape[0], 3)
        else:
            inputs = [item.SerializeToString() for item in request.input.example_list.examples]
            assert signature(inputs=tf.constant(inputs))["scores"].shape == (len(inputs), 3)
    assert asked["predict_log"] == asked["classify_log"] >= 3


def test_export_saved_model_alone_counts_up(tasks, tmp_path):
    folder = export_saved_model(tasks["bag_of_words"], tmp_path / "model")
    assert folder == tmp_path / "model" / "1"
    assert (folder / "assets" / "vocab.txt").is_file()


@pytest.mark.parametrize("label", ["two\nlines", "carriage\rreturn"])
def test_a_label_with_a_line_break_is_told(label):
    with pytest.raises(UserError, match="line break"):
        check_labels(["fine", label])
