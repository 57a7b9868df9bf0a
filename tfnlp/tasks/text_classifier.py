"""The classifier: raw strings in, labels and scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tfnlp.data.labels import LabelIndex
from tfnlp.data.pipeline import (
    encode_texts,
    evaluation_batches,
    length_permutation,
    steps_per_epoch,
    training_batches,
)
from tfnlp.encoders.encoder import Encoder
from tfnlp.encoders.registry import ENCODERS, encoder_class
from tfnlp.errors import UserError
from tfnlp.layers.precision import full_precision
from tfnlp.tasks.losses import classification_loss
from tfnlp.text.preprocessor import TextPreprocessor


@keras.saving.register_keras_serializable(package="tfnlp")
class TextClassifier(keras.Model):
    """Classifies texts: binary, multi-class, or with any number of labels a text.

    `fit`, `evaluate` and `predict` take raw strings; the network itself (`call`) takes token ids and
    returns logits, so it is plain Keras for any optimizer, loss, metric and callback. The preprocessor
    stands in front, the label names behind, and an export joins the three.

    Args:
        preprocessor: an adapted `TextPreprocessor`.
        encoder: an `Encoder` whose `vocabulary_size` is the preprocessor's.
        labels: the label names; class `i` is `labels[i]`.
        multi_label: whether a text bears any number of labels (sigmoid) or exactly one (softmax).
        dropout: float in `[0, 1)`. Dropout on the pooled vector.
        l1: float, at least 0. L1 penalty on the last layer's kernel.
        l2: float, at least 0. L2 penalty on the last layer's kernel.

    Call arguments:
        token_ids: int32 tensor `[batch, time]`, padded on the right with 0.
        training: bool. Whether dropout acts.
        vectors: vectors to read in place of the tokens' own, see `Encoder`; None for their own.

    Returns:
        float32 tensor `[batch, classes]`, logits.

    Raises:
        UserError: if there are too few labels, one stands twice, or the vocabularies differ in size, or
            the preprocessor leaves texts longer than the encoder reads.

    Example:
        ```python
        preprocessor = TextPreprocessor(WordTokenizer(), max_tokens=64)
        preprocessor.adapt(texts)
        encoder = TextCNN(preprocessor.vocabulary_size)
        classifier = TextClassifier(preprocessor, encoder, labels=["bad", "good"])
        classifier.compile(optimizer="adamw")
        classifier.fit(texts, labels, epochs=3)
        classifier.predict(["a fine film"])  # [[0.03, 0.97]]
        ```
    """

    kind = "text_classifier"  # as a recipe's [task] and an export's `model.json` name it

    def __init__(
        self,
        preprocessor: TextPreprocessor,
        encoder: Encoder,
        labels: Sequence[str],
        multi_label: bool = False,
        dropout: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        # While a saved file is being loaded the vocabulary comes after the config; then there is nothing to check yet.
        loaded = preprocessor.tokenizer.table is not None
        if loaded and encoder.vocabulary_size != preprocessor.vocabulary_size:
            raise UserError(
                f"the encoder knows {encoder.vocabulary_size} token ids, the preprocessor gives "
                f"{preprocessor.vocabulary_size}; build the encoder with "
                "`vocabulary_size=preprocessor.vocabulary_size`, after `preprocessor.adapt`"
            )
        if encoder.max_tokens is not None and preprocessor.max_tokens > encoder.max_tokens:
            raise UserError(
                f"texts are cut to {preprocessor.max_tokens} tokens, but the encoder has positions for "
                f"{encoder.max_tokens}; set its `max_positions` to {preprocessor.max_tokens}, or the "
                f"preprocessor's `max_tokens` to {encoder.max_tokens}"
            )
        self.label_index = LabelIndex(labels, multi_label)
        self.labels = list(labels)
        self.multi_label = multi_label
        self.dropout_rate = dropout
        self.l1 = l1
        self.l2 = l2
        self.preprocessor = preprocessor
        self.encoder = encoder
        self.pooled_dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="pooled_dropout")
        self.classifier = keras.layers.Dense(
            len(self.labels),
            kernel_regularizer=keras.regularizers.L1L2(l1, l2) if l1 or l2 else None,
            # Logits in full precision whatever the policy: softmax over float16 loses the tails.
            dtype=full_precision(self.compute_dtype),
            name="logits",
        )
        self.build((None, None))

    @property
    def max_tokens(self) -> int:
        """Length in tokens at which texts are cut."""
        return self.preprocessor.max_tokens

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights: nothing waits for a first batch."""
        if not self.encoder.built:  # one read from a file, or used before, has its weights
            self.encoder.build((None, None))
        self.pooled_dropout.build((None, self.encoder.output_dim))
        self.classifier.build((None, self.encoder.output_dim))
        self.built = True

    def call(self, token_ids: Any, training: bool = False, vectors: Any = None) -> Any:
        """Computes logits; see the class."""
        pooled = self.encoder(token_ids, training=training, vectors=vectors)["pooled"]
        return self.classifier(self.pooled_dropout(pooled, training=training))

    def scores(self, logits: Any) -> Any:
        """Turns logits `[batch, classes]` into scores in `[0, 1]`: softmax, or sigmoid for multi-label."""
        return ops.sigmoid(logits) if self.multi_label else ops.softmax(logits, axis=-1)

    def compile(
        self, optimizer: Any = "adamw", loss: Any = "auto", metrics: Any = "auto", **kwargs: Any
    ) -> None:
        """As Keras's, with the task's own loss and metric where `"auto"`.

        `"auto"` is cross-entropy on the logits and accuracy (of each label, for multi-label). A loss given
        by hand gets logits too: `keras.losses.SparseCategoricalCrossentropy(from_logits=True)`. XLA is off unless
        asked for: length buckets give many shapes, and each would be compiled anew.
        """
        if isinstance(loss, str) and loss in ("auto", "cross_entropy", "hinge"):
            loss = classification_loss(
                "cross_entropy" if loss == "auto" else loss, multi_label=self.multi_label
            )
        if metrics == "auto":
            metrics = [
                keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")
                if self.multi_label
                else keras.metrics.SparseCategoricalAccuracy(name="accuracy")
            ]
        kwargs.setdefault("jit_compile", False)
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def targets(self, y: Any) -> Any:
        """Turns label names into what the loss takes; numbers pass unchanged.

        Args:
            y: label names (one a text, or a list of names a text for multi-label), class numbers, or a
                float matrix `[examples, classes]`.

        Returns:
            int32 `[examples]`, float32 `[examples, classes]`, or None for None.

        Raises:
            UserError: for a name that is not among `labels`.
        """
        if y is None or len(y) == 0:
            return y
        first = y[0]
        names = isinstance(first, str | bytes) or (
            isinstance(first, list | tuple | set) and all(isinstance(name, str) for name in first)
        )
        if not names:
            return np.asarray(y)
        return self.label_index.encode([name.decode() if isinstance(name, bytes) else name for name in y])

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
        class_weight: Mapping[str, float] | Mapping[int, float] | None = None,
        seed: int = 0,
        bucket: bool = True,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on raw strings.

        Args:
            x: texts (a list or an array of `str` or `bytes`), or a `tf.data.Dataset` of batches
                `(texts, targets)`, targets being numbers. A data set of token ids passes unchanged.
            y: label names or numbers, as `targets` takes them; None with a data set.
            batch_size: int, texts a batch.
            epochs: int, the epoch to stop before.
            initial_epoch: int, the epoch to start with; the batches are those an unbroken run would see.
            sample_weight: float `[examples]` or None.
            validation_data: `(texts, labels)`, `(texts, labels, weights)`, or a data set as for `x`.
            class_weight: label name or class number -> weight.
            seed: int, of the order of the texts.
            bucket: bool. Whether texts of like length share a batch, which spares padding.
            **kwargs: as Keras's `fit`.

        Returns:
            Keras's History.
        """
        if class_weight is not None:
            class_weight = {self._class_number(name): weight for name, weight in class_weight.items()}
        if isinstance(x, tf.data.Dataset):
            batches = self._from_dataset(x)
        else:
            ids = self._encode(x)
            batches = training_batches(
                ids,
                self.targets(y),
                sample_weight,
                batch_size=batch_size,
                seed=seed,
                first_epoch=initial_epoch,
                last_epoch=epochs,
                bucket=bucket,
            )
            kwargs["steps_per_epoch"] = steps_per_epoch(int(ids.nrows()), batch_size)
        if isinstance(validation_data, tuple):
            validation_data = self._evaluation_data(*validation_data)
        elif isinstance(validation_data, tf.data.Dataset):
            validation_data = self._from_dataset(validation_data)
        return super().fit(
            batches,
            epochs=epochs,
            initial_epoch=initial_epoch,
            validation_data=validation_data,
            class_weight=class_weight,
            shuffle=False,  # the batches come shuffled
            **kwargs,
        )

    def evaluate(
        self, x: Any = None, y: Any = None, *, batch_size: int = 256, sample_weight: Any = None, **kwargs: Any
    ) -> Any:
        """Returns loss and metrics on raw strings; arguments as `fit` takes them."""
        if isinstance(x, tf.data.Dataset):
            return super().evaluate(self._from_dataset(x), **kwargs)
        return super().evaluate(self._evaluation_data(x, y, sample_weight, batch_size=batch_size), **kwargs)

    def predict(self, x: Any, *, batch_size: int = 256, verbose: Any = 0, **kwargs: Any) -> np.ndarray:
        """Scores raw strings.

        Args:
            x: texts, a list or an array of `str` or `bytes`.
            batch_size: int, texts a batch.
            verbose: as Keras's.
            **kwargs: as Keras's `predict`.

        Returns:
            float32 array `[texts, classes]`, in the order of the texts.
        """
        if len(x) == 0:
            return np.zeros((0, len(self.labels)), np.float32)
        ids = self._encode(x)
        order = length_permutation(ids)  # like lengths together: less padding to compute
        batches = evaluation_batches(tf.gather(ids, order), batch_size=batch_size)
        logits = super().predict(batches, verbose=verbose, **kwargs)
        return ops.convert_to_numpy(self.scores(logits))[np.argsort(order)]

    def predict_labels(self, x: Any, *, threshold: float = 0.5, **kwargs: Any) -> list[str] | list[list[str]]:
        """Returns the best label of each text or, for multi-label, the list of those scoring `threshold` or more."""
        scores = self.predict(x, **kwargs)
        if self.multi_label:
            return [[name for name, score in zip(self.labels, row) if score >= threshold] for row in scores]
        return [self.labels[i] for i in scores.argmax(axis=-1)]

    def _class_number(self, name: str | int) -> int:
        return name if isinstance(name, int) else self.label_index.index(name)

    def _encode(self, texts: Any) -> tf.RaggedTensor:
        if isinstance(texts, str | bytes):
            raise UserError(f"expected a list of texts, got one: pass [text]. Received: {texts[:50]!r}")
        return encode_texts(self.preprocessor, texts)

    def _evaluation_data(
        self, texts: Any, y: Any = None, weights: Any = None, *, batch_size: int = 256
    ) -> tf.data.Dataset:
        return evaluation_batches(self._encode(texts), self.targets(y), weights, batch_size=batch_size)

    def _from_dataset(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """Puts the preprocessor in front of a data set of batches of strings."""
        spec = batches.element_spec
        texts = spec[0] if isinstance(spec, tuple) else spec
        if texts.dtype != tf.string:
            return batches
        pick = (
            (lambda text, *rest: (self.preprocessor(text), *rest))
            if isinstance(spec, tuple)
            else self.preprocessor
        )
        encode = tf.autograph.experimental.do_not_convert(pick)
        return batches.map(encode, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **super().get_config(),
            "preprocessor": keras.saving.serialize_keras_object(self.preprocessor),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "labels": self.labels,
            "multi_label": self.multi_label,
            "dropout": self.dropout_rate,
            "l1": self.l1,
            "l2": self.l2,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> TextClassifier:
        """Builds the classifier anew; weights and vocabulary come from the saved file."""
        for name in ENCODERS:
            encoder_class(name)  # imported, and so known to Keras, whichever it is
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("preprocessor", "encoder")
        }
        return cls(**{**config, **parts})
