"""AdamW in as few passes over the weights as there can be."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_FUSED = keras.backend.backend() == "tensorflow"


@keras.saving.register_keras_serializable(package="tfnlp")
class AdamW(keras.optimizers.AdamW):
    """Keras's AdamW, the same numbers, by TensorFlow's fused kernels.

    Keras writes a step as a dozen operations, each of which reads and writes every number of a weight or of its
    moments. For a small network with a large vocabulary that is most of a training step. On other backends, and with
    `amsgrad`, which the kernel does not know, it is Keras's own step.

    Args: those of `keras.optimizers.AdamW`.

    Reference:
        Loshchilov and Hutter, 2019, https://arxiv.org/abs/1711.05101
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Moves one weight and its two moments."""
        if not _FUSED or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        place, dtype = self._get_variable_index(variable), variable.dtype
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

    def _apply_weight_decay(self, variables: Any) -> None:
        if not _FUSED:
            super()._apply_weight_decay(variables)
            return
        for variable in variables:
            if self.weight_decay and self._use_weight_decay(variable):
                rate = ops.cast(self.learning_rate, variable.dtype) * self.weight_decay
                variable.assign_sub(variable * rate)

    def _update_model_variables_moving_average(self, trainable_variables: Any) -> None:
        if not _FUSED:
            super()._update_model_variables_moving_average(trainable_variables)
            return
        import tensorflow as tf

        # The first step sets the average; each next one moves it a little towards the weight.
        share = ops.where(ops.equal(self.iterations, 0), 1.0, 1.0 - self.ema_momentum)
        for variable, average in zip(trainable_variables, self._model_variables_moving_average):
            if average is not None:
                tf.raw_ops.ResourceApplyGradientDescent(
                    var=average.value.handle,
                    alpha=ops.cast(share, average.dtype),
                    delta=tf.convert_to_tensor(average - variable),
                )
