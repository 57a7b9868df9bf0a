"""What every encoder is: token ids in, vectors out, with an exact mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.encoders.choices import KernelInitializer, check_choice
from tfnlp.layers.token_embedding import TokenEmbedding


class Encoder(keras.Model):
    """Turns padded token ids into vectors; the base of every network in this room.

    A subclass builds its layers in `__init__`, creates their weights in `build`, and says in `encode` how
    token vectors become the two outputs. `build` begins with `build_vectors`, which says how wide the vectors are that
    `encode` will be given: a task may join further features to them, see `join_features`. Its layers take
    `kernel_initializer=self.kernel_initializer` and `kernel_regularizer=self.kernel_regularizer()`. Each argument of a
    subclass's `__init__` is a key of a recipe's `[encoder]` section, read from its source: annotate it, give it a
    default, and describe it under `Args:`.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of a token's vector in one channel.
        channels: `"tuned"`, `"static"` or `"both"`; see `TokenEmbedding`.
        embedding_dropout: float in `[0, 1)`. Share of the vector's units dropped for a whole text.
        token_dropout: float in `[0, 1)`. Share of the tokens dropped.
        l1: float, at least 0. L1 penalty on the tuned vectors and the kernels, which drives weights to zero.
        l2: float, at least 0. L2 penalty on the tuned vectors and the kernels.
        kernel_initializer: name of the Keras initialiser that the kernels start from, e.g. `"he_normal"` (He et al.,
            2015, for ReLU and its kin) or `"orthogonal"`; the tokens' vectors have their own.
        ngrams: list of ints, each at least 2. To each token's vector those of the hashed n-grams of these lengths that
            start at it are added; none by default.
        ngram_buckets: int in `1 … 2_103_310`. Number of vectors that all the n-grams share by hashing.
        ngram_min_count: int, at least 1. N-grams that stand in fewer of the training texts add nothing; see `adapt`.
        idf: bool. Whether each token's and each n-gram's vector is multiplied by its inverse document frequency.

    Call arguments:
        token_ids: int32 tensor `[batch, time]`, padded on the right with 0.
        training: bool. Whether dropout acts.
        vectors: what `look_up` gives for the ids, or anything of its shape to be read in its stead; None to look up.

    Returns:
        a dict: `"sequence"` float `[batch, time, sequence_dim]`, `"pooled"` float `[batch, output_dim]`,
        `"mask"` bool `[batch, time]`, True = real token. Vectors under a False mask mean nothing.
    """

    # The tokens' vectors start uniform within plus and minus this.
    embedding_range = 0.05

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        channels: str = "tuned",
        embedding_dropout: float = 0.0,
        token_dropout: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        kernel_initializer: KernelInitializer = "glorot_uniform",
        ngrams: Sequence[int] = (),
        ngram_buckets: int = 65_536,
        ngram_min_count: int = 1,
        idf: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for name, value in (("vocabulary_size", vocabulary_size), ("embedding_dim", embedding_dim)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        check_rate("embedding_dropout", embedding_dropout)
        check_rate("token_dropout", token_dropout)
        for name, penalty in (("l1", l1), ("l2", l2)):
            if penalty < 0:
                raise ValueError(f"`{name}` must be at least 0. Received: {name}={penalty}")
        check_choice("kernel_initializer", kernel_initializer, KernelInitializer)
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.channels = channels
        self.embedding_dropout = embedding_dropout
        self.token_dropout = token_dropout
        if ngram_min_count < 1:
            raise ValueError(
                f"`ngram_min_count` must be at least 1. Received: ngram_min_count={ngram_min_count}"
            )
        self.l1 = l1
        self.l2 = l2
        # A name, so that each layer makes an initialiser of its own: one shared by two would start them alike.
        self.kernel_initializer = kernel_initializer
        self.ngrams = list(ngrams)
        self.ngram_buckets = ngram_buckets
        self.ngram_min_count = ngram_min_count
        self.idf = idf
        self._input_dim: int | None = None
        self.embedding = TokenEmbedding(
            vocabulary_size,
            embedding_dim,
            channels=channels,
            dropout=embedding_dropout,
            token_dropout=token_dropout,
            regularizer=self.kernel_regularizer(),
            ngrams=ngrams,
            ngram_buckets=ngram_buckets,
            idf=idf,
            initializer=keras.initializers.RandomUniform(-self.embedding_range, self.embedding_range),
            dtype=self.dtype_policy,
            name="embedding",
        )

    def kernel_regularizer(self) -> keras.regularizers.Regularizer | None:
        """The penalty that `l1` and `l2` ask for; None where they ask for none."""
        if self.l1:
            return keras.regularizers.L1L2(self.l1, self.l2)
        return keras.regularizers.L2(self.l2) if self.l2 else None

    @property
    def needs_counts(self) -> bool:
        """Whether `adapt` has something to learn from the training texts."""
        return self.idf or (self.ngram_min_count > 1 and bool(self.ngrams))

    def adapt(self, batches: Iterable[Any]) -> None:
        """Learns from the training texts which n-grams are too rare, and how much each counts. Call it before training.

        Args:
            batches: int `[batch, time]` arrays of token ids, padded with 0.
        """
        if self.needs_counts:
            self.embedding.adapt(batches, self.ngram_min_count)

    def build_vectors(self, input_shape: Any) -> int:
        """Creates the tokens' own vectors; returns the width of those that `encode` will be given.

        Args:
            input_shape: `(batch, time)` of token ids, and that width is the tokens' own; or `(batch, time, width)` of
                vectors handed to `call` that `join_features` made wider.
        """
        self.embedding.build((None, None))
        if input_shape is not None and len(input_shape) == 3:
            self._input_dim = int(input_shape[-1])
        return self.input_dim

    @property
    def input_dim(self) -> int:
        """Width of the vectors that `encode` is given."""
        return self.embedding.output_dim if self._input_dim is None else self._input_dim

    @property
    def sequence_dim(self) -> int:
        """Width of `"sequence"`."""
        raise AttributeError(f"{type(self).__name__} does not say its `sequence_dim`")

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        raise AttributeError(f"{type(self).__name__} does not say its `output_dim`")

    @property
    def max_tokens(self) -> int | None:
        """Length in tokens of the longest text that it reads, or None where there is no limit."""
        return None

    @property
    def causal(self) -> bool:
        """Whether no token's vector in `"sequence"` knows of a token after it; then the encoder can `read_on`."""
        return False

    def initial_state(self, batch_size: Any) -> tuple[Any, ...]:
        """What a causal encoder knows before the first token: tensors whose first axis is the batch.

        Raises:
            ValueError: if the encoder is not causal.
        """
        raise ValueError(self._not_causal)

    def read_on(
        self, token_ids: Any, state: tuple[Any, ...], training: bool = False, vectors: Any = None
    ) -> tuple[Any, tuple[Any, ...]]:
        """Reads tokens that follow others: a whole text at once, or piece by piece, gives the same vectors.

        Args:
            token_ids: int32 `[batch, time]`. Where rows are padded on the right, vectors and state from a row's first
                padding on mean nothing.
            state: of `initial_state`, or what reading the tokens before these left.
            training: bool. Whether dropout acts.
            vectors: what `look_up` gives for the ids; None to look up.

        Returns:
            float `[batch, time, sequence_dim]`, and the state after these tokens: as many tensors, of the same shapes.

        Raises:
            ValueError: if the encoder is not causal.
        """
        raise ValueError(self._not_causal)

    def require_causal(self) -> None:
        """Raises ValueError, which names the cure, unless the encoder is `causal`."""
        if not self.causal:
            raise ValueError(self._not_causal)

    @property
    def _not_causal(self) -> str:
        return (
            f"{type(self).__name__} as it is set reads both sides of a token, so it cannot read on from a state; take "
            "a one-way SimpleRNN, GRU or LSTM, or `causal=True` where an encoder has it, and no `ngrams`"
        )

    def look_up(self, token_ids: Any, training: bool) -> Any:
        """All vectors that stand for the tokens: float `[batch, time, dim]`, or a tuple of such where a network has
        several tables.

        `encode` is given what this returns and takes the tokens' meaning from nowhere else. So an answer can be
        followed back to the tokens (see `tfnlp.evaluation.attribution`).
        """
        return self.embedding(token_ids, training=training)

    def join_features(self, vectors: Any, features: Any) -> Any:
        """Puts further features of each token, float `[batch, time, any]`, behind what `look_up` gave for it."""
        return ops.concatenate([vectors, ops.cast(features, vectors.dtype)], axis=-1)

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Makes `(sequence, pooled)` of ids `[batch, time]`, vectors as `look_up` gives them, and the mask."""
        raise AttributeError(f"{type(self).__name__} does not say how to `encode`")

    def call(self, token_ids: Any, training: bool = False, vectors: Any = None) -> dict[str, Any]:
        """Encodes; see the class."""
        mask = ops.not_equal(token_ids, 0)
        if vectors is None:
            vectors = self.look_up(token_ids, training)
        sequence, pooled = self.encode(token_ids, vectors, mask, training)
        return {"sequence": sequence, "pooled": pooled, "mask": mask}

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "channels": self.channels,
            "embedding_dropout": self.embedding_dropout,
            "token_dropout": self.token_dropout,
            "l1": self.l1,
            "l2": self.l2,
            "kernel_initializer": self.kernel_initializer,
            "ngrams": self.ngrams,
            "ngram_buckets": self.ngram_buckets,
            "ngram_min_count": self.ngram_min_count,
            "idf": self.idf,
        }


def check_rate(name: str, value: float) -> None:
    """Raises ValueError unless a dropout rate lies in `[0, 1)`."""
    if not 0 <= value < 1:
        raise ValueError(f"`{name}` must be at least 0 and less than 1. Received: {name}={value}")
