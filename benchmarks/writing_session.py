"""Lets untrained language models write, with the state kept from token to token and without; in its own process."""

import time
from statistics import median
from typing import Any

WORDS = 10_000
# Two networks of like size: what a token costs differs in how it grows with what stands before it.
NETWORKS: dict[str, dict[str, Any]] = {
    "lstm": {"embedding_dim": 256, "units": 256, "layers": 2},
    "transformer": {
        "causal": True, "embedding_dim": 256, "heads": 4, "feed_forward_dim": 1024, "layers": 4, "dropout": 0.0,
        "attention_dropout": 0.0,
    },
}  # fmt: skip


class WritingSession:
    """One network.

    Args:
        threads: int. Number of threads.
        network: a key of `NETWORKS`.
        longest: int. Most tokens that it will be asked for.
    """

    def __init__(self, threads: int, network: str, longest: int):
        import keras
        import tensorflow as tf

        from tfnlp.encoders import encoder_class
        from tfnlp.layers.word_softmax.full_softmax import FullSoftmax
        from tfnlp.tasks.language_model import LanguageModel
        from tfnlp.text.sentence_preprocessor import SentencePreprocessor
        from tfnlp.text.space_tokenizer import SpaceTokenizer

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        keras.utils.set_random_seed(1)
        preprocessor = SentencePreprocessor(SpaceTokenizer())
        preprocessor.adapt([" ".join(f"w{number}" for number in range(WORDS))])
        size = preprocessor.vocabulary_size
        limit = {"max_positions": longest + 1} if network == "transformer" else {}
        encoder = encoder_class(network)(size, **NETWORKS[network], **limit)
        self.model = LanguageModel(preprocessor, encoder, FullSoftmax(size))
        self.longest = longest
        self.writers: dict[bool, Any] = {}

    def milliseconds(self, tokens: int, *, cached: bool, rounds: int) -> float:
        """Median time to write so many tokens, the likeliest ones, after an empty prompt."""
        import tensorflow as tf

        if cached not in self.writers:
            self.writers[cached] = tf.function(
                self._cached if cached else self._uncached,
                input_signature=[tf.TensorSpec([], tf.int32)],
                autograph=False,
            )
        number = tf.constant(tokens)
        self.writers[cached](number)
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            written = self.writers[cached](number)
            times.append(time.perf_counter() - start)
        if int(written.shape[1]) != tokens:
            raise RuntimeError(f"{int(written.shape[1])} tokens were written, {tokens} were asked for")
        return 1e3 * median(times)

    def _cached(self, tokens: Any) -> Any:
        return self._written(self.model.step, self.model.initial_state(1), tokens)

    def _uncached(self, tokens: Any) -> Any:
        """All that stands before a token is read anew for it."""
        import tensorflow as tf

        def step(token_ids: Any, state: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
            ids, place = state
            here = tf.equal(tf.range(tf.shape(ids)[1]), place[0])
            ids = tf.where(here, token_ids[:, tf.newaxis], ids)
            vectors = self.model.vectors(ids[:, : place[0] + 1])
            return self.model.softmax.log_probabilities(vectors[:, -1], self.model.table), (ids, place + 1)

        state = (tf.zeros([1, self.longest + 1], tf.int32), tf.zeros([1], tf.int32))
        return self._written(step, state, tokens)

    def _written(self, step: Any, state: tuple[Any, ...], tokens: Any) -> Any:
        import tensorflow as tf

        from tfnlp.decoding.choice import Choice
        from tfnlp.decoding.loop import generate_ids
        from tfnlp.decoding.settings import DecodingSettings

        prompt = tf.fill([1, 1], self.model.preprocessor.end_id)
        return generate_ids(
            step, state, prompt, tf.constant([1]), end_id=-1, max_tokens=tokens,
            choice=Choice.of(DecodingSettings(top_k=1), (0, 1)),
        ).token_ids  # fmt: skip
