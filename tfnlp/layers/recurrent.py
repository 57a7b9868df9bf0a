"""Keras's recurrent layers, trained by a faster loop where TensorFlow runs them without cuDNN."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.layers.recurrent_steps import GRUStep, LSTMStep, SimpleStep


class _WrittenOut(keras.layers.RNN):
    """Makes a Keras recurrent layer train through `recurrence`; the answers and the weights stay the same.

    Keras's own loop remains for inference (TFLite converts it), for other backends, for a GPU where cuDNN is
    faster still, and for whatever `recurrence` does not know: masks, other activations, dropout of the inputs.

    Args:
        units: int. Width of the state.
        weight_drop: float in `[0, 1)`. Share of the recurrent kernel's weights that are dropped in training, the same
            ones over all steps of a sequence (Merity et al., 2018, https://arxiv.org/abs/1708.02182). Only this loop
            knows it.
        **kwargs: those of the Keras layer.

    Raises:
        ValueError: if `weight_drop` is asked of a layer, or of a backend, that Keras's loop must train.
    """

    step: Any

    def __init__(self, units: int, weight_drop: float = 0.0, **kwargs: Any):
        super().__init__(units, **kwargs)
        if not 0 <= weight_drop < 1:
            raise ValueError(
                f"`weight_drop` must be at least 0 and less than 1. Received: weight_drop={weight_drop}"
            )
        self.weight_drop = weight_drop
        if weight_drop and not (self._is_standard() and keras.backend.backend() == "tensorflow"):
            raise ValueError(
                '`weight_drop` is for recurrent layers with the activation "tanh", on TensorFlow. Received: '
                f"weight_drop={weight_drop}, activation={keras.activations.serialize(self.cell.activation)!r}"
            )

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """Reads the sequence; see `keras.layers.RNN.inner_loop`."""
        ours = self.weight_drop or _runs_without_cudnn()
        if training is True and mask is None and self._is_standard() and ours:
            return self._trained_loop(sequences, initial_state)
        return super().inner_loop(sequences, initial_state, mask=mask, training=training)

    def _is_standard(self) -> bool:
        cell = self.cell
        gates = getattr(cell, "recurrent_activation", keras.activations.sigmoid)
        return (
            cell.activation is keras.activations.tanh
            and gates is keras.activations.sigmoid
            and cell.use_bias
            and not cell.dropout
            and not self.go_backwards
            and not self.unroll
            and getattr(cell, "reset_after", True)
        )

    def _trained_loop(self, sequences: Any, initial_state: Any) -> tuple[Any, Any, list]:
        from tfnlp.layers.recurrence import recurrence

        cell = self.cell
        kernel, recurrent_kernel, bias = (
            ops.cast(weight, self.compute_dtype) for weight in (cell.kernel, cell.recurrent_kernel, cell.bias)
        )
        first = tuple(initial_state)
        # The GRU has two biases.
        bias, recurrent_bias = (bias[0], bias[1]) if len(bias.shape) == 2 else (bias, None)
        keep = None
        if cell.recurrent_dropout:
            keep = keras.random.dropout(
                ops.ones_like(first[0]), cell.recurrent_dropout, seed=cell.seed_generator
            )
        if self.weight_drop:
            recurrent_kernel = keras.random.dropout(
                recurrent_kernel, self.weight_drop, seed=cell.seed_generator
            )
        projected = ops.matmul(ops.transpose(sequences, (1, 0, 2)), kernel) + bias
        sequence, last = recurrence(self.step, projected, first, recurrent_kernel, recurrent_bias, keep)
        return last[0], ops.transpose(sequence, (1, 0, 2)), list(last)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), "weight_drop": self.weight_drop}


def _runs_without_cudnn() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


@keras.saving.register_keras_serializable(package="tfnlp.layers")
class SimpleRNN(_WrittenOut, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN`, trained faster on a CPU; same arguments, weights and answers."""

    step = SimpleStep()


@keras.saving.register_keras_serializable(package="tfnlp.layers")
class GRU(_WrittenOut, keras.layers.GRU):
    """`keras.layers.GRU`, trained faster on a CPU; same arguments, weights and answers."""

    step = GRUStep()


@keras.saving.register_keras_serializable(package="tfnlp.layers")
class LSTM(_WrittenOut, keras.layers.LSTM):
    """`keras.layers.LSTM`, trained faster on a CPU; same arguments, weights and answers."""

    step = LSTMStep()
