"""The tagger: texts or ready tokens in, a tag for every token and the spans they make out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tfnlp.data.pipeline import steps_per_epoch, training_batches
from tfnlp.data.tagging.encoding import Features, batches_by_size, cut_rows, cut_texts, encode_tokens
from tfnlp.data.tagging.tagged_rows import TaggedRows, joined_row, rows_of, tagged_rows
from tfnlp.errors import UserError
from tfnlp.tasks.tag_figures import quick_scores
from tfnlp.tasks.tagging_network import TaggingNetwork
from tfnlp.text.tagged_text import TaggerAnswers, TagNumbers, are_texts

logger = logging.getLogger(__name__)


@keras.saving.register_keras_serializable(package="tfnlp")
class TokenTagger(TaggerAnswers, TaggingNetwork):
    """Tags every token of a text: segmentation, names, parts of speech.

    Each token's word vector, the vector of its spelling and that of its casing stand side by side; the encoder reads
    their sequence, and a linear layer scores the tags. With `"crf"` whole sequences of tags are scored, and no
    sequence against the scheme is ever given; with `"softmax"` each token decides for itself.

    `fit`, `evaluate` and `predict` take texts or sentences of ready tokens; the network itself (`call`) takes ids and
    returns logits. The loss, with either head, is the negative log-likelihood of a sentence's tags in nats, averaged
    over the sentences: so it adds up over any batches.

    Args:
        preprocessor: an adapted `TaggingPreprocessor`.
        encoder: an `Encoder` whose `vocabulary_size` is the preprocessor's.
        tags: the tags' names, as `tfnlp.data.tagging.tag_inventory` lists them; tag `i` is `tags[i]`.
        scheme: what the tags mean, one of `tfnlp.data.tagging.SCHEMES`.
        head: `"crf"` or `"softmax"`.
        character_encoder: a `CharacterCNN` or `CharacterBiLSTM` of the preprocessor's characters, or None.
        casing_dim: int, at least 0. Width of the vector of a token's casing; 0 for none.
        input_dropout: float in `[0, 1)`. Dropout on what the encoder reads.
        dropout: float in `[0, 1)`. Dropout on what the encoder gives.

    Call arguments:
        inputs: int32 `[batch, time]` token ids padded on the right with 0, or a dict of `"token_ids"`, `"char_ids"`
            `[batch, time, characters]` and `"casing"` `[batch, time]`, as the preprocessor gives them; others in it are
            left alone.
        training: bool. Whether dropout acts.

    Returns:
        float32 tensor `[batch, time, tags]`, logits; those of padding mean nothing.

    Raises:
        UserError: if the parts do not fit each other, or `head` is unknown.

    Reference:
        Lample et al., 2016, https://aclanthology.org/N16-1030; Ma and Hovy, 2016, https://aclanthology.org/P16-1101;
        Collobert et al., 2011, section 4.1 (casing), https://arxiv.org/abs/1103.0398

    Example:
        ```python
        corpus = read_tagged("train.conll")
        preprocessor = TaggingPreprocessor(WordTokenizer(), max_characters=20)
        preprocessor.adapt(sentence.tokens for sentence in corpus.sentences)
        tagger = TokenTagger(
            preprocessor,
            BiLSTM(preprocessor.vocabulary_size),
            tag_inventory(corpus),
            corpus.scheme,
            character_encoder=CharacterCNN(preprocessor.character_count),
        )
        tagger.compile(optimizer="adamw")
        tagger.fit(corpus, epochs=10)
        tagger.predict_spans(["Ada Lovelace lived in London."])
        ```
    """

    kind = "token_tagger"  # as a recipe's [task] and an export's `model.json` name it

    # Of the sentences evaluated after each epoch; Keras hands its own data set to `evaluate`, which lacks the names of
    # tags that training never saw.
    _validation: TaggedRows | None = None
    _steps: dict[str, Any] | None = None

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        batch_size: int = 32,
        epochs: int = 1,
        initial_epoch: int = 0,
        sample_weight: Any = None,
        validation_data: Any = None,
        class_weight: None = None,
        seed: int = 0,
        bucket: bool = True,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on tagged sentences.

        Args:
            x: a `TaggedCorpus`, a list of `TaggedSentence`, or a list of sentences of tokens.
            y: the tags of each sentence where `x` holds tokens alone.
            batch_size: int, sentences a batch.
            epochs: int, the epoch to stop before.
            initial_epoch: int, the epoch to start with; the batches are those an unbroken run would see.
            sample_weight: float `[sentences]` or None.
            validation_data: as `x`, or `(x, y)`.
            class_weight: a tagger has none.
            seed: int, of the order of the sentences.
            bucket: bool. Whether sentences of like length share a batch, which spares padding.
            **kwargs: as Keras's `fit`.

        Returns:
            Keras's History, with `val_accuracy` of the tokens and, unless the scheme is `plain`, `val_f1` of the spans.

        Raises:
            UserError: for a tag that is none of the tagger's, and for tags against the scheme, by the sentence.
        """
        if class_weight is not None:
            raise UserError('a tagger has no class weights; set [task] class_weights = "none"')
        rows = tagged_rows(x, y)
        features, tags, source = self._training_data(rows)
        batches = training_batches(
            features,
            tags,
            None if sample_weight is None else np.asarray(sample_weight)[source],
            batch_size=batch_size,
            seed=seed,
            first_epoch=initial_epoch,
            last_epoch=epochs,
            bucket=bucket,
        )
        if validation_data is not None:
            pair = validation_data if isinstance(validation_data, tuple) else (validation_data, None)
            self._validation = tagged_rows(*pair)
            # Keras wants a data set here and hands it to `evaluate`, which reads the sentences themselves.
            validation_data = tf.data.Dataset.from_tensors(0)
        try:
            return super().fit(
                batches,
                epochs=epochs,
                initial_epoch=initial_epoch,
                validation_data=validation_data,
                shuffle=False,  # the batches come shuffled
                steps_per_epoch=steps_per_epoch(len(source), batch_size),
                **kwargs,
            )
        finally:
            self._validation = None

    def _training_data(self, rows: TaggedRows) -> tuple[Features, tf.RaggedTensor, np.ndarray]:
        """Features and tag numbers of the sentences, in pieces of `max_tokens`, and of which sentence each is."""
        for tags in rows.tags:
            self.tag_index.require(set(tags))
        long = int((rows.lengths > self.max_tokens).sum())
        if long:
            logger.warning(
                "%s of %s training sentences are longer than %d tokens and are trained on in pieces; [preprocessor] "
                "max_tokens says how long these are",
                f"{long:,}",
                f"{len(rows):,}",
                self.max_tokens,
            )
        rows, source = rows.cut(self.max_tokens, self.scheme)
        numbers, lengths = self.tag_index.encode(rows.tags), rows.lengths
        if self.field is not None:
            illegal = self.tag_index.illegal(numbers, lengths)
            if len(illegal):
                first = illegal[0]
                raise UserError(
                    f"{len(illegal):,} training sentences have tags against the scheme {self.scheme}, the first is "
                    f"sentence {source[first] + 1}: {' '.join(rows.tags[first])[:200]}; name the right scheme, mend "
                    'the tags, or take head = "softmax"'
                )
        with tf.device("CPU:0"):
            targets = tf.RaggedTensor.from_row_lengths(numbers, lengths)
        return encode_tokens(self.preprocessor, rows.tokens), targets, source

    # Answering

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        *,
        batch_size: int | None = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Returns loss, token accuracy and, unless the scheme is `plain`, span F1.

        A tag that is none of the tagger's counts as missed; a sentence with one, or with tags against the scheme, has
        no likelihood and is left out of the loss. So is one longer than the encoder reads at once.

        Args:
            x: as `fit` takes it.
            y: as `fit` takes it.
            batch_size: int, most sentences a batch.
            return_dict: whether to return a dict of names and figures, not a list of figures.
            **kwargs: of Keras's `evaluate`, `callbacks` is heeded.
        """
        rows = self._validation if self._validation is not None else tagged_rows(x, y)
        callbacks = kwargs.get("callbacks")
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.on_test_begin()
        figures = self._figures(rows, batch_size or 256)  # Keras hands over None
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.on_test_end(figures)
        return figures if return_dict else list(figures.values())

    def _figures(self, rows: TaggedRows, batch_size: int) -> dict[str, float]:
        numbers, lengths = self.tag_index.encode(rows.tags), rows.lengths
        without = np.union1d(
            np.repeat(np.arange(len(rows)), lengths)[numbers < 0],
            self.tag_index.illegal(numbers, lengths) if self.field is not None else [],
        ).astype(np.int64)
        with tf.device("CPU:0"):
            gold = tf.RaggedTensor.from_row_lengths(numbers, lengths)
        features = encode_tokens(self.preprocessor, rows.tokens)
        losses = np.zeros(len(rows))
        found = np.zeros(len(numbers), np.int32)
        starts = np.cumsum(lengths) - lengths
        longest = self.piece_tokens
        if (lengths > longest).any():  # these are answered in pieces
            without = np.union1d(without, np.flatnonzero(lengths > longest))
            found = self._tags_of(features, batch_size, scores=False)[0]
        readable = np.flatnonzero(lengths <= longest)
        for batch_rows in batches_by_size(lengths[readable], batch_size):
            chosen = readable[batch_rows]
            batch = self._batch({**features, "tags": gold}, chosen)
            losses[chosen], tags = (part.numpy() for part in self._step("judge")(batch))
            real = np.arange(tags.shape[1]) < lengths[chosen][:, None]
            places = (starts[chosen][:, None] + np.arange(tags.shape[1]))[real]
            found[places] = tags[real]
        counted = np.delete(losses, without)
        loss = float(counted.mean() + float(sum(self.losses) or 0)) if len(counted) else 0.0
        return {"loss": loss, **quick_scores(rows.tags, self._named(found, lengths), self.scheme)}

    def predict(self, x: Any, *, batch_size: int = 256, **kwargs: Any) -> list[list[str]]:
        """Tags texts or sentences.

        Args:
            x: texts (`str` or `bytes`), or sentences as `fit` takes them; however long they are, no token is lost: what
                is longer than `piece_tokens` is read in pieces.
            batch_size: int, most sentences a batch.
            **kwargs: as Keras's; nothing in it is heeded.

        Returns:
            a list of tags for each, one a token, in the order given.
        """
        features, lengths, _ = self._read(x)
        return self._named(self._tags_of(features, batch_size, scores=False)[0], lengths)

    def tag_rows(self, x: Any, *, batch_size: int = 256) -> list[TagNumbers]:
        """Tags texts or sentences by number; `tag` and `predict_spans` make words of it.

        Args:
            x: as `predict` takes it.
            batch_size: int, most sentences a batch.
        """
        features, lengths, places = self._read(x)
        numbers, scores = self._tags_of(features, batch_size, scores=True)
        ends = np.cumsum(lengths)
        return [
            TagNumbers(
                text,
                numbers[end - length : end],
                scores[end - length : end],
                np.asarray(starts),
                np.asarray(stops),
            )
            for (text, starts, stops), length, end in zip(places, lengths, ends)
        ]

    def forget_traces(self) -> None:
        """Traces anew at the next answer, for something was changed that a trace holds."""
        self._steps = None

    def tag_numbers(
        self, texts: Sequence[str | bytes], *, batch_size: int = 256
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """As every copy's, without making an object of each text."""
        if not len(texts):
            nothing = np.zeros(0, np.int64)
            return nothing.astype(np.int32), nothing, nothing, nothing
        features, lengths, starts, ends = cut_texts(self.preprocessor, texts)
        return self._tags_of(features, batch_size, scores=False)[0], lengths, starts, ends

    def _read(self, x: Any) -> tuple[Features, np.ndarray, list[tuple[Any, Any, Any]]]:
        """Features, numbers of tokens, and for each text itself and the bytes where its tokens start and end."""
        x = x.tolist() if isinstance(x, np.ndarray) else x
        texts = are_texts(x)
        if not len(x):
            return {}, np.zeros(0, np.int64), []
        if texts:
            features, lengths, starts, ends = cut_texts(self.preprocessor, x)
            splits = np.cumsum(lengths)[:-1]
            return features, lengths, list(zip(x, np.split(starts, splits), np.split(ends, splits)))
        tokens = rows_of(x)
        spaced = self.preprocessor.tokenizer.kind != "char"
        lengths = np.array([len(row) for row in tokens], np.int64)
        return encode_tokens(self.preprocessor, tokens), lengths, [joined_row(row, spaced) for row in tokens]

    def _tags_of(self, features: Features, batch_size: int, *, scores: bool) -> tuple[np.ndarray, np.ndarray]:
        """Tag numbers int32 `[tokens]` of all rows, one after the other, and their probabilities or zeros."""
        if not features:
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        features = cut_rows(features, self.piece_tokens)
        lengths = features["token_ids"].row_lengths().numpy()
        starts = np.cumsum(lengths) - lengths
        numbers, sure = np.zeros(lengths.sum(), np.int32), np.zeros(lengths.sum(), np.float32)
        for chosen in batches_by_size(lengths, batch_size):
            batch = self._batch(features, chosen)
            tags, *probabilities = self._step("score" if scores else "tag")(batch)
            real = np.arange(tags.shape[1]) < lengths[chosen][:, None]
            places = (starts[chosen][:, None] + np.arange(tags.shape[1]))[real]
            numbers[places] = tags.numpy()[real]
            if scores:
                sure[places] = probabilities[0].numpy()[real]
        return numbers, sure

    def _batch(self, features: Features, chosen: np.ndarray) -> dict[str, tf.Tensor]:
        with tf.device("CPU:0"):
            return self.preprocessor.padded(
                {name: tf.gather(part, chosen) for name, part in features.items()}
            )

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """What `call` reads of what the preprocessor gives, batch, time and characters left open."""
        shapes: dict[str, list[None]] = {"token_ids": [None, None]}
        if self.preprocessor.max_characters:
            shapes["char_ids"] = [None, None, None]
        if self.preprocessor.casing:
            shapes["casing"] = [None, None]
        return {name: tf.TensorSpec(shape, tf.int32, name=name) for name, shape in shapes.items()}

    def _step(self, kind: str) -> Any:
        """The traced function that answers a batch: `"tag"`, `"score"` or `"judge"`."""
        if self._steps is None:
            self._steps = {}
        if kind not in self._steps:

            def step(batch: dict[str, Any]) -> tuple[Any, ...]:
                logits = self(batch, training=False)
                mask = ops.not_equal(batch["token_ids"], 0)
                if kind == "score":
                    return self.decode_with_scores(logits, mask)
                tags = self.decode(logits, mask)
                if kind == "tag":
                    return (tags,)
                return self.negative_log_likelihood(logits, batch["tags"], mask), tags

            parts = self.input_signature()
            if kind == "judge":
                parts["tags"] = tf.TensorSpec([None, None], tf.int32, name="tags")
            self._steps[kind] = tf.function(step, input_signature=[parts], autograph=False)
        return self._steps[kind]

    def _named(self, numbers: np.ndarray, lengths: np.ndarray) -> list[list[str]]:
        ends = np.cumsum(lengths)
        return [
            [self.tags[number] for number in numbers[end - length : end]]
            for length, end in zip(lengths, ends)
        ]
