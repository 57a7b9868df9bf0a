"""One seed for everything, and kernels that give the same sums each time."""

from __future__ import annotations

import keras
import tensorflow as tf


def seed_everything(seed: int) -> None:
    """Seeds Python, numpy and the backend, and asks TensorFlow for kernels whose results repeat bit for bit.

    Call it before the model is built: start weights and dropout are drawn from it. Deterministic kernels
    stay on for the rest of the process.

    Args:
        seed: int, at least 0.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
