"""Token n-grams as bucket numbers, by arithmetic that any Keras backend and TFLite do alike."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

# A window's ids are digits of one number in a base, modulo the buckets. The base is a product of two small
# factors, applied one after the other, so that every product fits 32 bits whatever the backend.
_FACTORS = (1021, 997)
MAX_BUCKETS = (2**31 - 1) // _FACTORS[0]


@keras.saving.register_keras_serializable(package="tfnlp")
class HashedNgrams(keras.layers.Layer):
    """Numbers each n-gram of token ids with a bucket in `1 … buckets`; 0 where there is none.

    The n-gram that starts at a token is counted only if all its tokens are real, so padding adds none.
    Different n-grams may share a bucket, as in fastText.

    Args:
        n: int, at least 1. Length of the n-grams in tokens.
        buckets: int in `1 … 2_103_310`. How many buckets there are.

    Call arguments:
        token_ids: int32 tensor `[batch, time]`, 0 = padding, padded on the right, ids below 2**24.

    Returns:
        int32 tensor `[batch, time]`: at place `i` the bucket of the n-gram that starts there.

    Raises:
        ValueError: if `n` or `buckets` is out of range.

    Reference:
        Joulin et al., 2017, section 2.2, https://arxiv.org/abs/1607.01759
    """

    def __init__(self, n: int, buckets: int, **kwargs: Any):
        super().__init__(**kwargs)
        if n < 1:
            raise ValueError(f"`n` must be at least 1 token. Received: n={n}")
        if not 1 <= buckets <= MAX_BUCKETS:
            raise ValueError(f"`buckets` must be in 1 … {MAX_BUCKETS}. Received: buckets={buckets}")
        self.n = n
        self.buckets = buckets

    def build(self, input_shape: Any) -> None:
        """Nothing to create: hashing has no weights."""

    def call(self, token_ids: Any) -> Any:
        """Hashes; see the class."""
        token_ids = ops.cast(token_ids, "int32")
        padded = ops.pad(token_ids, [[0, 0], [0, self.n - 1]])
        time = ops.shape(token_ids)[1]
        # n is mixed in first, so that ("a", "b") and ("a", "b", "c") start from different numbers.
        number = ops.full_like(token_ids, self.n)
        for i in range(self.n):
            for factor in _FACTORS:
                number = ops.mod(number * factor, self.buckets)
            number = ops.mod(number + padded[:, i : i + time], self.buckets)
        whole = padded[:, self.n - 1 : self.n - 1 + time] != 0  # right padding: the last token decides
        return ops.where(whole, number + 1, ops.zeros_like(number))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """As the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), "n": self.n, "buckets": self.buckets}
