"""What every output layer of a language model is: vectors in, a distribution over the vocabulary out."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

# What padding's logit is lowered by: no probability is left of it in float32, and no sum becomes NaN as with infinity.
NO_MASS = 1e9


class WordSoftmax(keras.layers.Layer):
    """Foretells a token from a vector; the base of the full, the sampled and the adaptive softmax.

    A subclass creates its weights in `build`, and says how likely given tokens are (`negative_log_likelihood`, what
    training follows) and all of them (`log_probabilities`). Id 0 is padding: it has no probability.

    The matrix of a tied layer is the table of the input's vectors, handed to each call: no weight of this layer, so
    that it is trained once. Where the vectors are not as wide as the table, a projection without bias stands between.

    Args:
        vocabulary_size: int, at least 2. Number of token ids, padding among them.
        table_dim: int or None. Width of the tied table's rows; None for a matrix of its own.
        initial_range: float, above 0. The layer's own matrices start uniform within plus and minus this.

    Call arguments:
        vectors: float `[rows, width]`.
        table: float `[vocabulary_size, table_dim]`, if the layer is tied.

    Returns:
        float32 `[rows, vocabulary_size]`, `log_probabilities`.

    Raises:
        ValueError: if a number is out of range; or, when called, if a tied layer gets no table or another one does.

    Reference:
        Inan et al., 2017, https://arxiv.org/abs/1611.01462; Press and Wolf, 2017, https://aclanthology.org/E17-2025
        (tied vectors)
    """

    def __init__(
        self, vocabulary_size: int, table_dim: int | None = None, initial_range: float = 0.1, **kwargs: Any
    ):
        super().__init__(**kwargs)
        if vocabulary_size < 2:
            raise ValueError(
                f"`vocabulary_size` must be at least 2, padding and one token. Received: "
                f"vocabulary_size={vocabulary_size}"
            )
        if table_dim is not None and table_dim < 1:
            raise ValueError(f"`table_dim` must be at least 1. Received: table_dim={table_dim}")
        if not initial_range > 0:
            raise ValueError(f"`initial_range` must be above 0. Received: initial_range={initial_range}")
        self.vocabulary_size = vocabulary_size
        self.table_dim = table_dim
        self.initial_range = initial_range
        self.projection: Any = None

    @property
    def tied(self) -> bool:
        """Whether the table of the input's vectors is the output's matrix."""
        return self.table_dim is not None

    def negative_log_likelihood(
        self, vectors: Any, targets: Any, training: bool = False, table: Any = None
    ) -> Any:
        """Of the tokens that came, in nats.

        Args:
            vectors: float `[rows, width]`.
            targets: int32 `[rows]`, the tokens; what is said of padding means nothing, but is finite, and its
                gradient too.
            training: bool. Whether a cheaper estimate with the same aim may stand in for the exact one.
            table: as in `call`.

        Returns:
            float32 `[rows]`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say its `negative_log_likelihood`")

    def log_probabilities(self, vectors: Any, table: Any = None) -> Any:
        """Of all tokens, in nats: float32 `[rows, vocabulary_size]`, exact and normalised; arguments as in `call`."""
        raise NotImplementedError(f"{type(self).__name__} does not say its `log_probabilities`")

    def call(self, vectors: Any, table: Any = None) -> Any:
        """The same as `log_probabilities`."""
        return self.log_probabilities(vectors, table)

    def own_matrix(self, name: str, rows: int, width: int) -> Any:
        """Creates a weight `[rows, width]`."""
        spread = keras.initializers.RandomUniform(-self.initial_range, self.initial_range)
        return self.add_weight(shape=(rows, width), initializer=spread, name=name)

    def build_projection(self, width: int) -> int:
        """Creates the projection if the vectors, this wide, need one; returns how wide they are behind it."""
        if self.table_dim is not None and self.table_dim != width:
            self.projection = keras.layers.Dense(
                self.table_dim, use_bias=False, dtype=self.dtype_policy, name="projection"
            )
            self.projection.build((None, width))
        return width if self.table_dim is None else self.table_dim

    def projected(self, vectors: Any) -> Any:
        """The vectors as wide as the matrix, in the layer's compute dtype."""
        vectors = ops.cast(vectors, self.compute_dtype)
        return vectors if self.projection is None else self.projection(vectors)

    def matrix_of(self, kernel: Any, table: Any) -> Any:
        """The output's matrix, in the layer's compute dtype: the layer's own kernel, or the table of a tied layer."""
        if (table is None) == self.tied:
            wanted = "needs the table of the input's vectors" if self.tied else "has a matrix of its own"
            raise ValueError(f"this softmax {wanted}. Received: table={table!r}")
        return ops.cast(table if self.tied else kernel, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any, *_: Any) -> tuple[Any, ...]:
        """`[rows, vocabulary_size]`."""
        return (*input_shape[:-1], self.vocabulary_size)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "table_dim": self.table_dim,
            "initial_range": self.initial_range,
        }
