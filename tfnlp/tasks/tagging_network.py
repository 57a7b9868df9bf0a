"""The network of a tagger: ids of words, characters and casing in, scores of the tags out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfnlp.encoders.encoder import Encoder
from tfnlp.encoders.registry import ENCODERS, encoder_class
from tfnlp.errors import UserError
from tfnlp.layers.character_bilstm import CharacterBiLSTM  # noqa: F401  (known to Keras once imported)
from tfnlp.layers.character_cnn import CharacterCNN  # noqa: F401
from tfnlp.layers.conditional_random_field import ConditionalRandomField
from tfnlp.layers.precision import full_precision
from tfnlp.tasks.tag_index import TagIndex
from tfnlp.text.casing import CASINGS
from tfnlp.text.tagging_preprocessor import TaggingPreprocessor

HEADS = ("crf", "softmax")
# A piece this long has all the context that a tag could want, and attention over it still fits in memory.
PIECE_TOKENS = 1024


class TaggingNetwork(keras.Model):
    """What of a `TokenTagger` is plain Keras: from ids to logits, from logits to tags, and the loss between.

    Everything here is traced as it stands by an export; arguments are those of `TokenTagger`.
    """

    def __init__(
        self,
        preprocessor: TaggingPreprocessor,
        encoder: Encoder,
        tags: Sequence[str],
        scheme: str,
        head: str = "crf",
        character_encoder: Any = None,
        casing_dim: int = 0,
        input_dropout: float = 0.0,
        dropout: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if head not in HEADS:
            raise UserError(f"`head` must be one of {HEADS}. Received: head={head!r}")
        _check_parts(preprocessor, encoder, character_encoder, casing_dim)
        self.tag_index = TagIndex(tags, scheme)
        self.tags = list(tags)
        self.scheme = scheme
        self.head = head
        self.casing_dim = casing_dim
        self.input_dropout_rate = input_dropout
        self.dropout_rate = dropout
        self.preprocessor = preprocessor
        self.encoder = encoder
        self.character_encoder = character_encoder
        policy = self.dtype_policy
        self.casing = (
            keras.layers.Embedding(len(CASINGS), casing_dim, dtype=policy, name="casing")
            if casing_dim
            else None
        )
        self.input_dropout = keras.layers.Dropout(input_dropout, dtype=policy, name="input_dropout")
        self.sequence_dropout = keras.layers.Dropout(dropout, dtype=policy, name="sequence_dropout")
        self.classifier = keras.layers.Dense(
            len(self.tags), dtype=full_precision(self.compute_dtype), name="logits"
        )
        self.field = (
            ConditionalRandomField(
                len(self.tags),
                *(None if scheme == "plain" else allowed.tolist() for allowed in self.tag_index.allowed),
                dtype=policy,
                name="field",
            )
            if head == "crf"
            else None
        )
        self.build((None, None))

    @property
    def max_tokens(self) -> int:
        """Length in tokens of the pieces that a training cuts long sentences into."""
        return self.preprocessor.max_tokens

    @property
    def piece_tokens(self) -> int:
        """Tokens that an answer reads at once: a longer text is read in pieces, so that its length costs no memory."""
        longest = self.encoder.max_tokens
        wanted = max(PIECE_TOKENS, self.max_tokens)
        return wanted if longest is None else min(wanted, longest)

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights: nothing waits for a first batch."""
        extra = 0
        if self.character_encoder is not None:
            if not self.character_encoder.built:  # one read from a file, or used before, has its weights
                self.character_encoder.build((None, None, None))
            extra += self.character_encoder.output_dim
        if self.casing is not None:
            self.casing.build((None, None))
            extra += self.casing_dim
        width = self.encoder.embedding.output_dim + extra
        if not self.encoder.built:
            self.encoder.build((None, None, width) if extra else (None, None))
        if self.encoder.input_dim != width:
            raise UserError(
                f"the encoder reads vectors of {self.encoder.input_dim} numbers, here each token has {width}; give an "
                "encoder that no other task has built, and whose `build` begins with `build_vectors`"
            )
        shape = (None, None, self.encoder.sequence_dim)
        self.sequence_dropout.build(shape)
        self.classifier.build(shape)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Computes logits; see the class."""
        parts = inputs if isinstance(inputs, dict) else {"token_ids": inputs}
        return self.logits_of(parts["token_ids"], self.token_vectors(parts, training), training)

    def token_vectors(self, parts: dict[str, Any], training: bool = False) -> Any:
        """What the encoder reads of each token, word, spelling and casing, as `Encoder.look_up` gives it."""
        vectors = self.encoder.look_up(parts["token_ids"], training)
        features = []
        if self.character_encoder is not None:
            features.append(self.character_encoder(parts["char_ids"], training=training))
        if self.casing is not None:
            features.append(self.casing(parts["casing"]))
        if features:
            vectors = self.encoder.join_features(vectors, ops.concatenate(features, axis=-1))
        if self.input_dropout_rate:
            vectors = keras.tree.map_structure(lambda v: self.input_dropout(v, training=training), vectors)
        return vectors

    def logits_of(self, token_ids: Any, vectors: Any, training: bool = False) -> Any:
        """The logits of tokens for which these vectors stand; those that `call` gives for its own."""
        sequence = self.encoder(token_ids, training=training, vectors=vectors)["sequence"]
        return self.classifier(self.sequence_dropout(sequence, training=training))

    def decode(self, logits: Any, mask: Any) -> Any:
        """The best tags: int32 `[batch, time]` from logits `[batch, time, tags]` and a mask `[batch, time]`."""
        if self.field is not None:
            return self.field.viterbi(logits, mask)[0]
        best = ops.top_k(logits, 1)[1][..., 0]  # Keras's own argmax needs an op that TFLite has not
        return ops.cast(best, "int32") * ops.cast(mask, "int32")

    def probabilities(self, logits: Any, mask: Any) -> Any:
        """Each tag's probability at each token: float32 `[batch, time, tags]`, 0 under padding."""
        if self.field is not None:
            return self.field.marginals(logits, mask)
        return ops.softmax(logits, axis=-1) * ops.cast(ops.expand_dims(mask, -1), logits.dtype)

    def decode_with_scores(self, logits: Any, mask: Any) -> tuple[Any, Any]:
        """The best tags, int32 `[batch, time]`, and the probability of each, float32 `[batch, time]`."""
        tags = self.decode(logits, mask)
        chosen = ops.one_hot(tags, len(self.tags), dtype="float32")
        return tags, ops.sum(self.probabilities(logits, mask) * chosen, axis=-1)

    def negative_log_likelihood(self, logits: Any, tags: Any, mask: Any) -> Any:
        """Of each sentence's tags, in nats: float32 `[batch]`; tags int32 `[batch, time]`, any under padding."""
        tags = ops.maximum(tags, 0)
        if self.field is not None:
            return -self.field.log_likelihood(logits, tags, mask)
        of_tokens = keras.losses.sparse_categorical_crossentropy(tags, logits, from_logits=True)
        return ops.sum(of_tokens * ops.cast(mask, of_tokens.dtype), axis=1)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The mean over the batch's sentences, and the penalties on weights."""
        token_ids = x["token_ids"] if isinstance(x, dict) else x
        losses = self.negative_log_likelihood(y_pred, y, ops.not_equal(token_ids, 0))
        if sample_weight is not None:
            losses = losses * ops.cast(sample_weight, losses.dtype)
        return ops.mean(losses) + sum(self.losses)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "preprocessor": serialize(self.preprocessor),
            "encoder": serialize(self.encoder),
            "tags": self.tags,
            "scheme": self.scheme,
            "head": self.head,
            "character_encoder": serialize(self.character_encoder) if self.character_encoder else None,
            "casing_dim": self.casing_dim,
            "input_dropout": self.input_dropout_rate,
            "dropout": self.dropout_rate,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> TaggingNetwork:
        """Builds the tagger anew; weights and vocabularies come from the saved file."""
        for name in ENCODERS:
            encoder_class(name)  # imported, and so known to Keras, whichever it is
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("preprocessor", "encoder", "character_encoder")
            if config[name] is not None
        }
        return cls(**{**config, **parts})


def _check_parts(preprocessor: Any, encoder: Any, character_encoder: Any, casing_dim: int) -> None:
    """Checks that the parts read what the preprocessor gives."""
    if casing_dim and not preprocessor.casing:
        raise UserError("`casing_dim` wants the casing of each token: give the preprocessor `casing=True`")
    if character_encoder is not None and not preprocessor.max_characters:
        raise UserError("a character encoder wants characters: give the preprocessor `max_characters=20`")
    # While a saved file is being loaded the vocabularies come after the config; then there is nothing to check yet.
    if preprocessor.tokenizer.table is None:
        return
    given = [("encoder", encoder.vocabulary_size, "vocabulary_size", preprocessor.vocabulary_size)]
    if character_encoder is not None:
        given.append(
            (
                "character encoder",
                character_encoder.vocabulary_size,
                "character_count",
                preprocessor.character_count,
            )
        )
    for who, knows, name, gives in given:
        if knows != gives:
            raise UserError(
                f"the {who} knows {knows} ids, the preprocessor gives {gives}; build it with "
                f"`vocabulary_size=preprocessor.{name}`, after `preprocessor.adapt`"
            )
