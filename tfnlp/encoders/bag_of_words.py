"""Bag of words: the sum or the mean of the token vectors, n-grams too if asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.encoders.encoder import Encoder
from tfnlp.layers.hashed_ngrams import HashedNgrams
from tfnlp.layers.masking import masked_sum

POOLINGS = ("mean", "sum", "sqrt")


@keras.saving.register_keras_serializable(package="tfnlp")
class BagOfWords(Encoder):
    """Adds up the vectors of a text's tokens and, if asked, of its hashed n-grams, as fastText does.

    Word order counts only inside an n-gram. Padding adds neither a token nor an n-gram.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of the vectors of tokens and of n-grams.
        pooling: `"mean"`, `"sum"`, or `"sqrt"` (the sum over the square root of the number of vectors).
        ngrams: list of ints, each at least 2. Lengths of the n-grams added to the bag; none by default.
        ngram_buckets: int in `1 … 2_103_310`. Into how many buckets each length's n-grams are hashed.
        ngram_dropout: float in `[0, 1)`. Share of the n-grams dropped in training.
        channels: `"tuned"`, `"static"` or `"both"`; see `TokenEmbedding`. N-grams are always tuned.
        embedding_dropout: float in `[0, 1)`. Share of the vector's units dropped for a whole text.
        token_dropout: float in `[0, 1)`. Share of the tokens dropped.
        l2: float, at least 0. L2 penalty on the vectors.

    Reference:
        Joulin et al., 2017, https://arxiv.org/abs/1607.01759; Iyyer et al., 2015 (averaging networks),
        https://aclanthology.org/P15-1162
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 64,
        pooling: str = "mean",
        ngrams: Sequence[int] = (),
        ngram_buckets: int = 200_000,
        ngram_dropout: float = 0.0,
        channels: str = "tuned",
        embedding_dropout: float = 0.0,
        token_dropout: float = 0.0,
        l2: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(
            vocabulary_size,
            embedding_dim,
            channels=channels,
            embedding_dropout=embedding_dropout,
            token_dropout=token_dropout,
            l2=l2,
            **kwargs,
        )
        if pooling not in POOLINGS:
            raise ValueError(f"`pooling` must be one of {POOLINGS}. Received: pooling={pooling!r}")
        self.pooling = pooling
        self.ngrams = list(ngrams)
        self.ngram_buckets = ngram_buckets
        self.ngram_dropout = ngram_dropout
        self.hashers = [HashedNgrams(n, ngram_buckets, name=f"hash_{n}") for n in self.ngrams]
        self.ngram_tables = [
            keras.layers.Embedding(
                ngram_buckets + 1,
                self.embedding.output_dim,
                # Zeros: an n-gram never seen in training, or dropped by its rarity, adds nothing to the bag.
                embeddings_initializer="zeros",
                embeddings_regularizer=self.kernel_regularizer(),
                dtype=self.dtype_policy,
                name=f"ngrams_{n}",
            )
            for n in self.ngrams
        ]
        self.dropout = keras.layers.Dropout(
            ngram_dropout, noise_shape=(None, None, 1), dtype=self.dtype_policy, name="ngram_dropout"
        )

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        return self.embedding.output_dim

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors of tokens and of n-grams."""
        self.embedding.build((None, None))
        for table in self.ngram_tables:
            table.build((None, None))
        self.built = True

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Adds up; see the class."""
        total = masked_sum(vectors, mask)
        count = ops.sum(ops.cast(mask, total.dtype), axis=1, keepdims=True)
        for hasher, table in zip(self.hashers, self.ngram_tables):
            buckets = hasher(token_ids)
            whole = ops.not_equal(buckets, 0)
            total = total + masked_sum(self.dropout(table(buckets), training=training), whole)
            count = count + ops.sum(ops.cast(whole, total.dtype), axis=1, keepdims=True)
        if self.pooling != "sum":
            count = ops.maximum(count, 1)
            total = total / (count if self.pooling == "mean" else ops.sqrt(count))
        return vectors, total

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "pooling": self.pooling,
            "ngrams": self.ngrams,
            "ngram_buckets": self.ngram_buckets,
            "ngram_dropout": self.ngram_dropout,
        }
