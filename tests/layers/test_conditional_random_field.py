"""The layer as Keras and TFLite see it; its algorithms are tested in `crf/`."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfnlp.layers import ConditionalRandomField

CONSTRAINTS = {
    "allowed_transitions": [[True, True, False], [True, True, True], [True, True, True]],
    "allowed_starts": [True, True, False],
    "allowed_ends": None,
}


def field(**kwargs):
    layer = ConditionalRandomField(3, **CONSTRAINTS, **kwargs)
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def rows(lengths, time):
    scores = np.random.default_rng(1).normal(size=(len(lengths), time, 3)).astype("float32")
    return scores, np.arange(time) < np.array(lengths)[:, None]


def test_before_training_it_says_what_the_scores_say():
    scores, mask = rows([4, 2], 4)
    np.testing.assert_array_equal(ConditionalRandomField(3)(scores, mask=mask), scores.argmax(-1) * mask)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_works_in_float32_whatever_the_policy(policy):
    whole = field()
    previous = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        half = field()
        again = field(dtype=policy)
    finally:
        keras.config.set_dtype_policy(previous)
    scores, mask = rows([50, 3], 50)
    scores = scores.astype("float16")  # what a network gives under such a policy
    tags = whole.viterbi(scores, mask)[0]
    for layer in (half, again):
        assert {weight.dtype for weight in layer.weights} == {"float32"}
        value = layer.log_likelihood(tf.constant(scores), tags, mask)
        assert value.dtype == "float32"
        np.testing.assert_array_equal(value, whole.log_likelihood(scores.astype("float32"), tags, mask))
        np.testing.assert_array_equal(layer(scores, mask=mask), tags)


def test_gradient_reaches_half_precision_scores():
    layer = field()
    scores, mask = rows([5, 3], 5)
    scores = tf.cast(scores, "bfloat16")
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = layer.log_likelihood(scores, np.zeros((2, 5), "int32"), mask)
    gradient = tape.gradient(value, scores)
    assert gradient.dtype == "bfloat16" and np.abs(tf.cast(gradient, "float32")).sum() > 0


def test_config_is_plain_json():
    layer = field(name="field")
    config = layer.get_config()
    assert json.loads(json.dumps(config)) == config
    again = ConditionalRandomField.from_config(config)
    assert again.get_config() == config


def test_saved_and_loaded_it_answers_the_same(tmp_path):
    inputs = keras.Input((None, 3))
    layer = field()
    model = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, None) and model.outputs[0].dtype == "int32"
    scores, _ = rows([6, 6], 6)
    tags = model.predict(scores, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(scores, verbose=0), tags)
    for weight, other in zip(loaded.layers[-1].get_weights(), layer.get_weights()):
        np.testing.assert_array_equal(weight, other)


class Tagger(keras.Model):
    """Scores as weights, so that `fit` learns them and the field."""

    def __init__(self):
        super().__init__()
        self.scores = keras.layers.Embedding(7, 3)
        self.scores.build((None, None))
        self.field = ConditionalRandomField(3, **CONSTRAINTS)

    def build(self, input_shape):
        pass

    def call(self, token_ids):
        return self.scores(token_ids)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return -keras.ops.mean(self.field.log_likelihood(y_pred, y, keras.ops.not_equal(x, 0)))


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_fit_learns_what_only_the_neighbour_tells(jit_compile):
    """Token 2 is tagged 2 behind token 1 and 0 elsewhere: no score of its own can say so."""
    token_ids = np.array([[1, 2, 3, 2, 0], [3, 2, 1, 2, 3]] * 16)
    tags = np.array([[1, 2, 0, 0, 0], [0, 0, 1, 2, 0]] * 16)
    keras.utils.set_random_seed(1)
    model = Tagger()
    model.compile(optimizer=keras.optimizers.Adam(0.1), jit_compile=jit_compile)
    history = model.fit(token_ids, tags, epochs=30, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < 0.2 < history[0]
    np.testing.assert_array_equal(model.field(model(token_ids), mask=token_ids != 0), tags)


@pytest.mark.parametrize("with_mask", [True, False])
def test_viterbi_is_the_same_in_tflite(with_mask):
    layer, time = field(), 12
    signature = [tf.TensorSpec([1, time, 3], name="scores"), tf.TensorSpec([1, time], tf.bool, name="mask")]

    @tf.function(input_signature=signature, autograph=False)
    def decode(scores, mask):
        tags, score = layer.viterbi(scores, mask if with_mask else None)
        return {"tags": tags, "score": score}

    frozen = convert_variables_to_constants_v2(decode.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    interpreter = Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    inputs = {np.dtype(detail["dtype"]).name: detail["index"] for detail in interpreter.get_input_details()}
    outputs = {np.dtype(detail["dtype"]).name: detail["index"] for detail in interpreter.get_output_details()}
    for seed, length in enumerate([time, 7, 1, 0, time]):
        scores = 5 * np.random.default_rng(seed).normal(size=(1, time, 3)).astype("float32")
        mask = np.arange(time)[None] < (length if with_mask else time)
        interpreter.set_tensor(inputs["float32"], scores)
        if with_mask:
            interpreter.set_tensor(inputs["bool"], mask)
        interpreter.invoke()
        tags, score = layer.viterbi(scores, mask)
        np.testing.assert_array_equal(interpreter.get_tensor(outputs["int32"]), tags)
        np.testing.assert_allclose(interpreter.get_tensor(outputs["float32"]), score, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tags": 0}, "`tags`"),
        ({"tags": 2, "allowed_transitions": [[True, False]]}, "`allowed_transitions`"),
        ({"tags": 2, "allowed_starts": [True]}, "`allowed_starts`"),
        ({"tags": 2, "allowed_ends": [False, False]}, "`allowed_ends`"),
    ],
)
def test_what_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        ConditionalRandomField(**arguments)


def test_a_graph_may_leave_batch_and_length_open():
    """As a server's does; and as every data set of padded batches does."""
    layer = field()
    scores, mask = rows([4, 2, 1], 5)
    open_shapes = [tf.TensorSpec([None, None, 3]), tf.TensorSpec([None, None], tf.bool)]
    for answer in (
        layer.viterbi,
        lambda *given: layer.k_best(*given, k=2),
        lambda *given: (layer.marginals(*given),),
    ):
        traced = tf.function(answer, input_signature=open_shapes)
        for found, expected in zip(traced(scores, mask), answer(scores, mask)):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
