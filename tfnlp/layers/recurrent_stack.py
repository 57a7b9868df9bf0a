"""Recurrent layers on top of each other, one-way or two-way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from tfnlp.layers.chrono_bias import ChronoBias
from tfnlp.layers.masking import first_step, last_step, turned_round
from tfnlp.layers.recurrent import GRU, LSTM, SimpleRNN

CELLS: dict[str, type[keras.layers.RNN]] = {"simple_rnn": SimpleRNN, "gru": GRU, "lstm": LSTM}


class RecurrentStack(keras.layers.Layer):
    """Reads right-padded rows with recurrent layers, each of which reads what the one below it gave.

    Backward directions start at the last real token: rows are turned round within their lengths. No loop needs
    a mask, because padding comes last in both directions and so reaches no token.

    Args:
        cell: `"simple_rnn"`, `"gru"` or `"lstm"`. Recurrent kernels start orthogonal, an LSTM's forget gates open.
        units: int, at least 1. Width of one direction's state.
        layers: int, at least 1. How many layers stand on each other.
        bidirectional: bool. Whether each layer reads both ways; the results are concatenated.
        activation: name of the activation of the state, e.g. `"tanh"`.
        dropout: float in `[0, 1)`. Dropout on what each layer reads.
        recurrent_dropout: float in `[0, 1)`. Dropout on the state on its way to the next step.
        weight_drop: float in `[0, 1)`. Share of the recurrent kernels' weights dropped, the same over all steps.
        variational: bool. Whether `dropout` drops the same units at all steps (Gal and Ghahramani, 2016,
            https://arxiv.org/abs/1512.05287).
        layer_norm: bool. Whether each layer's result is normalised (Ba et al., 2016, https://arxiv.org/abs/1607.06450).
        residual: bool. Whether, from the second layer on, what a layer read is added to what it gave.
        memory_steps: int. Up to how many steps gates remember when training starts (`ChronoBias`); 0 for Keras's
            biases, with which they remember two or three.
        kernel_initializer: name of the Keras initializer of the input kernels; each layer makes one of its own.
        kernel_regularizer: makes a new regularizer of the input kernels at each call, or None for none.

    Call arguments:
        inputs: float tensor `[batch, time, any]`.
        mask: bool tensor `[batch, time]`, True = real token.
        training: bool. Whether dropout acts.

    Returns:
        `(sequence, final)`: float `[batch, time, output_dim]`, whose vectors under a False mask mean nothing, and
        float `[batch, output_dim]`: each direction's last vector, zeros in a row without tokens.
    """

    def __init__(
        self,
        cell: str,
        units: int,
        layers: int = 1,
        bidirectional: bool = False,
        activation: str = "tanh",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        variational: bool = False,
        layer_norm: bool = False,
        residual: bool = False,
        memory_steps: int = 0,
        kernel_initializer: str = "glorot_uniform",
        kernel_regularizer: Callable[[], Any] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        if cell not in CELLS:
            raise ValueError(f"`cell` must be one of {list(CELLS)}. Received: cell={cell!r}")
        for name, value in (("units", units), ("layers", layers)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        self.units = units
        self.bidirectional = bidirectional
        self.residual = residual

        def direction(name: str) -> keras.layers.RNN:
            biases: dict[str, Any] = {}
            if memory_steps:
                biases["bias_initializer"] = ChronoBias(cell, memory_steps)
                if cell == "lstm":
                    biases["unit_forget_bias"] = False
            return CELLS[cell](
                units,
                activation=activation,
                recurrent_dropout=recurrent_dropout,
                weight_drop=weight_drop,
                return_sequences=True,
                return_state=True,
                kernel_initializer=kernel_initializer,
                kernel_regularizer=kernel_regularizer() if kernel_regularizer else None,
                dtype=self.dtype_policy,
                name=name,
                **biases,
            )

        ways = ("forward", "backward") if bidirectional else ("forward",)
        self.directions = [[direction(f"{way}_{i}") for way in ways] for i in range(layers)]
        # A layer reads its input through this dropout rather than the cell's own, which would keep it from
        # projecting all inputs at once.
        self.input_dropout = keras.layers.Dropout(
            dropout,
            noise_shape=(None, 1, None) if variational else None,
            dtype=self.dtype_policy,
            name="input_dropout",
        )
        self.norms = [
            keras.layers.LayerNormalization(dtype=self.dtype_policy, name=f"norm_{i}") if layer_norm else None
            for i in range(layers)
        ]

    @property
    def output_dim(self) -> int:
        """Width of a token's vector."""
        return self.units * (2 if self.bidirectional else 1)

    def build(self, input_shape: Any) -> None:
        """Creates the kernels."""
        width = input_shape[-1]
        for ways, norm in zip(self.directions, self.norms):
            for way in ways:
                way.build((None, None, width))
            width = self.output_dim
            if norm is not None:
                norm.build((None, None, width))
        self.built = True

    def call(self, inputs: Any, mask: Any, training: bool = False) -> tuple[Any, Any]:
        """Reads; see the class."""
        # A copy leaves behind the mask that Keras attaches to tensors and would hand to the loops.
        sequence = ops.copy(inputs)
        for depth, ways in enumerate(self.directions):
            below = sequence
            sequence = self._read(ways, self.input_dropout(below, training=training), mask, training)
            sequence = self._finished(sequence, below, depth)
        final = last_step(sequence[..., : self.units], mask)
        if self.bidirectional:
            final = ops.concatenate([final, first_step(sequence[..., self.units :], mask)], axis=-1)
        return sequence, final

    def _read(self, ways: list[keras.layers.RNN], inputs: Any, mask: Any, training: bool) -> Any:
        ahead = ways[0](inputs, training=training)[0]
        if not self.bidirectional:
            return ahead
        behind = turned_round(ways[1](turned_round(inputs, mask), training=training)[0], mask)
        return ops.concatenate([ahead, behind], axis=-1)

    def _finished(self, sequence: Any, below: Any, depth: int) -> Any:
        """What a layer gives of its loop's result and of what it read."""
        norm = self.norms[depth]
        if norm is not None:
            sequence = norm(sequence)
        return sequence + below if self.residual and depth > 0 else sequence

    def initial_state(self, batch_size: Any) -> tuple[Any, ...]:
        """The states of all layers before the first step, the lowest layer's first: zeros `[batch, units]`."""
        return tuple(
            ops.zeros((batch_size, self.units), dtype=self.compute_dtype)
            for ways in self.directions
            for _ in ways[0].state_size
        )

    def read_on(
        self, inputs: Any, states: tuple[Any, ...], training: bool = False
    ) -> tuple[Any, tuple[Any, ...]]:
        """Reads one way from given states.

        Args:
            inputs: float `[batch, time, any]`, without padding.
            states: as `initial_state` gives them, or this.
            training: bool. Whether dropout acts.

        Returns:
            float `[batch, time, units]`, and the states after the last step.

        Raises:
            ValueError: if the stack reads both ways.
        """
        if self.bidirectional:
            raise ValueError("a stack that reads both ways cannot read on from a state")
        sequence, left = ops.copy(inputs), list(states)
        after: list[Any] = []
        for depth, (layer,) in enumerate(self.directions):
            below = sequence
            before = [left.pop(0) for _ in layer.state_size]
            dropped = self.input_dropout(below, training=training)
            if inputs.shape[1] == 1 and not training:
                # One token needs no loop: to write texts is thrice as quick, and an edge file has one subgraph.
                output, now = layer.cell(dropped[:, 0], before)
                sequence = output[:, None]
            else:
                sequence, *now = layer(dropped, initial_state=before, training=training)
            after += now
            sequence = self._finished(sequence, below, depth)
        return sequence, tuple(after)

    def compute_mask(self, inputs: Any, mask: Any = None) -> tuple[None, None]:
        """Neither result carries a mask: it goes beside them."""
        return None, None

    def compute_output_shape(self, input_shape: Any, *_: Any, **__: Any) -> tuple[tuple, tuple]:
        """Shapes of both results."""
        return (*input_shape[:-1], self.output_dim), (input_shape[0], self.output_dim)
