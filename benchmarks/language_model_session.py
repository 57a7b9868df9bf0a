"""Trains tfnlp's language model some segments at a time, so that PyTorch's can have its turn on the same ones."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.language_model_corpora import read_sentences
from benchmarks.neural_session import PIPELINES

Segment = tuple[np.ndarray, np.ndarray]


class LanguageModelSession:
    """One shipped recipe's network, made and called in its own process (see `benchmarks.workers`).

    Args:
        threads: int. Number of threads.
        recipe: name of a file in `pipelines/`, without its ending.
        train: the text.
        changes: further settings, as `--set` takes them.
    """

    def __init__(self, threads: int, recipe: str, train: Path, changes: Sequence[str] = ()):
        import tensorflow as tf

        from tfnlp.commands.language_modeling import build_task, compile_task
        from tfnlp.data.sentence_corpus import SentenceCorpus
        from tfnlp.data.sentence_stream import as_columns, encode_sentences
        from tfnlp.recipe import load_recipe
        from tfnlp.tasks.carried_state import CarriedState
        from tfnlp.training.seeds import seed_everything

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        seed_everything(1)
        self.recipe = load_recipe(PIPELINES / f"{recipe}.toml", changes)
        corpus = SentenceCorpus(str(train), read_sentences(train))
        self.model = build_task(self.recipe, corpus)
        compile_task(self.model, self.recipe, corpus)
        columns = self.recipe.training.batch_size
        stream, _ = encode_sentences(self.model.preprocessor, corpus.texts)
        self.read, self.targets = as_columns(stream, columns)
        # What `fit` does before its first step.
        self.model._carried = (
            CarriedState(self.model.initial_state(columns)) if self.model.carries_state else None
        )
        self.model.make_train_function()

    def network(self) -> dict:
        """What PyTorch's twin is made of."""
        encoder = self.recipe.encoder
        return {
            "vocabulary_size": self.model.preprocessor.vocabulary_size,
            "embedding_dim": encoder.embedding_dim,
            "units": encoder.units,
            "layers": encoder.layers,
            "dropout": encoder.dropout,
            "tied": self.recipe.task.tied,
        }

    def training(self) -> dict:
        """The optimizer's settings."""
        training = self.recipe.training
        return {
            "optimizer": training.optimizer, "clip_norm": training.clip_norm, "learning_rate": training.learning_rate
        }  # fmt: skip

    def parameters(self) -> int:
        """How many numbers it learns."""
        return self.model.count_params()

    def segments(self, first: int, number: int) -> list[Segment]:
        """Segments from the text's `first` on: ids and those that follow, int32 `[columns, time]`."""
        length = self.model.segment_tokens
        return [
            (self.read[:, start : start + length], self.targets[:, start : start + length])
            for start in range(first * length, (first + number) * length, length)
        ]

    def train(self, first: int, number: int) -> dict[str, float]:
        """Trains on these segments, through a data set as `fit` has it: seconds and tokens."""
        import tensorflow as tf

        segments = self.segments(first, number)
        inputs = {
            "token_ids": np.stack([ids for ids, _ in segments]),
            "first": np.arange(first, first + number) == 0,
        }
        data = tf.data.Dataset.from_tensor_slices((inputs, np.stack([next_ids for _, next_ids in segments])))
        batches = iter(data.prefetch(tf.data.AUTOTUNE))
        self.model.reset_metrics()
        start = time.perf_counter()
        for _ in range(number):
            logs = self.model.train_function(batches)
        loss = float(logs["loss"])  # waits for the last step
        return {
            "seconds": time.perf_counter() - start,
            "tokens": sum(t.size for _, t in segments),
            "loss": loss,
        }
