"""Trains a tfnlp classifier an epoch at a time and tells PyTorch's twin exactly what it did."""

import threading
import time
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from benchmarks.datasets import Part
from benchmarks.settings import Training
from tfnlp.data import encode_texts, evaluation_batches, length_permutation, steps_per_epoch, training_batches
from tfnlp.encoders import FixedWindow, WideTextCNN, encoder_class
from tfnlp.layers import TokenEmbedding
from tfnlp.tasks import TextClassifier
from tfnlp.tasks.losses import classification_loss
from tfnlp.text import TextPreprocessor, tokenizer_class
from tfnlp.training import Trainer, build_optimizer, learning_rate


class Turnstile(keras.callbacks.Callback):
    """Holds one unbroken training still between epochs, so that the peer can have the machine meanwhile."""

    def __init__(self):
        super().__init__()
        self.go, self.done = threading.Event(), threading.Event()
        self.seconds: float | None = None
        self._start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Waits to be let through."""
        self.go.wait()
        self.go.clear()
        self.seconds = None
        self._start = time.perf_counter()

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Takes the time: training is over, validation begins."""
        self.seconds = time.perf_counter() - self._start

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Tells whoever waits."""
        if self.seconds is None:  # there was no validation
            self.seconds = time.perf_counter() - self._start
        self.done.set()


class TfnlpSession:
    """One classifier, one training; made and called in its own process (see `benchmarks.workers`).

    Args:
        threads: int. Number of threads.
        encoder: the encoder's name.
        settings: how to train it.
        classes: the label names.
        train, valid, test: the data.
        seed: int, of weights, dropout and the order of the texts.
    """

    def __init__(
        self, threads: int, encoder: str, settings: Training, classes: Sequence[str],
        train: Part, valid: Part, test: Part, seed: int,
    ):  # fmt: skip
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        keras.utils.set_random_seed(seed)
        self.settings, self.seed = settings, seed
        start = time.perf_counter()
        tokenizer = tokenizer_class(settings.tokenizer)(
            min_count=settings.min_count, max_size=settings.max_size
        )
        preprocessor = TextPreprocessor(tokenizer, max_tokens=settings.max_tokens, truncate=settings.truncate)
        preprocessor.adapt(train.texts)
        self.parts = {"train": train, "valid": valid, "test": test}
        self.ids = encode_texts(preprocessor, train.texts)
        network = encoder_class(encoder)(preprocessor.vocabulary_size, **settings.encoder)
        self.model = TextClassifier(preprocessor, network, list(classes), dropout=settings.dropout)
        if network.needs_counts:
            network.adapt(evaluation_batches(self.ids))
        self.text_seconds = time.perf_counter() - start
        self.steps = steps_per_epoch(len(train), settings.batch_size)
        self.rate = learning_rate(
            settings.schedule,
            settings.learning_rate,
            steps_per_epoch=self.steps,
            epochs=settings.epochs,
            warmup_share=settings.warmup_share,
        )
        optimizer = build_optimizer(
            "adamw",
            self.rate,
            weight_decay=settings.weight_decay,
            clip_norm=settings.clip_norm,
            average_weights=settings.average_weights,
        )
        self.model.compile(optimizer, classification_loss(label_smoothing=settings.label_smoothing))
        self._turnstile = Turnstile()
        self._trainer = Trainer(
            self.model,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            seed=seed,
            early_stopping=0,
            callbacks=[self._turnstile],
        )
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def facts(self) -> dict:
        """Sizes, and the seconds that the training texts took to become ids."""
        return {
            "vocabulary": self.model.preprocessor.vocabulary_size,
            "parameters": self.model.count_params(),
            "text_seconds": self.text_seconds,
            "texts": len(self.parts["train"]),
        }

    def train_epoch(self) -> float:
        """Lets the trainer through one more epoch; gives its seconds (the first one's: with tracing)."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._train, daemon=True)
            self._thread.start()
        self._turnstile.go.set()
        self._turnstile.done.wait()
        self._turnstile.done.clear()
        if self._failure is not None:
            raise self._failure
        return self._turnstile.seconds

    def finish(self) -> dict:
        """Waits until the trainer has put the best epoch's weights back; which one it was."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        progress = self._trainer.progress
        best = progress.best_value
        return {"valid_accuracy": None if best is None else 100.0 * best, "best_epoch": progress.best_epoch}

    def batches(self, epoch: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """The batches `(ids, targets)` of an epoch, in the order in which the trainer gets them."""
        dataset = training_batches(
            self.ids,
            np.asarray(self.parts["train"].labels, np.int32),
            batch_size=self.settings.batch_size,
            seed=self.seed,
            first_epoch=epoch,
            last_epoch=epoch + 1,
        )
        return [(ids.numpy(), targets.numpy()) for ids, targets in dataset]

    def learning_rates(self, epoch: int) -> list[float]:
        """The learning rate of each step of an epoch."""
        steps = range(epoch * self.steps, (epoch + 1) * self.steps)
        return [float(self.rate(step)) if callable(self.rate) else self.rate for step in steps]

    def evaluation_ids(self, part: str) -> tuple[list[np.ndarray], np.ndarray]:
        """Padded ids of a part by length, 256 a batch, and where in them each text's row stands."""
        ids = encode_texts(self.model.preprocessor, self.parts[part].texts)
        order = length_permutation(ids)
        batches = evaluation_batches(tf.gather(ids, order), batch_size=256)
        return [batch.numpy() for batch in batches], np.argsort(order)

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """Logits of one batch."""
        return self.model(ids, training=False).numpy()

    def answers(self, part: str) -> np.ndarray:
        """The class number of each text of a part, from raw strings."""
        return self.model.predict(self.parts[part].texts).argmax(axis=-1)

    def weights(self) -> dict[str, np.ndarray]:
        """The network's weights under plain names, in Keras layout."""
        network, head = self.model.encoder, self.model.classifier
        found = {
            **_vector_weights(network.embedding),
            "head/kernel": head.kernel,
            "head/bias": head.bias,
        }
        if isinstance(network, WideTextCNN):
            found |= {f"bag/{name}": value for name, value in _vector_weights(network.bag).items()}
        if isinstance(network, FixedWindow):
            found["projection/kernel"], found["projection/bias"] = network.projection.weights
        for layer in getattr(network, "convolutions", ()):
            found[f"{layer.name}/kernel"] = layer.convolution.kernel
            found[f"{layer.name}/bias"] = layer.convolution.bias
        stack = getattr(network, "stack", None)
        for layer in (way for ways in getattr(stack, "directions", ()) for way in ways):
            found[f"{layer.name}/kernel"] = layer.cell.kernel
            found[f"{layer.name}/recurrent_kernel"] = layer.cell.recurrent_kernel
            found[f"{layer.name}/bias"] = layer.cell.bias
        for block in getattr(network, "blocks", ()):
            found |= {f"{block.name}/{name}": value for name, value in _block_weights(block).items()}
        if getattr(network, "last_norm", None) is not None:
            found["last_norm/scale"], found["last_norm/offset"] = network.last_norm.weights
        return {name: keras.ops.convert_to_numpy(value) for name, value in found.items()}

    def _train(self) -> None:
        train, valid = self.parts["train"], self.parts["valid"]
        try:
            held_out = (valid.texts, np.asarray(valid.labels)) if self.settings.validate else None
            self._trainer.fit(train.texts, np.asarray(train.labels), held_out)
        except BaseException as error:  # handed to the thread that waits, which raises it
            self._failure = error
            self._turnstile.done.set()


def _vector_weights(embedding: TokenEmbedding) -> dict:
    """The vectors of tokens and n-grams, and how much each counts, under plain names."""
    found = {"embedding": embedding.tables[0].embeddings}
    if embedding.idf:
        found["token_weights"] = embedding.token_weights
    if embedding.ngrams:
        found["ngrams"], found["ngram_weights"] = embedding.ngram_table.embeddings, embedding.ngram_weights
    return found


def _block_weights(block: keras.layers.Layer) -> dict:
    """A Transformer layer's weights under plain names."""
    attention, feed_forward = block.attention, block.feed_forward
    parts = {
        "query": attention.query, "key": attention.key, "value": attention.value,
        "output": attention.output_projection, "widen": feed_forward.widen, "narrow": feed_forward.narrow,
    }  # fmt: skip
    found = {}
    for name, dense in parts.items():
        found[f"{name}/kernel"], found[f"{name}/bias"] = dense.kernel, dense.bias
    for name, norm in zip(("attention_norm", "feed_forward_norm"), block.norms):
        found[f"{name}/scale"], found[f"{name}/offset"] = norm.weights
    return found
