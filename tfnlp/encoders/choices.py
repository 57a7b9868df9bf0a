"""The names that settings of several encoders take, as Keras spells them; nothing here imports Keras.

A recipe is held against these names before TensorFlow is loaded (see `tfnlp.signatures`).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from tfnlp.errors import did_you_mean

# Those of Keras's activations that act on each number alone and convert to TFLite's built-in ops.
Activation = Literal[
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "sigmoid",
    "tanh",
    "selu",
    "celu",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "relu6",
    "hard_sigmoid",
    "hard_tanh",
    "linear",
]
# Those of Keras's initialisers that a kernel can start from: not zeros or ones, from which all units learn alike.
KernelInitializer = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "random_uniform",
    "random_normal",
    "truncated_normal",
    "variance_scaling",
]


def check_choice(setting: str, value: Any, choices: Any) -> None:
    """Raises ValueError, with the nearest spelling, unless a setting's value is one of a `Literal`'s names."""
    names = get_args(choices)
    if value not in names:
        raise ValueError(
            f"`{setting}` must be one of {', '.join(names)}.{did_you_mean(str(value), names)} "
            f"Received: {setting}={value!r}"
        )
