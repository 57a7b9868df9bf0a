"""The optimizer that a recipe names."""

from __future__ import annotations

from typing import Any

import keras

from tfnlp.training.adamw import AdamW

OPTIMIZERS = ("adamw", "adam", "sgd", "rmsprop", "adagrad")


def build_optimizer(
    name: str = "adamw",
    learning_rate: Any = 1e-3,
    *,
    weight_decay: float = 0.01,
    clip_norm: float = 1.0,
    average_weights: float = 0.0,
    momentum: float = 0.9,
) -> keras.optimizers.Optimizer:
    """Builds a Keras optimizer with clipping and averaging.

    Args:
        name: `"adamw"`, `"adam"`, `"sgd"` (Nesterov momentum, or plain), `"rmsprop"` or `"adagrad"`.
        learning_rate: float, or a Keras schedule.
        weight_decay: float, at least 0; decoupled (Loshchilov and Hutter, 2019), of AdamW alone, not on biases.
        clip_norm: float, greatest global norm of a step's gradient; 0 for no clipping.
        average_weights: float in `[0, 1)`, momentum of a moving average of the weights kept beside them
            (Polyak and Juditsky, 1992); 0 for none.
        momentum: float in `[0, 1)`, of SGD alone (Nesterov's); 0 for plain steps down the gradient.

    Raises:
        ValueError: if the name is unknown.
    """
    common: dict[str, Any] = {"learning_rate": learning_rate, "global_clipnorm": clip_norm or None}
    if average_weights:
        common |= {"use_ema": True, "ema_momentum": average_weights}
    if name == "adamw":
        optimizer = AdamW(weight_decay=weight_decay, **common)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        return optimizer
    if name == "sgd":
        return keras.optimizers.SGD(momentum=momentum, nesterov=momentum > 0, **common)
    classes = {
        "adam": keras.optimizers.Adam,
        "rmsprop": keras.optimizers.RMSprop,
        "adagrad": keras.optimizers.Adagrad,
    }
    if name not in classes:
        raise ValueError(f"`optimizer` must be one of {OPTIMIZERS}. Received: optimizer={name!r}")
    return classes[name](**common)
