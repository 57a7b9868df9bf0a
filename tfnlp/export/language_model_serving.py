"""A language model in the graph: prompts in, texts out; texts in, their probabilities out.

Signatures; everything has one value for each row, so that servers can join requests:
    `serving_default`: `prompt` string `[batch]` -> `text` string (the prompt and its likeliest continuation, token by
        token), `tokens` int32 (how many follow, the sentence's end among them) and `log_probability` float32 (of these,
        in nats). At most 100 tokens follow.
    `generate`: `prompt` string; `max_tokens` int32, at most 2,048; `temperature` float32, 1 for the model's own
        distribution, 0 for the likeliest token; `top_k` int32, 0 for all; `top_p` float32, 1 for all;
        `repetition_penalty` float32, 1 for none; `seed` int64 -> as above. A text depends on its own row alone, and
        equal rows have equal texts: give each its own seed. A number out of range counts as the nearest in it.
    `search`: `prompt` string; `max_tokens` int32, at most 2,048; `length_penalty` float32, 0 for none -> as above: the
        likeliest text that four beams find.
    `score`: `text` string -> `log_probability` and `known_log_probability` float32 (nats, of all tokens, and of those
        that are not unknown), `tokens` and `unknown` int32, and `perplexity` float32.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfnlp.decoding.choice import Choice
from tfnlp.tasks.score_in_graph import score_in_graph
from tfnlp.tasks.sentence_writing import FORBIDDEN, SentenceWriter, Written

# What follows a prompt where nobody says how much, and at most: a request must not keep a server for minutes.
DEFAULT_TOKENS = 100
MOST_TOKENS = 2048
BEAMS = 4


def _column(dtype: Any, name: str) -> tf.TensorSpec:
    return tf.TensorSpec([None], dtype, name=name)


class LanguageModelModule(tf.Module):
    """What is saved: the signatures and only those objects that they use.

    Args:
        task: a trained `LanguageModel`.
    """

    def __init__(self, task: Any):
        super().__init__(name="language_model")
        # The bare variables, not the Keras model: a loader without Keras has no use for its objects.
        self.weights = [variable.value for variable in task.variables if variable.dtype != "string"]
        self.preprocessor = task.preprocessor
        writer = SentenceWriter(task)
        # Hidden in functions: tracked they would drag in Keras's objects.
        self._task, self._writer = lambda: task, lambda: writer

    @tf.function(input_signature=[_column(tf.string, "prompt")], autograph=False)
    def serve(self, prompt: Any) -> dict[str, Any]:
        """`serving_default`; see above."""
        rows = tf.shape(prompt)
        # The graph of the other signature: one that is quicker by a hair would double the size.
        return self.generate(
            prompt,
            tf.fill(rows, DEFAULT_TOKENS),
            tf.zeros(rows),
            tf.zeros(rows, tf.int32),
            tf.ones(rows),
            tf.ones(rows),
            tf.zeros(rows, tf.int64),
        )

    @tf.function(
        input_signature=[
            _column(tf.string, "prompt"),
            _column(tf.int32, "max_tokens"),
            _column(tf.float32, "temperature"),
            _column(tf.int32, "top_k"),
            _column(tf.float32, "top_p"),
            _column(tf.float32, "repetition_penalty"),
            _column(tf.int64, "seed"),
        ],
        autograph=False,
    )
    def generate(
        self,
        prompt: Any,
        max_tokens: Any,
        temperature: Any,
        top_k: Any,
        top_p: Any,
        repetition_penalty: Any,
        seed: Any,
    ) -> dict[str, Any]:
        """`generate`; see above."""
        draws = temperature > 0  # False for what is no number, too
        every = tf.where(top_k > 0, top_k, tf.int32.max)
        choice = Choice(
            temperature=tf.where(draws, temperature, 1.0),
            top_k=tf.where(draws, every, 1),
            top_p=top_p,
            repetition_penalty=tf.maximum(repetition_penalty, 1.0),
            forbidden=FORBIDDEN,
        )
        limits = tf.clip_by_value(max_tokens, 0, MOST_TOKENS)
        return _answer(self._writer().write(prompt, max_tokens=limits, choice=choice, seed=seed))

    @tf.function(
        input_signature=[
            _column(tf.string, "prompt"),
            _column(tf.int32, "max_tokens"),
            _column(tf.float32, "length_penalty"),
        ],
        autograph=False,
    )
    def search(self, prompt: Any, max_tokens: Any, length_penalty: Any) -> dict[str, Any]:
        """`search`; see above."""
        written = self._writer().write(
            prompt,
            max_tokens=tf.clip_by_value(max_tokens, 0, MOST_TOKENS),
            choice=Choice(forbidden=FORBIDDEN),
            beams=BEAMS,
            length_penalty=tf.where(length_penalty > 0, length_penalty, 0.0),
        )
        return _answer(written)

    @tf.function(input_signature=[_column(tf.string, "text")], autograph=False)
    def score(self, text: Any) -> dict[str, Any]:
        """`score`; see above."""
        words = self._writer().ragged(text)
        found = score_in_graph(self._task(), words, self.preprocessor.unknown_words(text, words))
        tokens = tf.cast(found.tokens, tf.float32)
        return {**found._asdict(), "perplexity": tf.exp(-found.log_probability / tokens)}


def _answer(written: Written) -> dict[str, Any]:
    texts, generated = written
    return {
        "text": tf.ensure_shape(texts, [None]),
        "tokens": tf.ensure_shape(generated.lengths, [None]),
        "log_probability": tf.ensure_shape(tf.reduce_sum(generated.log_probabilities, axis=1), [None]),
    }
