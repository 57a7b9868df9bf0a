"""Activations, initialisers and penalties by name: each does what its formula says, in every encoder."""

import math
from typing import get_args

import keras
import numpy as np
import pytest

from tfnlp.encoders.choices import Activation, KernelInitializer
from tfnlp.encoders.registry import ENCODERS, encoder_class

FORMULAS = {
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1)),
    "celu": lambda x: x if x > 0 else math.exp(x) - 1,
    "silu": lambda x: x / (1 + math.exp(-x)),
    "mish": lambda x: x * math.tanh(math.log(1 + math.exp(x))),
    "softplus": lambda x: math.log(1 + math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "relu6": lambda x: min(max(x, 0), 6),
    "hard_sigmoid": lambda x: min(max(x / 6 + 0.5, 0), 1),
    "hard_tanh": lambda x: min(max(x, -1), 1),
    "linear": lambda x: x,
}
INPUTS = [-7.5, -2.0, -0.3, 0.0, 0.4, 1.5, 8.0]


def window_encoder(**settings):
    encoder = encoder_class("fixed_window")(
        len(INPUTS) + 1, embedding_dim=1, window=1, hidden_units=1, **settings
    )
    encoder.build((None, None))
    encoder.embedding.set_vectors(np.array([[0.0], *([x] for x in INPUTS)], "float32"))
    encoder.projection.kernel.assign([[1.0]])
    return encoder


def test_every_activation_has_its_formula_here():
    assert set(FORMULAS) == set(get_args(Activation))


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_is_its_formula(name):
    ids = np.arange(1, len(INPUTS) + 1).reshape(1, -1)
    sequence = np.ravel(window_encoder(activation=name)(ids)["sequence"])
    np.testing.assert_allclose(sequence, [FORMULAS[name](x) for x in INPUTS], rtol=1e-5, atol=1e-6)


def kernels(encoder):
    """The kernels that read the tokens' vectors: not biases, states' kernels, tables or gains."""
    return [weight for weight in encoder.trainable_weights if weight.path.endswith("/kernel")]


WITH_KERNELS = [name for name in ENCODERS if name != "bag_of_words"]


@pytest.mark.parametrize("name", WITH_KERNELS)
def test_kernels_start_as_the_recipe_says(name):
    keras.utils.set_random_seed(1)
    settings = {"filter_sizes": [1, 1]} if "cnn" in name else {}
    encoder = encoder_class(name)(9, embedding_dim=24, kernel_initializer="orthogonal", **settings)
    encoder.build((None, None))
    found = [np.asarray(kernel).reshape(-1, kernel.shape[-1]) for kernel in kernels(encoder)]
    assert found
    for kernel in found:
        short = kernel if kernel.shape[0] <= kernel.shape[1] else kernel.T
        np.testing.assert_allclose(short @ short.T, np.eye(len(short)), atol=1e-5)
    for other in found[1:]:  # an initialiser shared by two layers would start them alike
        assert other.shape != found[0].shape or not np.allclose(other, found[0])


@pytest.mark.parametrize("name", get_args(KernelInitializer))
def test_every_initialiser_starts_a_kernel(name):
    encoder = encoder_class("text_cnn")(9, embedding_dim=4, filters=3, kernel_initializer=name)
    encoder.build((None, None))
    for kernel in kernels(encoder):
        assert np.std(np.asarray(kernel)) > 0.01


@pytest.mark.parametrize("name", ENCODERS)
def test_penalties_are_sums_over_kernels_and_vectors(name):
    def build(**penalties):
        keras.utils.set_random_seed(1)
        encoder = encoder_class(name)(9, embedding_dim=4, **penalties)
        encoder.build((None, None))
        return encoder

    def penalty(**penalties):
        return sum(float(loss) for loss in build(**penalties).losses)

    encoder = build()
    assert not encoder.losses
    tables = [weight for weight in encoder.trainable_weights if weight.path.endswith("/embeddings")]
    numbers = np.concatenate([np.ravel(weight) for weight in (*kernels(encoder), *tables)])
    assert penalty(l1=0.5) == pytest.approx(0.5 * np.abs(numbers).sum(), rel=1e-4)
    assert penalty(l2=0.5) == pytest.approx(0.5 * np.square(numbers).sum(), rel=1e-4)
    assert penalty(l1=0.5, l2=2.0) == pytest.approx(penalty(l1=0.5) + penalty(l2=2.0), rel=1e-4)
