import json
import zipfile
from typing import get_args

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from tfnlp.encoders.choices import Activation
from tfnlp.errors import UserError
from tfnlp.export import convert_tflite


def interpreter_of(model):
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    return interpreter


def test_one_text_of_fixed_length_in_scores_out(exports):
    for result in (exports("text_cnn"), exports("bilstm")):
        interpreter = interpreter_of(result.lite_files["float32"].read_bytes())
        (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
        assert (entry["shape"].tolist(), entry["dtype"]) == ([1, 24], np.int32)
        assert (exit_["shape"].tolist(), exit_["dtype"]) == ([1, 3], np.float32)


@pytest.mark.parametrize("name", ["text_cnn", "bag_of_words"])
def test_embeddings_and_kernels_are_int8(exports, tasks, name):
    interpreter = interpreter_of(exports(name).lite_files["int8"].read_bytes())
    stored = {}
    for tensor in interpreter.get_tensor_details():
        size = int(np.prod(tensor["shape"]))
        stored[size] = {*stored.get(size, ()), np.dtype(tensor["dtype"]).name}
    large = [weight for weight in tasks[name].trainable_variables if np.prod(weight.shape) >= 1024]
    assert large
    for weight in large:
        assert "int8" in stored[int(np.prod(weight.shape))], weight.path


def test_an_int8_text_cnn_of_usual_size_is_a_third_of_its_float32(build):
    # The kernels and vectors of the usual size; only then do they outweigh the graph.
    task = build("text_cnn", "char", {"embedding_dim": 128, "filters": 100})
    assert len(convert_tflite(task, "int8")) <= len(convert_tflite(task, "float32")) / 3


def test_the_same_task_gives_the_same_bytes(tasks):
    assert convert_tflite(tasks["text_cnn"], "int8") == convert_tflite(tasks["text_cnn"], "int8")


def test_words_labels_and_settings_travel_with_it(exports, tasks):
    with zipfile.ZipFile(exports("text_cnn").lite_files["int8"]) as archive:
        assert archive.namelist() == ["vocab.txt", "labels.txt", "tokenizer.json"]
        words = archive.read("vocab.txt").decode().split("\n")[:-1]
        settings = json.loads(archive.read("tokenizer.json"))
    assert words == list(tasks["text_cnn"].preprocessor.vocabulary.tokens)
    assert settings["preprocessor"] == tasks["text_cnn"].preprocessor.settings()
    assert (settings["multi_label"], settings["name"]) == (False, "text_cnn")
    with zipfile.ZipFile(exports("bilstm").lite_files["float32"]) as archive:
        assert "sentencepiece.model" in archive.namelist()
        assert "model" not in json.loads(archive.read("tokenizer.json"))["preprocessor"]


def test_an_unknown_precision_is_told(tasks):
    with pytest.raises(UserError, match=r"unknown precision `float8`.*Did you mean"):
        convert_tflite(tasks["text_cnn"], "float8")


def test_every_activation_converts_to_built_in_ops():
    # All in one graph: a conversion takes its seconds, whatever it converts.
    names = get_args(Activation)

    @tf.function(input_signature=[tf.TensorSpec([5], tf.float32)])
    def all_of_them(numbers):
        return tf.stack([keras.activations.get(name)(numbers) for name in names])

    converter = tf.lite.TFLiteConverter.from_concrete_functions([all_of_them.get_concrete_function()])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    interpreter = interpreter_of(converter.convert())
    numbers = np.array([-7.5, -1.0, 0.0, 0.5, 8.0], "float32")
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], numbers)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    for name, ours, theirs in zip(names, found, all_of_them(numbers).numpy(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6, err_msg=name)
