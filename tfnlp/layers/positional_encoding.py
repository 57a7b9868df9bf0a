"""Vectors that say where in the text a token stands."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


class _Positions(keras.layers.Layer):
    """Adds to the token vectors those of their positions; a subclass says which these are."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True

    def table(self, time: Any, width: int) -> Any:
        """The vectors of the positions `0 … time - 1`: float `[time, width]`."""
        raise AttributeError(f"{type(self).__name__} does not say its `table`")

    def vectors_at(self, places: Any, width: int) -> Any:
        """The vectors of any positions: int32 `[batch, time]` to float `[batch, time, width]`."""
        raise AttributeError(f"{type(self).__name__} does not say its `vectors_at`")

    def call(self, inputs: Any, start: Any = None) -> Any:
        """Adds; see the class."""
        time, width = ops.shape(inputs)[1], inputs.shape[-1]
        if start is None:
            return inputs + self.table(time, width)
        places = ops.expand_dims(start, 1) + ops.arange(time, dtype="int32")
        return inputs + self.vectors_at(places, width)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """As the inputs."""
        return input_shape


@keras.saving.register_keras_serializable(package="tfnlp")
class SinusoidalPositions(_Positions):
    """Adds waves of geometrically growing length to the token vectors; nothing is learnt, no length is too long.

    At position `p`, of `width` units, unit `2i` is `sin(p / 10000^(2i / width))` and unit `2i + 1` the cosine of the
    same. A token's position counts from 0 at the text's start, so padding on the right changes nothing.

    Call arguments:
        inputs: float tensor `[batch, time, width]`.
        start: int32 tensor `[batch]`, the position of each row's first token; None where all stand at the text's start.

    Returns:
        a tensor like `inputs`.

    Reference:
        Vaswani et al., 2017, section 3.5, https://arxiv.org/abs/1706.03762
    """

    def build(self, input_shape: Any) -> None:
        """Nothing to create: the waves follow from the width."""

    def table(self, time: Any, width: int) -> Any:
        """The waves at the positions `0 … time - 1`: float `[time, width]`, each in `[-1, 1]`."""
        return self.vectors_at(ops.arange(time, dtype="int32"), width)

    def vectors_at(self, places: Any, width: int) -> Any:
        """The waves at any positions: int32 `[...]` to float `[..., width]`, each in `[-1, 1]`."""
        units = np.arange(width)
        rates = (10_000.0 ** (-(units - units % 2) / width)).astype("float32")
        # In float32 whatever the policy: bfloat16 cannot tell position 257 from 256.
        angles = ops.expand_dims(ops.cast(places, "float32"), -1) * rates
        waves = ops.where(units % 2 == 0, ops.sin(angles), ops.cos(angles))
        return ops.cast(waves, self.compute_dtype)


@keras.saving.register_keras_serializable(package="tfnlp")
class LearnedPositions(_Positions):
    """Adds a learnt vector for each position to the token vectors.

    Args:
        max_positions: int, at least 1. Number of positions; a longer text is an error.
        initializer: initialiser of the vectors.

    Call arguments:
        inputs: float tensor `[batch, time, width]`, `time` at most `max_positions`.
        start: int32 tensor `[batch]`, the position of each row's first token; None where all stand at the text's start.

    Returns:
        a tensor like `inputs`.

    Raises:
        ValueError: if `max_positions` is less than 1, or a text is known to be longer. In a graph of unknown length
            the addition of unequal shapes fails instead; with `start`, which a graph does not know either, all tokens
            past the last position share its vector there.

    Reference:
        Gehring et al., 2017, section 3.1, https://arxiv.org/abs/1705.03122; Devlin et al., 2019 (BERT),
        https://arxiv.org/abs/1810.04805
    """

    def __init__(self, max_positions: int, initializer: Any = "uniform", **kwargs: Any):
        super().__init__(**kwargs)
        if max_positions < 1:
            raise ValueError(f"`max_positions` must be at least 1. Received: max_positions={max_positions}")
        self.max_positions = max_positions
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape: Any) -> None:
        """Creates the vectors."""
        self.positions = self.add_weight(
            shape=(self.max_positions, input_shape[-1]), initializer=self.initializer, name="positions"
        )

    def table(self, time: Any, width: int) -> Any:
        """The learnt vectors of the positions `0 … time - 1`: float `[time, width]`."""
        if isinstance(time, int):
            self._check(time)
        # A slice, not a look-up: beyond the table a look-up gives zeros on a GPU, a slice comes out too short.
        return self.positions[:time]

    def vectors_at(self, places: Any, width: int) -> Any:
        """The learnt vectors at any positions: int32 `[batch, time]` to float `[batch, time, width]`."""
        if hasattr(places, "numpy"):  # not in a graph
            self._check(int(ops.max(places)) + 1)
        return ops.take(self.positions, ops.minimum(places, self.max_positions - 1), axis=0)

    def _check(self, tokens: int) -> None:
        if tokens > self.max_positions:
            raise ValueError(
                f"a text of {tokens} tokens is longer than `max_positions`={self.max_positions}; cut texts to "
                "that many, or learn more positions"
            )

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "max_positions": self.max_positions,
            "initializer": keras.initializers.serialize(self.initializer),
        }
