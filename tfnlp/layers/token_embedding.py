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
    knows its neighbour, which in Chinese is most of a word. N-gram vectors start at zero. One that `count_ngrams`
    found too rare adds nothing; nor does one that reaches past the text's end.

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
        self.tables = [
            keras.layers.Embedding(
                vocabulary_size,
                embedding_dim,
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
            self.kept = self.add_weight(
                shape=(self.ngram_buckets + 1,),
                initializer="ones",
                trainable=False,
                name="kept",
                dtype="uint8",
            )
            self.kept.assign(np.arange(self.ngram_buckets + 1) > 0)

    def count_ngrams(self, batches: Iterable[Any], min_count: int) -> None:
        """Leaves out the n-grams that stand in fewer than `min_count` of the given texts.

        A rare n-gram learns the label of the text it stood in and nothing else.

        Args:
            batches: int `[batch, time]` arrays of the training texts' ids, padded with 0.
            min_count: int, at least 1.
        """
        texts = np.zeros(self.ngram_buckets + 1, np.int64)
        for token_ids in batches:
            buckets = np.concatenate(
                [ops.convert_to_numpy(hasher(token_ids)) for hasher in self.hashers], axis=1
            )
            buckets = np.sort(buckets, axis=1)
            first = np.diff(buckets, axis=1, prepend=-1) != 0  # a bucket counts once a text
            texts += np.bincount(buckets[first], minlength=len(texts))
        texts[0] = 0
        self.kept.assign(texts >= max(min_count, 1))

    def vectors_per_token(self, token_ids: Any) -> Any:
        """How many vectors were added up at each place: float `[batch, time]`, 1 and the n-grams that start there."""
        count = ops.ones_like(token_ids, dtype=self.compute_dtype)
        for hasher in self.hashers:
            count = count + ops.cast(ops.take(self.kept, hasher(token_ids)), count.dtype)
        return count

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
        for hasher in self.hashers:
            buckets = hasher(token_ids)
            kept = ops.cast(ops.take(self.kept, buckets), joined.dtype)
            joined = joined + self.ngram_table(buckets) * ops.expand_dims(kept, -1)
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
        }
