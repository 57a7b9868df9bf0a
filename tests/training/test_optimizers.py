import keras
import numpy as np
import pytest

from tfnlp.training import build_optimizer


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd", "rmsprop", "adagrad"])
def test_every_name_takes_a_step_downhill(name):
    variable = keras.Variable([3.0, -2.0], name="kernel")
    optimizer = build_optimizer(name, 0.1)
    optimizer.apply([keras.ops.convert_to_tensor([1.0, -1.0])], [variable])
    assert (np.abs(np.asarray(variable)) < [3.0, 2.0]).all()


def test_clipping_by_the_global_norm():
    variable = keras.Variable([0.0, 0.0], name="kernel")
    optimizer = build_optimizer("sgd", 1.0, clip_norm=1.0)
    optimizer.apply([keras.ops.convert_to_tensor([30.0, 40.0])], [variable])
    # Nesterov's first step is (1 + momentum) times the gradient, here cut to (0.6, 0.8)
    np.testing.assert_allclose(variable, [-0.6 * 1.9, -0.8 * 1.9], rtol=1e-5)


def test_weight_decay_spares_biases():
    kernel, bias = keras.Variable([1.0], name="kernel"), keras.Variable([1.0], name="bias")
    optimizer = build_optimizer("adamw", 0.1, weight_decay=0.5)
    optimizer.apply([keras.ops.zeros(1), keras.ops.zeros(1)], [kernel, bias])
    np.testing.assert_allclose(kernel, [1 - 0.1 * 0.5], rtol=1e-6)
    np.testing.assert_allclose(bias, [1.0])


def test_unknown_name():
    with pytest.raises(ValueError, match="optimizer"):
        build_optimizer("lamb")


def test_sgd_without_momentum_goes_straight_down():
    variable = keras.Variable([1.0], name="kernel")
    optimizer = build_optimizer("sgd", 0.5, clip_norm=0.0, momentum=0.0)
    for _ in range(2):
        optimizer.apply([keras.ops.convert_to_tensor([0.2])], [variable])
    np.testing.assert_allclose(variable, [1 - 2 * 0.5 * 0.2], rtol=1e-6)
