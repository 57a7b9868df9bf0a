"""What the recurrent encoders share: layers that read in order, and one vector of what they read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfnlp.encoders.choices import Activation, check_choice
from tfnlp.encoders.encoder import Encoder, check_rate
from tfnlp.layers.recurrent_stack import RecurrentStack
from tfnlp.layers.sequence_pooling import SequencePooling


class RecurrentReader(Encoder):
    """Ends in recurrent layers and a pooling; a subclass says what these read."""

    def _read_with(self, pooling: str | Sequence[str], **settings: Any) -> None:
        """Makes the recurrent layers, of the settings of `RecurrentStack`, and the pooling."""
        check_rate("dropout", settings["dropout"])
        check_rate("recurrent_dropout", settings["recurrent_dropout"])
        self.stack = RecurrentStack(
            **settings,
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="stack",
        )
        self.pooling = SequencePooling(
            pooling, kernel_regularizer=self.kernel_regularizer(), dtype=self.dtype_policy, name="pooling"
        )

    @property
    def sequence_dim(self) -> int:
        """Width of `"sequence"`."""
        return self.stack.output_dim

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        return self.pooling.output_dim(self.stack.output_dim)

    def _build_reader(self, width: int) -> None:
        self.stack.build((None, None, width))
        self.pooling.build((None, None, self.stack.output_dim))

    def _read(self, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """From vectors `[batch, time, width]` to those after each step and the pooled one."""
        sequence, final = self.stack(vectors, mask=mask, training=training)
        return sequence, self.pooling(sequence, mask=mask, last=final)


class Recurrent(RecurrentReader):
    """Reads the tokens one after the other and carries a state along; a subclass says by which `cell`.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of a token's vector in one channel.
        units: int, at least 1. Width of one direction's state.
        layers: int, at least 1. How many layers stand on each other.
        bidirectional: bool. Whether each layer reads both ways; the backward one starts at the last real token.
        activation: name of the activation of the state.
        dropout: float in `[0, 1)`. Dropout on what each layer reads.
        recurrent_dropout: float in `[0, 1)`. Dropout on the state on its way to the next step.
        weight_drop: float in `[0, 1)`. Share of the recurrent kernels' weights that are dropped, the same ones at all
            steps (Merity et al., 2018, https://arxiv.org/abs/1708.02182). With the activation `"tanh"` only.
        variational: bool. Whether `dropout` drops the same units at all steps of a text (Gal and Ghahramani, 2016,
            https://arxiv.org/abs/1512.05287); `recurrent_dropout` always does.
        layer_norm: bool. Whether each layer's result is normalised.
        residual: bool. Whether, from the second layer on, what a layer read is added to what it gave.
        memory_steps: int. Up to how many tokens back the gates remember when training starts, e.g. the length of the
            texts; 0 for Keras's start, which is two or three. Not for a network without gates.
        pooling: `"max"`, `"mean"`, `"sum"`, `"first"`, `"last"`, `"k_max"`, `"attention"`, or a list of them,
            concatenated. `"last"` is each direction's last vector: the forward one's at the end, the backward one's at
            the start.
        **kwargs: the settings that all encoders share; see `Encoder`.
    """

    cell: str

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 128,
        units: int = 128,
        layers: int = 1,
        bidirectional: bool = False,
        activation: Activation = "tanh",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        variational: bool = False,
        layer_norm: bool = False,
        residual: bool = False,
        memory_steps: int = 0,
        pooling: str | Sequence[str] = "max",
        **kwargs: Any,
    ):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        check_choice("activation", activation, Activation)
        self._own: dict[str, Any] = {
            "units": units,
            "layers": layers,
            "bidirectional": bidirectional,
            "activation": activation,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "weight_drop": weight_drop,
            "variational": variational,
            "layer_norm": layer_norm,
            "residual": residual,
            "memory_steps": memory_steps,
        }
        self.variational = variational
        self._read_with(pooling, cell=self.cell, **self._own)

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors, the kernels and the weights of the pooling."""
        self._build_reader(self.build_vectors(input_shape))
        self.built = True

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Reads; see the class."""
        return self._read(vectors, mask, training)

    @property
    def causal(self) -> bool:
        """Whether it reads one way only, and no token's vector holds n-grams that reach ahead."""
        return not (self._own["bidirectional"] or self.ngrams)

    def initial_state(self, batch_size: Any) -> tuple[Any, ...]:
        """See `Encoder`: of each layer its state, an LSTM's output before its memory; float `[batch, units]`."""
        self.require_causal()
        return self.stack.initial_state(batch_size)

    def read_on(
        self, token_ids: Any, state: tuple[Any, ...], training: bool = False, vectors: Any = None
    ) -> tuple[Any, tuple[Any, ...]]:
        """See `Encoder`."""
        self.require_causal()
        if vectors is None:
            vectors = self.look_up(token_ids, training)
        return self.stack.read_on(vectors, state, training)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), **self._own, "pooling": self.pooling.mode}
