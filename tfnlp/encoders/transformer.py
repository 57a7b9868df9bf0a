"""The Transformer: every token reads every other, or every one before it, layer upon layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.encoders.choices import Activation, check_choice
from tfnlp.encoders.encoder import Encoder, check_rate
from tfnlp.layers.positional_encoding import LearnedPositions, SinusoidalPositions
from tfnlp.layers.sequence_pooling import SequencePooling
from tfnlp.layers.transformer_block import TransformerBlock, layer_normalization

POSITIONS = ("sinusoidal", "learned", "none")


@keras.saving.register_keras_serializable(package="tfnlp")
class Transformer(Encoder):
    """Adds to each token's vector where it stands, then lets all tokens read each other `layers` times.

    Padding is never read. With sinusoidal positions the token vectors are multiplied by the square root of
    `embedding_dim`, as in the paper, which gives them a variance of 1 at the start: neither drowns the other. Learned
    positions start as small as the vectors. Who takes the positions away to see what they are worth sets
    `scale_vectors`, or the vectors shrink too.

    Vectors that a task made wider by further features are projected to `embedding_dim` first.

    Pooled by `"first"`, a learnt vector for the whole text stands in front of the tokens, as BERT's `[CLS]` does. It
    has no position, reads all tokens and is read by them; so even a text without tokens has it. It is not in
    `"sequence"`.

    A `causal` one is the decoder of a language model: a token reads itself and what stands before it, at most
    `max_positions` tokens in all. It can `read_on`: each layer's keys and values of the last `max_positions` tokens are
    kept, so that a token costs the same wherever it stands. Past `max_positions` tokens the oldest are forgotten, and
    that is why a task with positions is not to go there: see `max_tokens`. Learned positions end there: one token more
    is an error, and in a graph, which does not know the number, it takes the last position's vector.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int, a multiple of `heads`. Width of a token's vector in one channel, which is the model's.
        heads: int, at least 1. Number of attention heads in each layer.
        feed_forward_dim: int, at least 1. Width of the feed-forward networks' middle, usually 4 times the model's.
        layers: int, at least 1. How many layers stand on each other.
        positions: `"sinusoidal"`, `"learned"` or `"none"`: a token knows its place by fixed waves, by learnt vectors,
            or not at all.
        max_positions: int, at least 1. How many positions `"learned"` learns; texts must be cut to as many tokens.
            Where `causal`, also how many tokens a token reads at most, itself included.
        scale_vectors: bool. Whether the token vectors are multiplied by the square root of `embedding_dim`; by default
            where positions are sinusoidal.
        normalize: where layer normalisation stands: `"before"` attention and feed-forward (and once at the end),
            `"after"` them as in the paper, which wants a warm-up of the learning rate, or `"none"`.
        residual: bool. Whether each of the two adds to what it read.
        activation: name of the feed-forward networks' activation, e.g. `"relu"` or `"gelu"`.
        dropout: float in `[0, 1)`. Dropout on the first layer's input and on what each part of a layer puts out.
        attention_dropout: float in `[0, 1)`. Dropout on the attention weights.
        pooling: `"first"`, `"attention"`, `"max"`, `"mean"`, `"sum"`, `"last"`, `"k_max"`, or a list of them,
            concatenated; not `"first"` where `causal`.
        causal: bool. Whether a token reads only itself and what stands before it, as a language model must.
        **kwargs: the settings that all encoders share; see `Encoder`.

    Reference:
        Vaswani et al., 2017, https://arxiv.org/abs/1706.03762; Devlin et al., 2019 (BERT: learned positions, GELU, the
        first vector), https://arxiv.org/abs/1810.04805; Radford et al., 2018 (GPT: causal),
        https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 128,
        heads: int = 4,
        feed_forward_dim: int = 512,
        layers: int = 2,
        positions: str = "sinusoidal",
        max_positions: int = 512,
        scale_vectors: bool | None = None,
        normalize: str = "before",
        residual: bool = True,
        activation: Activation = "relu",
        dropout: float = 0.1,
        attention_dropout: float = 0.1,
        pooling: str | Sequence[str] = "mean",
        causal: bool = False,
        **kwargs: Any,
    ):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        width = self.embedding.output_dim
        for name, value in (("heads", heads), ("layers", layers), ("max_positions", max_positions)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        if width % heads:
            raise ValueError(
                f"`embedding_dim` must be a multiple of `heads`. Received: embedding_dim={embedding_dim}, heads={heads}"
            )
        if positions not in POSITIONS:
            raise ValueError(f"`positions` must be one of {POSITIONS}. Received: positions={positions!r}")
        check_rate("dropout", dropout)
        check_rate("attention_dropout", attention_dropout)
        check_choice("activation", activation, Activation)
        self.heads = heads
        self.feed_forward_dim = feed_forward_dim
        self.depth = layers
        self.positions = positions
        self.max_positions = max_positions
        self.scale_vectors = positions == "sinusoidal" if scale_vectors is None else scale_vectors
        self.normalize = normalize
        self.residual = residual
        self.activation = activation
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.projection: Any = None  # of wider vectors
        self.position_layer = self._position_layer()
        self.input_dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="input_dropout")
        self.blocks = [
            TransformerBlock(
                heads,
                feed_forward_dim,
                normalize=normalize,
                residual=residual,
                activation=activation,
                dropout=dropout,
                attention_dropout=attention_dropout,
                kernel_initializer=self.kernel_initializer,
                kernel_regularizer=self.kernel_regularizer(),
                dtype=self.dtype_policy,
                name=f"block_{i}",
            )
            for i in range(layers)
        ]
        # What a layer adds to is never normalised where each normalises only what it reads; the last sum is, here.
        self.last_norm = (
            layer_normalization(self.dtype_policy, "last_norm") if normalize == "before" else None
        )
        self.pooling = SequencePooling(
            pooling, kernel_regularizer=self.kernel_regularizer(), dtype=self.dtype_policy, name="pooling"
        )
        self._causal = causal
        if causal and self.has_text_vector:
            raise ValueError(
                '`pooling = "first"` puts a vector in front that reads all tokens and is read by them, so with '
                '`causal` they would know the future; pool by "last", "mean", "max" or "attention". '
                f"Received: pooling={pooling!r}"
            )
        if causal and self.ngrams:
            raise ValueError(
                "`ngrams` add to a token's vector those of the tokens after it, which `causal` hides; leave them out. "
                f"Received: ngrams={self.ngrams}"
            )

    @property
    def embedding_range(self) -> float:  # type: ignore[override]
        """The tokens' vectors start uniform within plus and minus this: with a variance of `1 / embedding_dim`."""
        return (3 / self.embedding_dim) ** 0.5

    def _position_layer(self) -> Any:
        if self.positions == "sinusoidal":
            return SinusoidalPositions(dtype=self.dtype_policy, name="positions")
        if self.positions == "learned":
            return LearnedPositions(
                self.max_positions,
                initializer=keras.initializers.RandomUniform(-self.embedding_range, self.embedding_range),
                dtype=self.dtype_policy,
                name="positions",
            )
        return None

    @property
    def max_tokens(self) -> int | None:
        """Length in tokens of the longest text that it reads, or None where there is no limit."""
        # A waves' decoder could read on for ever, but has learnt from no place so far behind.
        limited = self.positions == "learned" or (self.causal and self.positions != "none")
        return self.max_positions if limited else None

    @property
    def causal(self) -> bool:
        """Whether a token reads only itself and what stands before it; then the encoder can `read_on`."""
        return self._causal

    @property
    def has_text_vector(self) -> bool:
        """Whether a learnt vector for the whole text stands in front of the tokens."""
        return "first" in self.pooling.mode

    @property
    def sequence_dim(self) -> int:
        """Width of `"sequence"`."""
        return self.embedding.output_dim

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        return self.pooling.output_dim(self.embedding.output_dim)

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors, the layers' weights and those of the pooling."""
        shape = (None, None, self.embedding.output_dim)
        wide = self.build_vectors(input_shape)
        if wide != self.embedding.output_dim:
            self.projection = keras.layers.Dense(
                self.embedding.output_dim,
                kernel_initializer=self.kernel_initializer,
                kernel_regularizer=self.kernel_regularizer(),
                dtype=self.dtype_policy,
                name="projection",
            )
            self.projection.build((None, None, wide))
        if self.position_layer is not None:
            self.position_layer.build(shape)
        if self.has_text_vector:
            self.text_vector = self.add_weight(
                shape=(1, 1, shape[-1]),
                initializer=keras.initializers.RandomUniform(-self.embedding_range, self.embedding_range),
                name="text_vector",
            )
        for block in self.blocks:
            block.build(shape)
        if self.last_norm is not None:
            self.last_norm.build(shape)
        self.pooling.build(shape)
        self.built = True

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Reads and pools; see the class."""
        if self.projection is not None:
            vectors = self.projection(vectors)
        sequence, readable = self._placed(vectors, mask, training)
        for block in self.blocks:
            sequence = block(sequence, mask=readable, training=training, **self._sight)
        if self.last_norm is not None:
            sequence = self.last_norm(sequence)
        if not self.has_text_vector:
            return sequence, self.pooling(sequence, mask=mask)
        tokens = sequence[:, 1:]
        return tokens, self.pooling(tokens, mask=mask, first=sequence[:, 0])

    @property
    def _sight(self) -> dict[str, Any]:
        """What a token may read, as the blocks are told."""
        return {"causal": True, "window": self.max_positions} if self.causal else {}

    def initial_state(self, batch_size: Any) -> tuple[Any, ...]:
        """What a causal encoder knows before the first token.

        Args:
            batch_size: int, or an int32 tensor without dimensions.

        Returns:
            keys and values of each layer, float `[batch, layers, heads, max_positions, embedding_dim / heads]` each,
            the newest last, and how many tokens were read, int32 `[batch]`.

        Raises:
            ValueError: if the encoder is not causal.
        """
        self.require_causal()
        width = self.embedding.output_dim // self.heads
        shape = (batch_size, self.depth, self.heads, self.max_positions, width)
        keys, values = (ops.zeros(shape, dtype=self.compute_dtype) for _ in range(2))
        return keys, values, ops.zeros((batch_size,), dtype="int32")

    def read_on(
        self, token_ids: Any, state: tuple[Any, ...], training: bool = False, vectors: Any = None
    ) -> tuple[Any, tuple[Any, ...]]:
        """Reads tokens that follow others; see `Encoder.read_on` and the class.

        Raises:
            ValueError: if the encoder is not causal, or learned positions are too few (not in a graph).
        """
        self.require_causal()
        keys, values, tokens = state
        if vectors is None:
            vectors = self.look_up(token_ids, training)
        if self.projection is not None:
            vectors = self.projection(vectors)
        sequence, _ = self._placed(vectors, None, training, start=tokens)
        kept = []
        for i, block in enumerate(self.blocks):
            sequence, past = block.read_on(sequence, (keys[:, i], values[:, i]), tokens, training=training)
            kept.append(past)
        if self.last_norm is not None:
            sequence = self.last_norm(sequence)
        keys, values = (ops.stack(parts, axis=1) for parts in zip(*kept))
        return sequence, (keys, values, tokens + ops.shape(token_ids)[1])

    def attention_weights(self, token_ids: Any) -> Any:
        """What every token reads, in every head of every layer.

        Args:
            token_ids: int tensor `[batch, time]`, padded on the right with 0.

        Returns:
            float32 tensor `[batch, layers, heads, time, time]`: at `[b, l, h, i, j]` how much token `i` reads of token
            `j`; over `j` they sum to 1. Weights of padding are 0 as `j` and mean nothing as `i`. Where
            `has_text_vector`, both times are one longer: the text's vector comes first.
        """
        mask = ops.not_equal(token_ids, 0)
        sequence, readable = self._placed(self.embedding(token_ids), mask, training=False)
        weights = []
        for block in self.blocks:
            sequence, of_block = block(sequence, mask=readable, return_weights=True, **self._sight)
            weights.append(of_block)
        return ops.stack(weights, axis=1)

    def position_table(self, time: int) -> Any:
        """What is added to the tokens' vectors for where they stand.

        Args:
            time: int, at least 1. How many positions, from the text's start; of learned ones at most `max_positions`.

        Returns:
            float32 tensor `[time, embedding_dim]`; None where `positions` is `"none"`.

        Raises:
            ValueError: if fewer positions are learnt.
        """
        if self.position_layer is None:
            return None
        return ops.cast(self.position_layer.table(time, self.embedding.output_dim), "float32")

    def _placed(self, vectors: Any, mask: Any, training: bool, start: Any = None) -> tuple[Any, Any]:
        """What the first layer reads, and its mask: the vectors with their positions, the text's in front.

        `start` says at which position each row begins, int32 `[batch]`; None for the text's start.
        """
        if self.scale_vectors:
            vectors = vectors * self.embedding_dim**0.5
        if self.position_layer is not None:
            vectors = self.position_layer(vectors, start=start)
        if self.has_text_vector:
            rows = ops.shape(vectors)[0]
            front = ops.broadcast_to(ops.cast(self.text_vector, vectors.dtype), (rows, 1, vectors.shape[-1]))
            vectors = ops.concatenate([front, vectors], axis=1)
            mask = ops.pad(mask, [[0, 0], [1, 0]], constant_values=True)
        return self.input_dropout(vectors, training=training), mask

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "heads": self.heads,
            "feed_forward_dim": self.feed_forward_dim,
            "layers": self.depth,
            "positions": self.positions,
            "max_positions": self.max_positions,
            "scale_vectors": self.scale_vectors,
            "normalize": self.normalize,
            "residual": self.residual,
            "activation": self.activation,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "pooling": self.pooling.mode,
            "causal": self.causal,
        }
