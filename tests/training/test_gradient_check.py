"""The check of gradients: that it passes what is right, however it is cut, and catches what is wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.training.gradient_check import check_gradients
from tfnlp.training.loss_probe import LossProbe


def probe_of(loss, *shapes, dtype="float64"):
    random = np.random.default_rng(0)
    weights = [
        keras.Variable(random.normal(size=shape), dtype=dtype, name=f"w{i}") for i, shape in enumerate(shapes)
    ]
    nothing = np.ones((1, 1), bool)
    return LossProbe(
        weights, nothing.astype(np.int32), nothing, lambda: loss(*(w.value for w in weights)), None, None
    )


def smooth(matrix, vector):
    return tf.reduce_sum(tf.tanh(tf.linalg.matvec(matrix, vector)) ** 2)


@tf.custom_gradient
def wrongly_doubled(x):
    return tf.square(x), lambda upstream: upstream * 4 * x


@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-7), ("float32", 2e-2)])
def test_what_is_right_agrees(dtype, bound):
    check = check_gradients(probe_of(smooth, (3, 4), (4,), dtype=dtype), weights=6)
    assert check.precision == dtype
    assert not check.wrong
    assert max(variable.worst for variable in check.variables) < bound
    assert [len(variable.weights) for variable in check.variables] == [6, 4]
    assert {weight.index for weight in check.variables[1].weights} == {(0,), (1,), (2,), (3,)}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_wrong_derivative_is_caught_where_it_is(dtype):
    check = check_gradients(
        probe_of(
            lambda a, b: tf.reduce_sum(tf.square(a)) + tf.reduce_sum(wrongly_doubled(b)),
            (3,),
            (3,),
            dtype=dtype,
        )
    )
    assert [variable.name for variable in check.wrong] == ["w1"]
    assert check.wrong[0].worst == pytest.approx(0.5, rel=0.05)
    assert not check.as_dict()["agree"]


def test_a_variable_that_the_loss_forgets_is_told():
    check = check_gradients(probe_of(lambda a, b: tf.reduce_sum(a), (2,), (2,)))
    assert [variable.connected for variable in check.variables] == [True, False]
    assert not check.wrong


def test_a_gradient_that_is_lost_on_its_way_is_caught():
    check = check_gradients(
        probe_of(lambda a, b: tf.reduce_sum(tf.stop_gradient(a) * b), (2,), (2,)), weights=2
    )
    assert [variable.name for variable in check.wrong] == ["w0"]


def test_zeros_at_a_kink_are_no_mistake():
    # As biases start: at 0 a ReLU has two slopes, and neither is the mean of both.
    probe = probe_of(lambda a: tf.reduce_sum(tf.nn.relu(a) + tf.reduce_max(a)), (40,))
    probe.weights[0].assign(np.zeros(40))
    assert not check_gradients(probe, weights=40).wrong


def test_a_scalar_and_an_empty_variable():
    check = check_gradients(probe_of(lambda a, b: tf.square(a) + tf.reduce_sum(b), (), (0, 3)))
    assert [len(variable.weights) for variable in check.variables] == [1, 0]
    assert not check.wrong


def test_what_was_moved_for_the_check_is_put_back():
    probe = probe_of(smooth, (3, 4), (4,))
    start = [np.asarray(weight) for weight in probe.weights]
    check_gradients(probe, seed=3)
    noise = np.random.default_rng(3)  # that which all weights keep
    for weight, before in zip(probe.weights, start):
        np.testing.assert_allclose(weight, before + noise.normal(0, 0.1, before.shape), atol=1e-12)
