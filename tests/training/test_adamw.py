import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.training import adamw
from tfnlp.training.adamw import AdamW

SETTINGS = {"learning_rate": 0.05, "weight_decay": 0.1, "global_clipnorm": 1.0}


@pytest.fixture(autouse=True, params=[1, 1 << 17], ids=["as large weights", "as small weights"])
def size(request, monkeypatch):
    """Each test with the compiled loop and without."""
    monkeypatch.setattr(adamw, "LARGE", request.param)


def steps(optimizer_class, **settings):
    """Weights and averages after five steps on a table that is read in part, a kernel and a bias."""
    generator = np.random.default_rng(0)
    weights = [
        keras.Variable(generator.normal(size=shape).astype("float32"), name=name)
        for name, shape in (("embeddings", (6, 3)), ("kernel", (3, 2)), ("bias", (2,)))
    ]
    optimizer = optimizer_class(**{**SETTINGS, **settings})
    optimizer.exclude_from_weight_decay(var_names=["bias"])

    @tf.function
    def step(rows, inner, outer):
        optimizer.apply([tf.IndexedSlices(rows, [1, 4, 1], (6, 3)), inner, outer], weights)

    for _ in range(5):
        step(*(generator.normal(size=shape).astype("float32") for shape in ((3, 3), (3, 2), (2,))))
    averages = optimizer._model_variables_moving_average if optimizer.use_ema else []
    return [np.asarray(value) for value in (*weights, *averages, *optimizer._velocities)]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"use_ema": True, "ema_momentum": 0.9},
        {"amsgrad": True},
        {"weight_decay": 0.0},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)},
    ],
)
def test_the_numbers_are_those_of_keras(settings):
    for ours, theirs in zip(steps(AdamW, **settings), steps(keras.optimizers.AdamW, **settings), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6)


def test_two_steps_by_hand():
    weight = keras.Variable([1.0, -2.0], name="kernel")
    optimizer = AdamW(0.1, weight_decay=0.5, beta_1=0.5, beta_2=0.75, epsilon=0.0)
    for _ in range(2):
        optimizer.apply([tf.constant([4.0, 2.0])], [weight])
    # A constant gradient makes m = g and v = g² once corrected: each step shrinks by 5 % and goes 0.1 downhill.
    np.testing.assert_allclose(weight, [(0.95 - 0.1) * 0.95 - 0.1, (-1.9 - 0.1) * 0.95 - 0.1], rtol=1e-5)


def test_saved_with_the_model_and_taken_up_again(tmp_path):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(AdamW(0.1, weight_decay=0.01), "mse")
    x, y = np.ones((8, 2), "float32"), np.zeros((8, 1), "float32")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.optimizer, AdamW) and again.optimizer.get_config() == model.optimizer.get_config()
    for each in (model, again):
        each.fit(x, y, verbose=0)
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


def test_half_precision_skips_a_step_that_overflows():
    weight = keras.Variable([1.0], name="kernel")
    optimizer = keras.optimizers.LossScaleOptimizer(AdamW(0.1, weight_decay=0.0))
    optimizer.build([weight])
    optimizer.apply([tf.constant([np.inf])], [weight])
    np.testing.assert_allclose(weight, [1.0])
    optimizer.apply([tf.constant([1e4])], [weight])
    np.testing.assert_allclose(weight, [0.9], rtol=1e-4)
