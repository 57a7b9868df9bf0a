"""tfnlp's side of `crf.py`: taggers that train, and the field alone; lives in a process of its own."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np


class CRFSession:
    """See `benchmarks.workers`.

    Args:
        threads: int. Number of threads.
        shape: `units`, `vocabulary`, `tags`, `batch_size` and `tokens` of the taggers.
    """

    def __init__(self, threads: int, shape: dict[str, int]):
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        keras.utils.set_random_seed(1)
        self.shape = shape
        self.ids, self.tags = batch(shape)
        self.steps = {head: self._tagger(head) for head in ("softmax", "crf")}
        self.fields: dict[tuple, Callable] = {}

    def step(self, head: str) -> float:
        """Seconds of one training step."""
        start = time.perf_counter()
        self.steps[head]().numpy()
        return time.perf_counter() - start

    def field(self, kind: str, rows: int, tokens: int, tags: int) -> float:
        """Seconds of one call of the field alone.

        Args:
            kind: `"learn"`, the mean log-likelihood and its gradients; `"learn far apart"`, the same with scores and
                transitions that a product of probabilities cannot hold; or `"decode"`.
            rows: int. Number of rows.
            tokens: int. Length of each.
            tags: int. Number of tags.
        """
        key = (kind, rows, tokens, tags)
        if key not in self.fields:
            self.fields[key] = self._field(*key)
        start = time.perf_counter()
        self.fields[key]().numpy()
        return time.perf_counter() - start

    def log_likelihood(self, scores: np.ndarray, tags: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
        """Of rows without padding."""
        from tfnlp.layers import ConditionalRandomField

        field = ConditionalRandomField(scores.shape[-1])
        field.set_weights(weights)
        return field.log_likelihood(scores, tags).numpy()

    def _tagger(self, head: str) -> Callable[[], Any]:
        import keras
        import tensorflow as tf

        from tfnlp.encoders import encoder_class
        from tfnlp.layers import ConditionalRandomField

        shape = self.shape
        encoder = encoder_class("bilstm")(
            shape["vocabulary"], embedding_dim=shape["units"], units=shape["units"]
        )
        encoder.build((None, None))
        scorer = keras.layers.Dense(shape["tags"])
        scorer.build((None, None, 2 * shape["units"]))
        field = ConditionalRandomField(shape["tags"])
        trained = [*encoder.trainable_variables, *scorer.trainable_variables]
        if head == "crf":
            trained += field.trainable_variables
        optimizer = keras.optimizers.Adam(1e-3)
        optimizer.build(trained)

        @tf.function(
            input_signature=[tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.int32)]
        )
        def step(ids, tags):
            with tf.GradientTape() as tape:
                read = encoder(ids, training=True)
                scores = scorer(read["sequence"])
                if head == "crf":
                    loss = -tf.reduce_mean(field.log_likelihood(scores, tags, read["mask"]))
                else:
                    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tags, logits=scores)
                    loss = tf.reduce_mean(tf.reduce_sum(each * tf.cast(read["mask"], "float32"), axis=1))
            values = [weight.value for weight in trained]
            optimizer.apply(tape.gradient(loss, values), trained)
            return loss

        ids, tags = tf.constant(self.ids), tf.constant(self.tags)
        return lambda: step(ids, tags)

    def _field(self, kind: str, rows: int, tokens: int, tags: int) -> Callable[[], Any]:
        import tensorflow as tf

        from tfnlp.layers import ConditionalRandomField

        scores, gold, weights = field_inputs(rows, tokens, tags)
        if kind == "learn far apart":
            scores, weights = scores * 100, [weight * 100 for weight in weights]
        field = ConditionalRandomField(tags)
        field.set_weights(weights)
        watched = [field.transitions.value, field.starts.value, field.ends.value]
        spec = tf.TensorSpec([None, None, tags])

        @tf.function(input_signature=[spec, tf.TensorSpec([None, None], tf.int32)])
        def learn(scores, gold):
            with tf.GradientTape() as tape:
                tape.watch(scores)
                value = tf.reduce_mean(field.log_likelihood(scores, gold))
            gradients = tape.gradient(value, [scores, *watched])
            return value + tf.add_n([tf.reduce_sum(gradient) for gradient in gradients])

        @tf.function(input_signature=[spec])
        def decode(scores):
            return field.viterbi(scores)[0]

        scores, gold = tf.constant(scores), tf.constant(gold)
        return (lambda: decode(scores)) if kind == "decode" else (lambda: learn(scores, gold))


def batch(shape: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and tags of the taggers, int32 `[batch_size, tokens]` each, without padding."""
    random = np.random.default_rng(1)
    size = (shape["batch_size"], shape["tokens"])
    ids = random.integers(1, shape["vocabulary"], size).astype("int32")
    return ids, random.integers(0, shape["tags"], size).astype("int32")


def field_inputs(rows: int, tokens: int, tags: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Scores, tags and weights of a field alone, the same on both sides."""
    random = np.random.default_rng(tokens * 1000 + tags)
    scores = random.normal(size=(rows, tokens, tags)).astype("float32")
    gold = random.integers(0, tags, (rows, tokens)).astype("int32")
    weights = [random.normal(size=size).astype("float32") for size in ((tags, tags), (tags,), (tags,))]
    return scores, gold, weights
