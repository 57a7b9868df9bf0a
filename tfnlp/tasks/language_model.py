"""The language model: a sentence's tokens in, what comes next out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tfnlp.data.pipeline import steps_per_epoch, training_batches
from tfnlp.data.sentence_stream import encode_sentences, segments_per_epoch, sentence_rows, stream_batches
from tfnlp.encoders.encoder import Encoder
from tfnlp.errors import UserError
from tfnlp.evaluation.perplexity import Perplexity, SentenceScores, e_to, perplexity_of
from tfnlp.layers.word_softmax.word_softmax import WordSoftmax
from tfnlp.tasks.carried_state import CarriedState
from tfnlp.tasks.language_model_network import LanguageModelNetwork, State
from tfnlp.tasks.sentence_scoring import COLUMN_TOKENS, SentenceScorer, StreamScorer, column_losses
from tfnlp.tasks.text_generation import TextGeneration
from tfnlp.text.sentence_preprocessor import SentencePreprocessor

logger = logging.getLogger(__name__)


@keras.saving.register_keras_serializable(package="tfnlp")
class LanguageModel(TextGeneration, LanguageModelNetwork):
    """Foretells a text, token by token; scores texts, and writes them.

    Before a sentence's first token stands an end, `</s>`; each token is foretold from all before it, and after the last
    one `</s>`. A model of a stream is trained on the sentences one after the other: the text is cut into `batch_size`
    columns, these into segments of `segment_tokens`, and the state goes on from segment to segment, the gradient does
    not (truncated backpropagation through time). An encoder with a limited context starts each segment anew.
    Otherwise each sentence is read by itself, and the gradient goes through all of it.

    `fit`, `evaluate` and `score` take sentences, a text each. The loss is the negative log-likelihood of a token in
    nats, averaged over tokens: so it adds up over any batches, and perplexity is e to it.

    Args:
        preprocessor: an adapted `SentencePreprocessor`.
        encoder: a causal `Encoder` whose `vocabulary_size` is the preprocessor's.
        softmax: a `WordSoftmax` of the same `vocabulary_size`; tied if its `table_dim` is the encoder's
            `embedding_dim`.
        dropout: float in `[0, 1)`. Dropout on what the encoder gives; the same at all steps if the encoder's is
            `variational`.
        stream: bool. Whether the sentences are trained on, and evaluated, as one stream.
        segment_tokens: int, at least 1. How many tokens of a stream the gradient goes through.

    Call arguments:
        token_ids: int32 `[batch, time]`, each row beginning with `</s>`, padded on the right with 0.
        training: bool. Whether dropout acts.

    Returns:
        float32 `[batch, time, vocabulary_size]`, log-probabilities of the token after each; those of padding mean
        nothing.

    Raises:
        UserError: if the parts do not fit each other, or a number is out of range.

    Reference:
        Mikolov et al., 2010, https://doi.org/10.21437/Interspeech.2010-343; Zaremba et al., 2014,
        https://arxiv.org/abs/1409.2329; Bengio et al., 2003, https://www.jmlr.org/papers/v3/bengio03a.html

    Example:
        ```python
        preprocessor = SentencePreprocessor(SpaceTokenizer())
        preprocessor.adapt(sentences)
        model = LanguageModel(
            preprocessor,
            LSTM(preprocessor.vocabulary_size, embedding_dim=200, units=200, layers=2),
            FullSoftmax(preprocessor.vocabulary_size),
        )
        model.compile(optimizer="adamw")
        model.fit(sentences, batch_size=20, epochs=10)
        model.score(["the cat sat"]).log_probabilities
        ```
    """

    kind = "language_model"  # as a recipe's [task] and an export's `model.json` name it

    # The sentences evaluated after each epoch; Keras hands its own data set to `evaluate`.
    _validation: Sequence[str | bytes] | None = None
    _carried: CarriedState | None = None
    _judge_rows: Any = None
    _judge_columns: Any = None

    def __init__(
        self,
        preprocessor: SentencePreprocessor,
        encoder: Encoder,
        softmax: WordSoftmax,
        dropout: float = 0.0,
        stream: bool = True,
        segment_tokens: int = 35,
        **kwargs: Any,
    ):
        if segment_tokens < 1:
            raise UserError(
                f"`segment_tokens` must be at least 1 token. Received: segment_tokens={segment_tokens}"
            )
        super().__init__(preprocessor, encoder, softmax, dropout, **kwargs)
        limit = self.max_tokens
        if stream and limit is not None and segment_tokens > limit:
            raise UserError(
                f"segments of {segment_tokens} tokens are longer than the {limit} tokens that the model reads at once; "
                "lower `segment_tokens`"
            )
        self.stream = stream
        self.segment_tokens = segment_tokens
        self.perplexity_tracker = PerplexityMetric(name="perplexity")
        self.build((None, None))

    @property
    def carries_state(self) -> bool:
        """Whether the state goes on from one segment of a stream to the next."""
        return self.stream and self.max_tokens is None

    # Training

    def compile(self, optimizer: Any = "adamw", **kwargs: Any) -> None:
        """As Keras's; the loss is the model's own. XLA is off unless asked for: it makes nothing faster here."""
        kwargs.setdefault("jit_compile", False)
        super().compile(optimizer=optimizer, **kwargs)

    def fit(
        self,
        x: Any = None,
        y: None = None,
        *,
        batch_size: int = 20,
        epochs: int = 1,
        initial_epoch: int = 0,
        validation_data: Any = None,
        class_weight: None = None,
        seed: int = 0,
        bucket: bool = True,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on sentences.

        Args:
            x: sentences, a list of `str` or `bytes`.
            y: None: the text is its own target.
            batch_size: int, columns of a stream, or sentences a batch.
            epochs: int, the epoch to stop before.
            initial_epoch: int, the epoch to start with; the batches are those an unbroken run would see.
            validation_data: sentences, or `(sentences, None)`.
            class_weight: a language model has none.
            seed: int, of the order of sentences; a stream has its own order.
            bucket: bool. Whether sentences of like length share a batch, which spares padding.
            **kwargs: as Keras's `fit`.

        Returns:
            Keras's History, with `loss` and `perplexity`, `val_loss` and `val_perplexity`.

        Raises:
            UserError: if there is too little text.
        """
        if y is not None or class_weight is not None:
            raise UserError("a language model takes sentences alone: no labels and no class weights")
        tokens, lengths = encode_sentences(self.preprocessor, x)
        if self.stream:
            batches = stream_batches(
                tokens,
                columns=batch_size,
                segment_tokens=self.segment_tokens,
                epochs=max(epochs - initial_epoch, 0),
            )
            steps = segments_per_epoch(len(tokens), batch_size, self.segment_tokens)
        else:
            read, targets, _ = self._rows(tokens, lengths)
            batches = training_batches(
                read,
                targets,
                batch_size=batch_size,
                seed=seed,
                first_epoch=initial_epoch,
                last_epoch=epochs,
                bucket=bucket,
            )
            steps = steps_per_epoch(int(read.nrows()), batch_size)
        if validation_data is not None:
            self._validation = validation_data[0] if isinstance(validation_data, tuple) else validation_data
            # Keras wants a data set here and hands it to `evaluate`, which reads the sentences themselves.
            validation_data = tf.data.Dataset.from_tensors(0)
        self._carried = CarriedState(self.initial_state(batch_size)) if self.carries_state else None
        self.train_function = None  # one traced before holds another state
        try:
            return super().fit(
                batches,
                epochs=epochs,
                initial_epoch=initial_epoch,
                validation_data=validation_data,
                shuffle=False,  # the batches come shuffled
                steps_per_epoch=steps,
                **kwargs,
            )
        finally:
            self._validation = self._carried = None

    def _rows(self, tokens: np.ndarray, lengths: np.ndarray) -> Any:
        limit = self.max_tokens
        long = int((lengths > limit).sum()) if limit is not None else 0
        if long:
            logger.warning(
                "%s of %s sentences are longer than the %d tokens that the model reads at once; they are read in "
                "pieces, each of which begins without what stands before it",
                f"{long:,}",
                f"{len(lengths):,}",
                limit,
            )
        return sentence_rows(tokens, lengths, limit)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step on a batch of `stream_batches` or `training_batches`."""
        inputs, targets = data
        with tf.GradientTape() as tape:
            vectors = self._training_vectors(inputs)
            losses = self.negative_log_likelihood(vectors, targets, training=True)
            tokens = ops.sum(ops.cast(ops.not_equal(targets, 0), "float32"))
            of_tokens = ops.sum(losses) / tokens
            loss = of_tokens + sum(self.losses)
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        self._loss_tracker.update_state(loss, sample_weight=tokens)
        self.perplexity_tracker.update_state(of_tokens, sample_weight=tokens)
        return self.get_metrics_result()

    def _training_vectors(self, inputs: Any) -> Any:
        if not isinstance(inputs, dict):
            return self.vectors(inputs, training=True)
        if self._carried is None:
            return self.vectors(inputs["token_ids"], training=True)
        state = self._carried.read(inputs["first"])
        vectors, state = self.read_on(inputs["token_ids"], state, training=True)
        self._carried.write(state)
        return vectors

    # Judging

    def evaluate(
        self,
        x: Any = None,
        y: None = None,
        *,
        batch_size: int | None = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Returns the loss, nats a token, and perplexity.

        Args:
            x: sentences. A model of a stream reads them as one, and a long text, to be quick, in columns; `score` with
                `as_stream` reads it in one piece.
            y: None.
            batch_size: int, most columns of a stream, each of 500 tokens at least, or most sentences a batch.
            return_dict: whether to return a dict of names and figures, not a list of figures.
            **kwargs: of Keras's `evaluate`, `callbacks` is heeded.
        """
        texts = self._validation if self._validation is not None else x
        callbacks = kwargs.get("callbacks")
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.on_test_begin()
        tokens, lengths = encode_sentences(self.preprocessor, texts)
        if not len(tokens):
            raise UserError("there is no sentence to evaluate on")
        if self.stream:
            losses = column_losses(self, tokens, max(1, min(batch_size or 20, len(tokens) // COLUMN_TOKENS)))
        else:
            losses = SentenceScorer(self, batch_size or 64).losses(tokens, lengths)
        loss = float(losses.mean())
        figures = {"loss": loss + float(sum(self.losses) or 0), "perplexity": e_to(loss)}
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.on_test_end(figures)
        return figures if return_dict else list(figures.values())

    def score(self, texts: Sequence[str], *, as_stream: bool = False, batch_size: int = 64) -> SentenceScores:
        """Log-probabilities of sentences, exact whatever stands beside them.

        Args:
            texts: a sentence each.
            as_stream: bool. Whether each is foretold from all that stand before it, in one stream, and not from itself
                alone.
            batch_size: int, most sentences read at a time where each is read alone.

        Returns:
            what each one's tokens come to.
        """
        scorer = StreamScorer(self) if as_stream else SentenceScorer(self, batch_size)
        return scorer.score(texts)

    def perplexity(self, texts: Iterable[str], *, as_stream: bool | None = None) -> Perplexity:
        """The report of a text of any length; batches do not change it.

        Args:
            texts: a sentence each.
            as_stream: as for `score`; None for as the model was trained.
        """
        stream = self.stream if as_stream is None else as_stream
        return perplexity_of(StreamScorer(self) if stream else self, texts)

    @property
    def judge_rows(self) -> Any:
        """`(token_ids, targets)`, int32 `[batch, time]`, to the targets' losses, float32 `[batch, time]`; traced."""
        if self._judge_rows is None:
            ids = tf.TensorSpec([None, None], tf.int32)

            def judge(token_ids: Any, targets: Any) -> Any:
                return self.negative_log_likelihood(self.vectors(token_ids), targets)

            self._judge_rows = tf.function(judge, input_signature=[ids, ids], autograph=False)
        return self._judge_rows

    @property
    def judge_columns(self) -> Any:
        """`(token_ids, targets, state)` to the targets' losses and the state after them; traced."""
        if self._judge_columns is None:

            def judge(token_ids: Any, targets: Any, state: State) -> tuple[Any, State]:
                vectors, state = self.read_on(token_ids, state)
                return self.negative_log_likelihood(vectors, targets), state

            self._judge_columns = tf.function(judge, autograph=False, reduce_retracing=True)
        return self._judge_columns

    def forget_traces(self) -> None:
        """Drops what was traced: it would go on in another precision than the layers now have."""
        super().forget_traces()
        self._judge_rows = self._judge_columns = None

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**super().get_config(), "stream": self.stream, "segment_tokens": self.segment_tokens}


@keras.saving.register_keras_serializable(package="tfnlp")
class PerplexityMetric(keras.metrics.Mean):
    """e to the mean of nats a token, weighted by tokens: over two unequal batches it equals that over one."""

    def result(self) -> Any:
        """float32."""
        return ops.exp(super().result())
