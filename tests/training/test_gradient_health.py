"""Gradients' sizes, by layer and by distance, against networks whose gradients are known."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.training.gradient_health import GradientHealth, GradientMeter
from tfnlp.training.loss_probe import LossProbe

IDS = np.array([[5, 6, 7, 8, 9, 5], [5, 6, 7, 0, 0, 0]], np.int32)


def chain(factor, places=None):
    """A network whose state is `factor` times the one before, plus the token's vector; the loss is the state's sum."""
    weight = keras.Variable(np.full((2, 2), 2.0), name="kernel")
    table = keras.Variable(np.ones((10, 3)), name="embeddings")
    places = IDS != 0 if places is None else places

    def losses_at(vectors):
        state, losses = tf.zeros_like(vectors[:, 0]), []
        for step in range(IDS.shape[1]):
            state = factor * state + vectors[:, step]
            losses.append(tf.reduce_sum(state, axis=-1))
        return tf.where(places, tf.stack(losses, axis=1), 0.0)

    def look_up():
        return tf.gather(table.value, IDS)

    return LossProbe(
        [weight, table],
        IDS,
        places,
        lambda: tf.reduce_sum(losses_at(look_up())) + tf.reduce_sum(tf.square(weight.value)),
        look_up,
        losses_at,
    )


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_each_step_back_multiplies_the_gradient(factor):
    health = GradientMeter(chain(factor)).measure()
    # Three numbers a vector, each of gradient factor^k.
    np.testing.assert_allclose(health.distances, 3**0.5 * factor ** np.arange(6), rtol=1e-5)
    assert health.horizon == 5


def test_a_text_classified_at_its_end_is_followed_from_there():
    last = np.zeros(IDS.shape, bool)
    last[0, 5] = last[1, 2] = True
    health = GradientMeter(chain(0.1, last)).measure()
    np.testing.assert_allclose(health.distances, 3**0.5 * 0.1 ** np.arange(6), rtol=1e-4)
    assert health.reach() == 3
    assert health.reach(0.5) == 0


def test_norms_of_layers_are_those_of_their_weights():
    probe = chain(1.0)
    health = GradientMeter(probe).measure(epoch=4)
    kernel, table = health.layers
    assert (kernel.name, kernel.matrix, table.name, table.matrix) == ("kernel", True, "embeddings", False)
    assert (kernel.gradient, kernel.weights) == pytest.approx((8.0, 4.0))
    # Of how many losses each token is part: its own and all after it.
    parts = np.zeros(10)
    np.add.at(parts, IDS[0], np.arange(6, 0, -1))
    np.add.at(parts, IDS[1, :3], np.arange(3, 0, -1))
    # the chain adds padding's vector too, but no loss is there
    assert table.gradient == pytest.approx((3 * (parts**2).sum()) ** 0.5)
    assert health.norm == pytest.approx((kernel.gradient**2 + table.gradient**2) ** 0.5)
    assert health.epoch == 4
    assert GradientHealth.from_dict(health.as_dict()) == health


def test_gradients_are_given_too_a_table_s_rows_alone():
    _, gradients = GradientMeter(chain(1.0)).measure_with_gradients()
    np.testing.assert_allclose(gradients["kernel"], 4.0)
    assert gradients["embeddings"].size == IDS.size * 3


def test_it_measures_what_the_weights_are_now():
    probe = chain(1.0)
    meter = GradientMeter(probe)
    before = meter.measure().layers[0].gradient
    probe.weights[0].assign(np.zeros((2, 2)))
    assert (before, meter.measure().layers[0].gradient) == (8.0, 0.0)
