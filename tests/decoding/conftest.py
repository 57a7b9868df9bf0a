"""A small network of the tests' own, in TensorFlow and once more in plain NumPy."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

END = 2


@dataclasses.dataclass
class ToyModel:
    """A recurrent network of random weights; nothing of padding, id 0, is ever likely."""

    vocabulary: int = 7
    units: int = 5
    seed: int = 3

    def __post_init__(self):
        random = np.random.default_rng(self.seed)
        self.embedding, self.recurrent, self.output = (
            random.normal(scale=1.5, size=shape).astype(np.float32)
            for shape in (
                (self.vocabulary, self.units),
                (self.units, self.units),
                (self.units, self.vocabulary),
            )
        )
        self.steps = 0

    def initial_state(self, batch):
        return tf.zeros([batch, self.units]), tf.zeros([batch], tf.int32)

    def step(self, token_ids, state):
        self.steps += 1
        hidden = tf.tanh(tf.gather(self.embedding, token_ids) + tf.matmul(state[0], self.recurrent))
        logits = tf.matmul(hidden, self.output) + tf.one_hot([0], self.vocabulary, on_value=-1e9)
        return logits, (hidden, state[1] + 1)

    def read_on(self, token_ids, state):
        vectors = []
        for place in range(token_ids.shape[1] or 0):
            _, state = self.step(token_ids[:, place], state)
            vectors.append(state[0])
        return vectors, state

    def log_probabilities(self, ids):
        """Plain: of each token of a sequence after the first, float64 `[len(ids), vocabulary]`."""
        hidden, rows = np.zeros(self.units), []
        for token in ids:
            hidden = np.tanh(self.embedding[token] + hidden @ self.recurrent)
            logits = (hidden @ self.output).astype(np.float64)
            logits[0] = -1e9
            rows.append(logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max())
        return np.asarray(rows)


@pytest.fixture
def toy():
    return ToyModel


PROMPTS = [[2, 3], [2], [2, 4, 5, 6, 1], [2, 5, 5]]


@pytest.fixture
def prompts():
    return PROMPTS


@pytest.fixture
def padded():
    def pad(rows):
        width = max(map(len, rows))
        ids = np.asarray([[*row, *[0] * (width - len(row))] for row in rows], np.int32)
        return tf.constant(ids), tf.constant([len(row) for row in rows])

    return pad
