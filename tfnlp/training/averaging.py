"""The moving average of the weights: what is evaluated and kept, while the weights themselves go on learning."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def averaged_weights(model: keras.Model) -> list[np.ndarray]:
    """Returns the model's weights, as `get_weights` orders them, averages in the place of what is averaged."""
    averages = _averages(model)
    return [keras.ops.convert_to_numpy(averages.get(id(weight), weight)) for weight in model.weights]


class EvaluateAverage(keras.callbacks.Callback):
    """Swaps the averages in for each evaluation, and out again after it. Without averages it does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.learning: list[np.ndarray] | None = None

    def on_test_begin(self, logs: Any = None) -> None:
        """Puts the averages in."""
        if _averages(self.model):
            self.learning = self.model.get_weights()
            self.model.set_weights(averaged_weights(self.model))

    def on_test_end(self, logs: Any = None) -> None:
        """Puts the weights that are learning back."""
        if self.learning is not None:
            self.model.set_weights(self.learning)
            self.learning = None


def _averages(model: keras.Model) -> dict[int, Any]:
    """Weight's identity -> the variable that averages it; empty where the optimizer averages nothing."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # under float16's loss scaling
    if not optimizer.use_ema:
        return {}
    # Keras keeps the averages in a list beside the trainable variables and has no public way to them.
    averages = optimizer._model_variables_moving_average
    return {id(weight): average for weight, average in zip(model.trainable_variables, averages)}
