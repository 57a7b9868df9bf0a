"""Wide and deep: a TextCNN beside a plain bag of n-grams, which remembers what the network generalises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tfnlp.encoders.encoder import check_rate
from tfnlp.encoders.text_cnn import TextCNN
from tfnlp.layers.masking import masked_sum
from tfnlp.layers.token_embedding import TokenEmbedding


@keras.saving.register_keras_serializable(package="tfnlp")
class WideTextCNN(TextCNN):
    """Joins what a TextCNN finds (the deep branch) with a bag of token n-grams (the wide branch).

    A linear model on n-grams and a convolution err on different texts, so together they are right more often than
    either. Trained side by side, though, the branch that learns faster leaves the other nothing to learn; so in
    training each text may see one branch alone.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of the deep branch's token vectors.
        bag_dim: int, at least 1. Width of the wide branch's vectors. As many as there are classes is enough; far fewer
            cost accuracy.
        bag_ngrams: list of ints, each at least 2. Lengths of the n-grams in the bag; single tokens are always in it.
        bag_buckets: int in `1 … 2_103_310`. Number of vectors that the bag's n-grams share by hashing.
        bag_idf: bool. Whether the bag's vectors are multiplied by their inverse document frequency.
        bag_gain: float, above 0. The bag, the sum over the length of its vector of weights, is multiplied by it:
            the branch then learns about as fast as the deep one.
        branch_dropout: float in `[0, 1]`. Share of the texts that, in training, see one branch alone.
        dropout: float in `[0, 1)`. Dropout on the deep branch's result.
        **kwargs: the settings of `TextCNN`, and those that all encoders share; see `Encoder`.

    Reference:
        Cheng et al., 2016 (wide and deep learning), https://arxiv.org/abs/1606.07792
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 64,
        bag_dim: int = 8,
        bag_ngrams: Sequence[int] = (2, 3),
        bag_buckets: int = 262_144,
        bag_idf: bool = True,
        bag_gain: float = 4.0,
        branch_dropout: float = 0.6,
        dropout: float = 0.5,
        **kwargs: Any,
    ):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        check_rate("dropout", dropout)
        if not 0 <= branch_dropout <= 1:
            raise ValueError(f"`branch_dropout` must be in [0, 1]. Received: branch_dropout={branch_dropout}")
        if bag_dim < 1 or bag_gain <= 0:
            raise ValueError(
                f"`bag_dim` must be at least 1 and `bag_gain` above 0. Received: bag_dim={bag_dim}, bag_gain={bag_gain}"
            )
        self.bag_dim = bag_dim
        self.bag_ngrams = list(bag_ngrams)
        self.bag_buckets = bag_buckets
        self.bag_idf = bag_idf
        self.bag_gain = bag_gain
        self.branch_dropout = branch_dropout
        self.dropout = dropout
        self.bag = TokenEmbedding(
            vocabulary_size,
            bag_dim,
            ngrams=bag_ngrams,
            ngram_buckets=bag_buckets,
            idf=bag_idf,
            initializer="zeros",
            regularizer=self.kernel_regularizer(),
            dtype=self.dtype_policy,
            name="bag",
        )
        self.deep_dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="deep_dropout")
        self.branch_seed = keras.random.SeedGenerator()

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        return super().output_dim + self.bag_dim

    @property
    def needs_counts(self) -> bool:
        """Whether `adapt` has something to learn from the training texts."""
        return self.bag_idf or super().needs_counts or (self.ngram_min_count > 1 and bool(self.bag_ngrams))

    def adapt(self, batches: Iterable[Any]) -> None:
        """Learns from the training texts, for both branches, which n-grams are too rare and how much each counts."""
        batches = [np.asarray(batch) for batch in batches]
        super().adapt(batches)
        self.bag.adapt(batches, self.ngram_min_count)

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights of both branches."""
        self.bag.build((None, None))
        super().build(input_shape)

    def look_up(self, token_ids: Any, training: bool) -> tuple[Any, Any]:
        """The vectors of the deep branch, then those of the bag."""
        return super().look_up(token_ids, training), self.bag(token_ids)

    def join_features(self, vectors: Any, features: Any) -> tuple[Any, Any]:
        """Puts further features behind the deep branch's vectors."""
        deep, bag = vectors
        return super().join_features(deep, features), bag

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Runs both branches; see the class."""
        deep_vectors, bag_vectors = vectors
        sequence, deep = super().encode(token_ids, deep_vectors, mask, training)
        deep = self.deep_dropout(deep, training=training)
        size = masked_sum(ops.expand_dims(self.bag.squared_weights(token_ids), -1), mask)
        wide = self.bag_gain * masked_sum(bag_vectors, mask) / ops.sqrt(ops.maximum(size, 1))
        if training and self.branch_dropout:
            draw = keras.random.uniform((ops.shape(token_ids)[0], 1), seed=self.branch_seed)
            wide = wide * ops.cast(draw > self.branch_dropout / 2, wide.dtype)
            deep = deep * ops.cast(draw < 1 - self.branch_dropout / 2, deep.dtype)
        return sequence, ops.concatenate([deep, wide], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "bag_dim": self.bag_dim,
            "bag_ngrams": self.bag_ngrams,
            "bag_buckets": self.bag_buckets,
            "bag_idf": self.bag_idf,
            "bag_gain": self.bag_gain,
            "branch_dropout": self.branch_dropout,
            "dropout": self.dropout,
        }
