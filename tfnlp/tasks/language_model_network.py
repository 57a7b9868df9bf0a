"""The network of a language model: ids in, what comes next out, whole or token by token."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfnlp.encoders.encoder import Encoder
from tfnlp.encoders.registry import ENCODERS, encoder_class
from tfnlp.errors import UserError
from tfnlp.layers.word_softmax.registry import SOFTMAXES, softmax_class
from tfnlp.layers.word_softmax.word_softmax import WordSoftmax
from tfnlp.text.sentence_preprocessor import SentencePreprocessor

State = tuple[Any, ...]


class LanguageModelNetwork(keras.Model):
    """What of a `LanguageModel` is plain Keras; everything here is traced as it stands by an export.

    Arguments are those of `LanguageModel`.
    """

    def __init__(
        self,
        preprocessor: SentencePreprocessor,
        encoder: Encoder,
        softmax: WordSoftmax,
        dropout: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        _check_parts(preprocessor, encoder, softmax)
        self.preprocessor = preprocessor
        self.encoder = encoder
        self.softmax = softmax
        self.dropout_rate = dropout
        same_at_all_steps = getattr(encoder, "variational", False)
        self.sequence_dropout = keras.layers.Dropout(
            dropout,
            noise_shape=(None, 1, None) if same_at_all_steps else None,
            dtype=self.dtype_policy,
            name="sequence_dropout",
        )

    @property
    def max_tokens(self) -> int | None:
        """How many tokens, the sentence's start among them, it reads at once at most; None for no limit."""
        limits = [n for n in (self.preprocessor.max_tokens, self.encoder.max_tokens) if n is not None]
        return min(limits) if limits else None

    @property
    def table(self) -> Any:
        """The input's vectors, if they are the output's matrix too; else None."""
        return self.encoder.embedding.tables[0].embeddings if self.softmax.tied else None

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights: nothing waits for a first batch."""
        if not self.encoder.built:  # one read from a file, or used before, has its weights
            self.encoder.build((None, None))
        self.sequence_dropout.build((None, None, self.encoder.sequence_dim))
        if not self.softmax.built:
            self.softmax.build((None, self.encoder.sequence_dim))
        self.built = True

    def call(self, token_ids: Any, training: bool = False) -> Any:
        """Foretells; see the class."""
        vectors = self.vectors(token_ids, training)
        shape = ops.shape(token_ids)
        flat = ops.reshape(vectors, (-1, self.encoder.sequence_dim))
        logs = self.softmax.log_probabilities(flat, self.table)
        return ops.reshape(logs, (shape[0], shape[1], self.softmax.vocabulary_size))

    def vectors(self, token_ids: Any, training: bool = False) -> Any:
        """What each token and those before it come to: float `[batch, time, sequence_dim]`, dropout on it."""
        sequence = self.encoder(token_ids, training=training)["sequence"]
        return self.sequence_dropout(sequence, training=training)

    def initial_state(self, batch_size: Any) -> State:
        """What is known before the first token; see `Encoder.initial_state`."""
        return self.encoder.initial_state(batch_size)

    def read_on(self, token_ids: Any, state: State, training: bool = False) -> tuple[Any, State]:
        """Reads tokens that follow those which a state has read.

        Args:
            token_ids: int32 `[batch, time]`; see `Encoder.read_on`.
            state: of `initial_state`, or of this.
            training: bool. Whether dropout acts.

        Returns:
            as `vectors`, and the state after these tokens.
        """
        sequence, state = self.encoder.read_on(token_ids, state, training)
        return self.sequence_dropout(sequence, training=training), state

    def step(self, token_ids: Any, state: State) -> tuple[Any, State]:
        """Reads one token more.

        Args:
            token_ids: int32 `[batch]`.
            state: of `initial_state`, `read_on` or this.

        Returns:
            float32 `[batch, vocabulary_size]`, log-probabilities of the token after it; and the state after it.
        """
        vectors, state = self.read_on(ops.expand_dims(token_ids, 1), state)
        return self.softmax.log_probabilities(vectors[:, 0], self.table), state

    def negative_log_likelihood(self, vectors: Any, targets: Any, training: bool = False) -> Any:
        """Of the tokens that came after each place, in nats.

        Args:
            vectors: float `[batch, time, sequence_dim]`.
            targets: int32 `[batch, time]`, 0 where nothing came.
            training: bool. Whether the softmax may estimate.

        Returns:
            float32 `[batch, time]`, 0 where nothing came.
        """
        losses = self.softmax.negative_log_likelihood(
            ops.reshape(vectors, (-1, self.encoder.sequence_dim)),
            ops.reshape(targets, (-1,)),
            training=training,
            table=self.table,
        )
        losses = ops.reshape(losses, ops.shape(targets))
        return ops.where(ops.not_equal(targets, 0), losses, ops.zeros_like(losses))

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "preprocessor": serialize(self.preprocessor),
            "encoder": serialize(self.encoder),
            "softmax": serialize(self.softmax),
            "dropout": self.dropout_rate,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> LanguageModelNetwork:
        """Builds the model anew; weights and vocabulary come from the saved file."""
        for name in ENCODERS:
            encoder_class(name)  # imported, and so known to Keras, whichever it is
        for name in SOFTMAXES:
            softmax_class(name)
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("preprocessor", "encoder", "softmax")
        }
        return cls(**{**config, **parts})


def _check_parts(preprocessor: SentencePreprocessor, encoder: Encoder, softmax: WordSoftmax) -> None:
    """Checks that the parts fit each other."""
    if not encoder.causal:
        raise UserError(
            f"a language model's encoder must not see what it foretells, and {type(encoder).__name__} as it is set "
            "reads what follows a token; take a one-way SimpleRNN, GRU or LSTM, or `causal=True` where an encoder has "
            "it, and no `ngrams`"
        )
    if softmax.tied:
        width = encoder.embedding.embedding_dim
        if softmax.table_dim != width:
            raise UserError(
                f"the softmax is tied to a table of width {softmax.table_dim}, the encoder's vectors have {width} "
                "numbers; build it with `table_dim=encoder.embedding_dim`"
            )
        if encoder.channels != "tuned":
            raise UserError(
                'a tied softmax learns the input\'s vectors: build the encoder with `channels="tuned"`, or the softmax '
                f"without `table_dim`. Received: channels={encoder.channels!r}"
            )
    # While a saved file is being loaded the vocabulary comes after the config; then there is nothing to check yet.
    known = preprocessor.vocabulary_size if preprocessor.tokenizer.table is not None else None
    for who, size in (("encoder", encoder.vocabulary_size), ("softmax", softmax.vocabulary_size)):
        if size != (known if known is not None else encoder.vocabulary_size):
            raise UserError(
                f"the {who} knows {size} ids, the preprocessor gives {known}; build it with "
                "`vocabulary_size=preprocessor.vocabulary_size`, after `preprocessor.adapt`"
            )
