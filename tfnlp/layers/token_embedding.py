"""Token ids to vectors: tuned, static, or both side by side, enriched by the n-grams that start at each token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tfnlp.layers.hashed_ngrams import HashedNgrams

CHANNELS = ("tuned", "static", "both")


@keras.saving.register_keras_serializable(package="tfnlp")
class TokenEmbedding(keras.layers.Layer):
    """Looks up a vector for each token id, in one or two channels, and adds those of hashed n-grams if asked.

    With `ngrams = [2]` a token's vector is its own plus that of the bigram which starts at it: a character then
    knows its neighbour, which in Chinese is most of a word. N-gram vectors start at zero. One that `adapt` found
    too rare adds nothing; nor does one that reaches past the text's end.

    The mask is `token_ids != 0`; it is the caller's to pass on. Vectors of padding are not zeroed here: what follows
    reads the mask.

    Args:
        vocabulary_size: int. Number of ids, special tokens included.
        embedding_dim: int. Width of one channel's vectors.
        channels: `"tuned"` (trained), `"static"` (kept as they start), or `"both"`, concatenated, starting equal.
        dropout: float in `[0, 1)`. Share of the units dropped for a whole text at a time (spatial dropout).
        token_dropout: float in `[0, 1)`. Share of the tokens whose whole vector is dropped.
        regularizer: regulariser of the tuned vectors, or None.
        ngrams: list of ints, each at least 2. Lengths of the n-grams whose vectors are added; none by default.
        ngram_buckets: int in `1 … 2_103_310`. Number of vectors that all the n-grams share by hashing.
        idf: bool. Whether each vector is multiplied by its inverse document frequency; see `adapt`.
        initializer: initialiser of the tokens' vectors.

    Call arguments:
        token_ids: int tensor `[batch, time]`, 0 = padding.
        training: bool. Whether the dropouts act.

    Returns:
        float tensor `[batch, time, output_dim]`, `output_dim` being `embedding_dim`, twice that for `"both"`.

    Raises:
        ValueError: if `channels` is unknown, an n-gram is shorter than 2, or `set_vectors` gets another shape.

    Reference:
        Kim, 2014, section 3.1 (CNN-static, CNN-non-static, CNN-multichannel), https://arxiv.org/abs/1408.5882;
        Joulin et al., 2017, section 2.2 (hashed n-grams), https://arxiv.org/abs/1607.01759; Pei et al., 2014,
        section 4 (character bigrams for Chinese), https://aclanthology.org/P14-1028
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        channels: str = "tuned",
        dropout: float = 0.0,
        token_dropout: float = 0.0,
        regularizer: Any = None,
        ngrams: Sequence[int] = (),
        ngram_buckets: int = 65_536,
        idf: bool = False,
        initializer: Any = "uniform",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if any(n < 2 for n in ngrams):
            raise ValueError(
                f"`ngrams` must be lengths of at least 2 tokens. Received: ngrams={list(ngrams)}"
            )
        if channels not in CHANNELS:
            raise ValueError(f"`channels` must be one of {CHANNELS}. Received: channels={channels!r}")
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.channels = channels
        self.dropout = dropout
        self.token_dropout = token_dropout
        self.regularizer = keras.regularizers.get(regularizer)
        self.idf = idf
        self.initializer = keras.initializers.get(initializer)
        self.tables = [
            keras.layers.Embedding(
                vocabulary_size,
                embedding_dim,
                embeddings_initializer=self.initializer,
                embeddings_regularizer=self.regularizer if name == "tuned" else None,
                trainable=name == "tuned",
                dtype=self.dtype_policy,
                name=name,
            )
            for name in (("tuned", "static") if channels == "both" else (channels,))
        ]
        self.ngrams = list(ngrams)
        self.ngram_buckets = ngram_buckets
        self.hashers = [HashedNgrams(n, ngram_buckets, name=f"hash_{n}") for n in self.ngrams]
        self.ngram_table: Any = (
            keras.layers.Embedding(
                ngram_buckets + 1,  # bucket 0 is no n-gram
                self.output_dim,
                embeddings_initializer="zeros",
                embeddings_regularizer=self.regularizer,
                dtype=self.dtype_policy,
                name="ngrams",
            )
            if self.ngrams
            else None
        )
        self.unit_dropout = keras.layers.SpatialDropout1D(
            dropout, dtype=self.dtype_policy, name="unit_dropout"
        )
        self.vector_dropout = keras.layers.Dropout(
            token_dropout, noise_shape=(None, None, 1), dtype=self.dtype_policy, name="vector_dropout"
        )

    @property
    def output_dim(self) -> int:
        """Width of the vectors that come out."""
        return self.embedding_dim * len(self.tables)

    def build(self, input_shape: Any) -> None:
        """Creates the tables; both channels start from the same vectors."""
        for table in self.tables:
            table.build(input_shape)
        if len(self.tables) == 2:
            self.tables[1].embeddings.assign(self.tables[0].embeddings)
        if self.ngram_table is not None:
            self.ngram_table.build(input_shape)
            self.ngram_weights = self._weights_of("ngram_weights", self.ngram_buckets + 1)
        if self.idf:
            self.token_weights = self._weights_of("token_weights", self.vocabulary_size)

    def _weights_of(self, name: str, size: int) -> Any:
        """How much each vector counts: 1 until `adapt` knows better, 0 for padding and for no n-gram."""
        weights = self.add_weight(
            shape=(size,), initializer="ones", trainable=False, name=name, dtype="float32"
        )
        weights.assign(np.arange(size) > 0)
        return weights

    def adapt(self, batches: Iterable[Any], min_count: int = 1) -> None:
        """Learns from the training texts how much each vector counts.

        An n-gram that stands in fewer than `min_count` of the texts counts nothing: it would learn the label of the
        text it stood in. With `idf` the others, and the tokens, count `log((1 + N) / (1 + n)) + 1`, `n` being how
        many of the `N` texts they stand in (Salton and Buckley, 1988); without it, 1.

        Args:
            batches: int `[batch, time]` arrays of the training texts' ids, padded with 0.
            min_count: int, at least 1.
        """
        of_token = np.zeros(self.vocabulary_size, np.int64)
        of_ngram = np.zeros(self.ngram_buckets + 1, np.int64)
        texts = 0
        for token_ids in batches:
            texts += len(token_ids)
            of_token += _texts_with_each(np.asarray(token_ids), len(of_token))
            if self.hashers:
                buckets = [ops.convert_to_numpy(hasher(token_ids)) for hasher in self.hashers]
                of_ngram += _texts_with_each(np.concatenate(buckets, axis=1), len(of_ngram))
        if self.idf:
            self.token_weights.assign(_weights(of_token, texts, 0, idf=True))
        if self.hashers:
            self.ngram_weights.assign(_weights(of_ngram, texts, max(min_count, 1), idf=self.idf))

    def squared_weights(self, token_ids: Any) -> Any:
        """The sum of the squared weights of all vectors added up at each place: float `[batch, time]`.

        Without `idf` that is their number: 1 and the n-grams that start there.
        """
        if self.idf:
            total = ops.square(ops.cast(ops.take(self.token_weights, token_ids), self.compute_dtype))
        else:
            total = ops.ones_like(token_ids, dtype=self.compute_dtype)
        for hasher in self.hashers:
            total = total + ops.square(ops.cast(ops.take(self.ngram_weights, hasher(token_ids)), total.dtype))
        return total

    def set_vectors(self, vectors: np.ndarray) -> None:
        """Starts every channel from these vectors: float `[vocabulary_size, embedding_dim]`, a row an id."""
        expected = (self.vocabulary_size, self.embedding_dim)
        if tuple(vectors.shape) != expected:
            raise ValueError(
                f"`vectors` must have the shape {expected}. Received: shape={tuple(vectors.shape)}"
            )
        for table in self.tables:
            table.embeddings.assign(vectors)

    def call(self, token_ids: Any, training: bool = False) -> Any:
        """Looks up; see the class."""
        vectors = [table(token_ids) for table in self.tables]
        joined = vectors[0] if len(vectors) == 1 else ops.concatenate(vectors, axis=-1)
        if self.idf:
            weights = ops.cast(ops.take(self.token_weights, token_ids), joined.dtype)
            joined = joined * ops.expand_dims(weights, -1)
        for hasher in self.hashers:
            buckets = hasher(token_ids)
            weights = ops.cast(ops.take(self.ngram_weights, buckets), joined.dtype)
            joined = joined + self.ngram_table(buckets) * ops.expand_dims(weights, -1)
        if self.token_dropout:
            joined = self.vector_dropout(joined, training=training)
        if self.dropout:
            joined = self.unit_dropout(joined, training=training)
        return joined

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`[batch, time, output_dim]`."""
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "channels": self.channels,
            "dropout": self.dropout,
            "token_dropout": self.token_dropout,
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "ngrams": self.ngrams,
            "ngram_buckets": self.ngram_buckets,
            "idf": self.idf,
            "initializer": keras.initializers.serialize(self.initializer),
        }


def _texts_with_each(numbers: np.ndarray, size: int) -> np.ndarray:
    """In how many rows of `[batch, time]` each number stands, however often: int64 `[size]`."""
    numbers = np.sort(numbers, axis=1)
    first = np.diff(numbers, axis=1, prepend=-1) != 0
    return np.bincount(numbers[first], minlength=size)


def _weights(texts_with: np.ndarray, texts: int, min_count: int, *, idf: bool) -> np.ndarray:
    weights = np.log((1 + texts) / (1 + texts_with)) + 1 if idf else np.ones(len(texts_with))
    weights[texts_with < min_count] = 0
    weights[0] = 0
    return weights.astype(np.float32)
