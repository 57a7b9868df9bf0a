"""Losses of a classifier, on logits: cross-entropy with label smoothing, and hinge."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.layers.precision import full_precision, widened

LOSSES = ("cross_entropy", "hinge")


@keras.saving.register_keras_serializable(package="tfnlp")
class SmoothedCrossEntropy(keras.losses.Loss):
    """Cross-entropy of class numbers with label smoothing: `-(1 - e) log p[y] - e / C * sum(log p)`, in nats.

    Keras smooths one-hot targets only; this one takes class numbers, so that nothing of the shape
    `[examples, classes]` has to be kept.

    Args:
        label_smoothing: float in `[0, 1)`. The share `e` of the target spread evenly over all `C` classes.

    Call arguments:
        y_true: int tensor `[batch]`, class numbers.
        y_pred: float tensor `[batch, classes]`, logits.

    Reference:
        Szegedy et al., 2016, section 7, https://arxiv.org/abs/1512.00567
    """

    def __init__(self, label_smoothing: float = 0.0, name: str = "cross_entropy", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"`label_smoothing` must be in [0, 1). Received: label_smoothing={label_smoothing}"
            )
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example, float `[batch]`."""
        log_p = ops.log_softmax(widened(y_pred), axis=-1)
        truth = _one_hot(y_true, y_pred)
        picked = ops.sum(truth * log_p, axis=-1)
        return -(1 - self.label_smoothing) * picked - self.label_smoothing * ops.mean(log_p, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable(package="tfnlp")
class MulticlassHinge(keras.losses.Loss):
    """Margin between the true class and the best wrong one: `max(0, 1 + max_{j != y} z[j] - z[y])`.

    Call arguments:
        y_true: int tensor `[batch]`, class numbers.
        y_pred: float tensor `[batch, classes]`, scores of any scale.

    Reference:
        Crammer and Singer, 2001, https://www.jmlr.org/papers/v2/crammer01a.html
    """

    def __init__(self, name: str = "hinge", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example, float `[batch]`."""
        y_pred = widened(y_pred)
        truth = _one_hot(y_true, y_pred)
        right = ops.sum(truth * y_pred, axis=-1)
        wrong = ops.max(ops.where(truth > 0, ops.full_like(y_pred, -1e30), y_pred), axis=-1)
        return ops.relu(1.0 + wrong - right)


@keras.saving.register_keras_serializable(package="tfnlp")
class MultilabelHinge(keras.losses.Loss):
    """Hinge of each label alone, averaged: `mean(max(0, 1 - t z))`, `t` being 1 or -1.

    Call arguments:
        y_true: float tensor `[batch, labels]` of 0 and 1.
        y_pred: float tensor `[batch, labels]`, scores of any scale.
    """

    def __init__(self, name: str = "hinge", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example, float `[batch]`."""
        y_pred = widened(y_pred)
        sign = 2.0 * ops.cast(y_true, y_pred.dtype) - 1.0
        return ops.mean(ops.relu(1.0 - sign * y_pred), axis=-1)


def _one_hot(y_true: Any, y_pred: Any) -> Any:
    # Keras hands class numbers over as [batch] or [batch, 1].
    numbers = ops.reshape(ops.cast(y_true, "int32"), (-1,))
    return ops.one_hot(numbers, y_pred.shape[-1], dtype=full_precision(y_pred.dtype))


def classification_loss(
    kind: str = "cross_entropy", *, multi_label: bool = False, label_smoothing: float = 0.0
) -> keras.losses.Loss:
    """Returns the loss that a recipe names.

    Args:
        kind: `"cross_entropy"` or `"hinge"`.
        multi_label: whether a text bears any number of labels (targets 0/1 a label) or exactly one.
        label_smoothing: float in `[0, 1)`; only cross-entropy has it.

    Raises:
        ValueError: if `kind` is unknown, or smoothing is asked of hinge.
    """
    if kind not in LOSSES:
        raise ValueError(f"`loss` must be one of {LOSSES}. Received: loss={kind!r}")
    if kind == "hinge":
        if label_smoothing:
            raise ValueError(
                '`label_smoothing` belongs to `loss = "cross_entropy"`; hinge has none. Set it to 0.'
            )
        return MultilabelHinge() if multi_label else MulticlassHinge()
    if multi_label:
        return keras.losses.BinaryCrossentropy(
            from_logits=True, label_smoothing=label_smoothing, name="cross_entropy"
        )
    return SmoothedCrossEntropy(label_smoothing)
