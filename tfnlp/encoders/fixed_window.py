"""Fixed window: each token's neighbours side by side, projected through one hidden layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.encoders.choices import Activation, check_choice
from tfnlp.encoders.encoder import Encoder
from tfnlp.layers.sequence_pooling import SequencePooling


@keras.saving.register_keras_serializable(package="tfnlp")
class FixedWindow(Encoder):
    """Concatenates the vectors of a window around each token and projects them.

    With `window = 5` a token sees two neighbours on either side or, with `causal`, the four before it; beyond the
    text's ends, and under the mask, neighbours are zeros.

    Args:
        vocabulary_size: int. Number of token ids, special tokens included; id 0 is padding.
        embedding_dim: int. Width of a token's vector in one channel.
        window: int, at least 1, odd unless `causal`. Length of the window in tokens.
        hidden_units: int, at least 1. Width of the hidden layer.
        activation: name of the activation, e.g. `"tanh"` or `"relu"`.
        pooling: `"max"`, `"mean"`, `"sum"`, `"first"`, `"last"`, `"k_max"`, `"attention"`, or a list of them,
            concatenated.
        causal: bool. Whether the window ends with the token: what a language model of n-grams reads, `window = n - 1`.
        direct: bool. Whether the window's vectors themselves stand behind the hidden layer's in what comes out, so that
            what reads it is connected with them directly.
        **kwargs: the settings that all encoders share; see `Encoder`.

    Reference:
        Collobert et al., 2011, section 3.2.1, https://arxiv.org/abs/1103.0398; Bengio et al., 2003, section 2
        (`causal`, `direct`), https://www.jmlr.org/papers/v3/bengio03a.html
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 128,
        window: int = 5,
        hidden_units: int = 256,
        activation: Activation = "tanh",
        pooling: str | Sequence[str] = "max",
        causal: bool = False,
        direct: bool = False,
        **kwargs: Any,
    ):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        if window < 1 or (window % 2 == 0 and not causal):
            raise ValueError(f"`window` must be an odd number of tokens, e.g. 5. Received: window={window}")
        if hidden_units < 1:
            raise ValueError(f"`hidden_units` must be at least 1. Received: hidden_units={hidden_units}")
        check_choice("activation", activation, Activation)
        self.window = window
        self.hidden_units = hidden_units
        self.activation = activation
        self.looks_back = causal
        self.direct = direct
        self.projection = keras.layers.Dense(
            hidden_units,
            activation=activation,
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer(),
            dtype=self.dtype_policy,
            name="projection",
        )
        self.pooling = SequencePooling(
            pooling, kernel_regularizer=self.kernel_regularizer(), dtype=self.dtype_policy, name="pooling"
        )

    @property
    def sequence_dim(self) -> int:
        """Width of `"sequence"`."""
        return self.hidden_units + (self.window * self.input_dim if self.direct else 0)

    @property
    def output_dim(self) -> int:
        """Width of `"pooled"`."""
        return self.pooling.output_dim(self.sequence_dim)

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors, the projection and the weights of the pooling."""
        width = self.build_vectors(input_shape)
        self.projection.build((None, None, self.window * width))
        self.pooling.build((None, None, self.sequence_dim))
        self.built = True

    def encode(self, token_ids: Any, vectors: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """Concatenates and projects; see the class."""
        before = self.window - 1 if self.looks_back else self.window // 2
        vectors = ops.where(ops.expand_dims(mask, -1), vectors, ops.zeros_like(vectors))
        padded = ops.pad(vectors, [[0, 0], [before, self.window - 1 - before], [0, 0]])
        sequence = self._read(padded, ops.shape(vectors)[1])
        return sequence, self.pooling(sequence, mask=mask)

    def _read(self, padded: Any, time: Any) -> Any:
        """The vectors of the windows that begin at each of the first `time` places."""
        windows = ops.concatenate([padded[:, i : i + time] for i in range(self.window)], axis=-1)
        hidden = self.projection(windows)
        return ops.concatenate([hidden, windows], axis=-1) if self.direct else hidden

    @property
    def causal(self) -> bool:
        """Whether the window ends with its token, and no token's vector holds n-grams that reach ahead."""
        return self.looks_back and not self.ngrams

    def initial_state(self, batch_size: Any) -> tuple[Any, ...]:
        """See `Encoder`: the vectors of the `window - 1` tokens before, zeros at first."""
        self.require_causal()
        return (ops.zeros((batch_size, self.window - 1, self.input_dim), dtype=self.compute_dtype),)

    def read_on(
        self, token_ids: Any, state: tuple[Any, ...], training: bool = False, vectors: Any = None
    ) -> tuple[Any, tuple[Any, ...]]:
        """See `Encoder`."""
        self.require_causal()
        if vectors is None:
            vectors = self.look_up(token_ids, training)
        together = ops.concatenate([state[0], vectors], axis=1)
        time = ops.shape(vectors)[1]
        return self._read(together, time), (together[:, time:],)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "window": self.window,
            "hidden_units": self.hidden_units,
            "activation": self.activation,
            "pooling": self.pooling.mode,
            "causal": self.looks_back,
            "direct": self.direct,
        }
