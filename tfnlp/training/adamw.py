"""AdamW in as few passes over the weights as there can be."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

_FUSED = keras.backend.backend() == "tensorflow"
LARGE = 1 << 17  # numbers in a weight from which on its step is compiled; below, compiling would not pay


@keras.saving.register_keras_serializable(package="tfnlp")
class AdamW(keras.optimizers.AdamW):
    """Keras's AdamW, the same numbers, in as few passes as there can be.

    Keras writes a step as a dozen operations, each of which reads and writes every number of a weight or of its
    moments. For a small network with a large vocabulary that is most of a training step. Here weights take
    TensorFlow's fused kernel, and on a CPU large ones a loop compiled by XLA (`compiled_step`), decay and average
    included. On other backends, and with `amsgrad`, it is Keras's own step.

    Args: those of `keras.optimizers.AdamW`.

    Reference:
        Loshchilov and Hutter, 2019, https://arxiv.org/abs/1711.05101
    """

    _compiled_step: Any = None
    # Identities of the weights whose step, decay and average are one loop, while a step is traced.
    _large: frozenset[int] = frozenset()

    def _backend_apply_gradients(self, grads: Any, trainable_variables: Any) -> None:
        self._large = frozenset()
        if self._is_fused() and not self.gradient_accumulation_steps:
            self._large = frozenset(id(_variable_of(each)) for each in trainable_variables if _is_large(each))
        super()._backend_apply_gradients(grads, trainable_variables)

    def _clip_gradients(self, grads: Any) -> Any:
        if not (self._is_fused() and self.global_clipnorm and any(map(_has_rows, grads))):
            return super()._clip_gradients(grads)
        import tensorflow as tf

        # Keras's arithmetic, but that the gradient of rows stays one of rows. (As there, a row that was read twice
        # counts in the norm as two.)
        values = [grad.values if _has_rows(grad) else grad for grad in grads]
        norm = ops.sqrt(sum(ops.sum(ops.square(value)) for value in values))
        scale = self.global_clipnorm * ops.minimum(1.0 / norm, 1.0 / self.global_clipnorm) + (norm - norm)
        return [
            tf.IndexedSlices(value * scale, grad.indices, grad.dense_shape)
            if _has_rows(grad)
            else value * scale
            for grad, value in zip(grads, values, strict=True)
        ]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Moves one weight and its two moments."""
        if not self._is_fused():
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        place, dtype = self._get_variable_index(variable), variable.dtype
        if self._is_in_one_loop(variable):
            self._step_in_one_loop(gradient, variable, learning_rate, place)
            return
        step = ops.cast(self.iterations + 1, dtype)
        beta_1, beta_2 = ops.cast(self.beta_1, dtype), ops.cast(self.beta_2, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=ops.power(beta_1, step),
            beta2_power=ops.power(beta_2, step),
            lr=ops.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=ops.cast(self.epsilon, dtype),
            grad=ops.cast(tf.convert_to_tensor(gradient), dtype),
        )

    def _step_in_one_loop(self, gradient: Any, variable: Any, learning_rate: Any, place: int) -> None:
        import tensorflow as tf

        from tfnlp.training.compiled_step import Rates, compiled_step

        state = [variable, self._momentums[place].value, self._velocities[place].value]
        if self.use_ema:
            state.append(self._model_variables_moving_average[place].value)
        step = ops.cast(self.iterations + 1, variable.dtype)
        correction = ops.sqrt(1 - ops.power(self.beta_2, step)) / (1 - ops.power(self.beta_1, step))
        decays = self.weight_decay and self._use_weight_decay(variable)
        rates = Rates(
            learning=learning_rate * correction,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            decay=learning_rate * self.weight_decay if decays else 0.0,
            average=self._average_share() if self.use_ema else 0.0,
        )
        if self._compiled_step is None:
            self._compiled_step = compiled_step()
        self._compiled_step(
            state, tf.convert_to_tensor(gradient), Rates(*(ops.cast(rate, variable.dtype) for rate in rates))
        )

    def _apply_weight_decay(self, variables: Any) -> None:
        if not _FUSED:
            super()._apply_weight_decay(variables)
            return
        for variable in variables:
            if self.weight_decay and self._use_weight_decay(variable) and not self._is_in_one_loop(variable):
                rate = ops.cast(self.learning_rate, variable.dtype) * self.weight_decay
                variable.assign_sub(variable * rate)

    def _update_model_variables_moving_average(self, trainable_variables: Any) -> None:
        if not _FUSED:
            super()._update_model_variables_moving_average(trainable_variables)
            return
        import tensorflow as tf

        share = self._average_share()
        for variable, average in zip(trainable_variables, self._model_variables_moving_average):
            if average is not None and not self._is_in_one_loop(variable):
                tf.raw_ops.ResourceApplyGradientDescent(
                    var=average.value.handle,
                    alpha=ops.cast(share, average.dtype),
                    delta=tf.convert_to_tensor(average - variable),
                )

    def _average_share(self) -> Any:
        """The first step sets the average; each next one moves it a little towards the weight."""
        return ops.where(ops.equal(self.iterations, 0), 1.0, 1.0 - self.ema_momentum)

    def _is_fused(self) -> bool:
        return _FUSED and not self.amsgrad

    def _is_in_one_loop(self, variable: Any) -> bool:
        return id(_variable_of(variable)) in self._large


def _variable_of(variable: Any) -> Any:
    """TensorFlow's variable of a Keras variable, or itself."""
    return variable.value if isinstance(variable, keras.Variable) else variable


def _has_rows(gradient: Any) -> bool:
    """Whether a gradient is that of a few rows."""
    return type(gradient).__name__ == "IndexedSlices"


def _is_large(variable: Any) -> bool:
    import tensorflow as tf

    # A GPU gains nothing from it, and may lack what the compiler needs.
    return math.prod(variable.shape) >= LARGE and not tf.config.list_physical_devices("GPU")
