"""The layers are held to Keras's own, whose loop TensorFlow differentiates by itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.layers import GRU, LSTM, SimpleRNN

PAIRS = [(SimpleRNN, keras.layers.SimpleRNN), (GRU, keras.layers.GRU), (LSTM, keras.layers.LSTM)]


def pair(ours, theirs, *, weight_drop=0.0, **settings):
    """Both layers with the same weights, biases not zero."""
    mine = ours(3, return_state=True, weight_drop=weight_drop, **settings)
    other = theirs(3, return_state=True, **settings)
    for layer in (mine, other):
        layer.build((None, None, 4))
    random = np.random.default_rng(0)
    weights = [random.normal(size=value.shape).astype("float32") for value in mine.get_weights()]
    mine.set_weights(weights)
    other.set_weights(weights)
    return mine, other


def derivatives(layer, sequence, states):
    """Outputs of a training step and the gradients of everything that it reads."""
    variables = [weight.value for weight in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([sequence, *states])
        outputs = layer(sequence, initial_state=states, training=True)
        loss = tf.add_n([tf.reduce_sum(tf.sin(value) * (place + 1)) for place, value in enumerate(outputs)])
    return outputs, tape.gradient(loss, [sequence, *states, *variables])


@pytest.mark.parametrize("ours,theirs", PAIRS)
@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("compiled", [True, False])
def test_training_gives_the_answers_and_gradients_of_keras(ours, theirs, return_sequences, compiled):
    mine, other = pair(ours, theirs, return_sequences=return_sequences)
    random = np.random.default_rng(1)
    sequence = tf.constant(random.normal(size=(2, 5, 4)), "float32")
    states = [tf.constant(random.normal(size=(2, 3)), "float32") for _ in mine.state_size]
    run = tf.function(derivatives) if compiled else derivatives
    for got, expected in zip(
        tf.nest.flatten(run(mine, sequence, states)), tf.nest.flatten(run(other, sequence, states))
    ):
        np.testing.assert_allclose(got, expected, atol=2e-5)


@pytest.mark.parametrize("ours,theirs", PAIRS)
def test_training_reads_what_inference_reads(ours, theirs):
    layer, _ = pair(ours, theirs, return_sequences=True)
    sequence = np.random.default_rng(2).normal(size=(2, 6, 4)).astype("float32")
    for taught, asked in zip(layer(sequence, training=True), layer(sequence)):
        np.testing.assert_allclose(taught, asked, atol=1e-6)


@pytest.mark.parametrize("ours,theirs", PAIRS)
def test_dropout_of_the_recurrence_keeps_one_mask_a_sequence(ours, theirs):
    layer, _ = pair(ours, theirs, return_sequences=True, recurrent_dropout=0.5)
    kernel, recurrent, bias = layer.get_weights()
    # Each unit reads itself alone and everything else is zero: a dropped unit forgets at every step.
    layer.set_weights([kernel * 0, recurrent * 0 + np.tile(np.eye(3), recurrent.shape[1] // 3), bias * 0])
    sequence = np.zeros((64, 4, 4), "float32")
    states = [np.ones((64, 3), "float32") for _ in layer.state_size]
    taught = np.asarray(layer(sequence, initial_state=states, training=True)[0])
    assert len(np.unique(taught[:, 0].round(5))) == 2
    dropped = taught[:, 0] == taught[:, 0].min()
    assert 0.3 < dropped.mean() < 0.7
    for step in range(4):
        assert len(np.unique(taught[:, step][dropped].round(5))) == 1
        assert len(np.unique(taught[:, step][~dropped].round(5))) == 1
    asked = np.asarray(layer(sequence, initial_state=states)[0])
    assert len(np.unique(asked[:, 0].round(5))) == 1


@pytest.mark.parametrize("ours,theirs", PAIRS)
def test_gradients_pass_the_dropped_recurrence(ours, theirs):
    layer, _ = pair(ours, theirs, return_sequences=False, recurrent_dropout=0.5)
    sequence = tf.constant(np.random.default_rng(3).normal(size=(2, 4, 4)), "float32")

    def loss(sequence):
        layer.cell.seed_generator.state.assign([7, 7])
        return tf.reduce_sum(layer(sequence, training=True)[0] ** 2)

    with tf.GradientTape() as tape:
        tape.watch(sequence)
        value = loss(sequence)
    gradient = tape.gradient(value, sequence).numpy()
    width = 1e-2
    for place in [(0, 0, 1), (1, 2, 3)]:
        nudge = np.zeros(sequence.shape, "float32")
        nudge[place] = width
        slope = (loss(sequence + nudge) - loss(sequence - nudge)) / (2 * width)
        np.testing.assert_allclose(gradient[place], slope, rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("ours,theirs", PAIRS)
def test_a_mask_is_still_kept(ours, theirs):
    mine, other = pair(ours, theirs, return_sequences=True)
    sequence = np.random.default_rng(4).normal(size=(2, 4, 4)).astype("float32")
    mask = np.array([[True, True, False, False], [True] * 4])
    for got, expected in zip(
        mine(sequence, mask=mask, training=True), other(sequence, mask=mask, training=True)
    ):
        np.testing.assert_allclose(got, expected, atol=1e-6)


@pytest.mark.parametrize("ours,theirs", PAIRS)
def test_half_precision_stays_near(ours, theirs):
    whole, _ = pair(ours, theirs, return_sequences=True)
    half = ours(3, return_sequences=True, return_state=True, dtype="mixed_bfloat16")
    half.build((None, None, 4))
    half.set_weights(whole.get_weights())
    sequence = tf.constant(np.random.default_rng(5).normal(size=(2, 5, 4)), "float32")
    with tf.GradientTape() as tape:
        output = half(sequence, training=True)[0]
        loss = tf.reduce_sum(tf.cast(output, "float32"))
    assert output.dtype == "bfloat16"
    np.testing.assert_allclose(tf.cast(output, "float32"), whole(sequence)[0], atol=0.05)
    assert all(np.isfinite(g).all() for g in tape.gradient(loss, [w.value for w in half.trainable_variables]))


@pytest.mark.parametrize("ours,theirs", PAIRS)
def test_config_round_trip(ours, theirs):
    layer = ours(3, recurrent_dropout=0.25, name="reader")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is ours and again.get_config() == layer.get_config()


@pytest.mark.parametrize("ours,theirs", PAIRS)
def test_dropped_weights_stay_dropped_over_a_sequence(ours, theirs):
    layer, _ = pair(ours, theirs, return_sequences=True, weight_drop=0.5)
    plain, _ = pair(ours, theirs, return_sequences=True)
    sequence = tf.constant(np.random.default_rng(4).normal(size=(2, 5, 4)), "float32")
    with tf.GradientTape() as tape:
        taught = layer(sequence, training=True)[0]
        loss = tf.reduce_sum(tf.square(taught))
    kept = np.asarray(tape.gradient(loss, layer.cell.recurrent_kernel.value)) != 0
    assert 0 < kept.mean() < 1
    kernel, recurrent, bias = layer.get_weights()
    # Those that no gradient reaches were dropped at every step; the others made up for them.
    plain.set_weights([kernel, recurrent * kept * 2, bias])
    np.testing.assert_allclose(plain(sequence, training=True)[0], taught, atol=1e-5)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(sequence)[0], plain(sequence)[0], atol=1e-6)


@pytest.mark.parametrize("settings", [{"weight_drop": 1.0}, {"weight_drop": 0.5, "activation": "relu"}])
def test_dropped_weights_are_refused_where_they_cannot_be(settings):
    with pytest.raises(ValueError, match="weight_drop"):
        LSTM(3, **settings)


def test_the_share_of_dropped_weights_comes_back():
    layer = GRU(3, weight_drop=0.25)
    assert GRU.from_config(layer.get_config()).weight_drop == 0.25
