"""Trains word2vec: the stream in chunks, a chunk in steps, a step in one compiled program."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfnlp.embeddings.encoded_corpus import EncodedCorpus
from tfnlp.embeddings.training_loop import TrainingProgress, run_steps
from tfnlp.embeddings.word2vec.blocks import BlockLayout
from tfnlp.embeddings.word2vec.checkpoint import Position, read_checkpoint, write_checkpoint
from tfnlp.embeddings.word2vec.input_side import InputSide, WordRows, padded_width
from tfnlp.embeddings.word2vec.negative_sampling import NegativeSampling
from tfnlp.embeddings.word2vec.objective import Objective
from tfnlp.embeddings.word2vec.settings import Word2VecSettings
from tfnlp.embeddings.word2vec.windows import Steps, cut_into_steps, keep_probabilities, windows

# Ids of the stream (ends of sentences included) that are prepared at once. A window does not reach over
# the seam of two chunks.
CHUNK_IDS = 1 << 18
# Positions of a block: larger ones compute more products outside of the windows, smaller ones look up more
# rows twice.
TARGETS = 16
# Blocks of a step: larger steps waste less time between operations, smaller ones see fresher tables. In CBOW a
# position is one pair, in skip-gram six or so.
BLOCKS = {"skipgram": 64, "cbow": 128}
# Noise words of a block. More of them take longer, and tell words apart little better: with 32, skip-gram solves more
# analogies (by 2 of 100), and agrees less with people about similar words.
SHARED_NOISE = 16
# A small corpus gets smaller steps, so that it has at least this many in an epoch.
STEPS_PER_EPOCH = 200
# The loss is measured in one of so many steps: its logarithms take a quarter of a step.
MEASURED_EVERY = 8
# Vectors that are handed out together.
WORDS_AT_ONCE = 1 << 14
_SECONDS_PER_CALL = 0.5


class Word2VecTrainer:
    """Learns a vector for each word of a corpus.

    Memory does not grow with the corpus: it is read in chunks from the disk. All chance comes from the seed and the
    place in the corpus, so the same seed gives the same vectors, to the bit and on any number of threads, and training
    that was taken up again the same as training in one go.

    Args:
        corpus: what `encode_corpus` gave.
        settings: how to train.

    Reference:
        Mikolov et al., 2013, https://arxiv.org/abs/1301.3781 and https://arxiv.org/abs/1310.4546
    """

    def __init__(self, corpus: EncodedCorpus, settings: Word2VecSettings):
        self.corpus = corpus
        self.settings = settings
        self.input: InputSide = _input_side(corpus, settings)
        self.objective: Objective = _objective(corpus, settings)
        # Mean loss per pair of each finished epoch, nats.
        self.losses: list[float] = []
        self._position = Position()
        self._keep = keep_probabilities(corpus.counts, settings.subsample)
        targets = max(TARGETS, 2 * settings.window)
        blocks = float(np.dot(corpus.counts, self._keep)) / (STEPS_PER_EPOCH * targets)
        self._layout = BlockLayout(
            int(np.clip(blocks, 1, BLOCKS[settings.architecture])), targets, settings.window
        )
        self._chunks = -(-len(corpus.ids) // CHUNK_IDS)
        self._steps_of_a_chunk = -(-min(CHUNK_IDS, len(corpus.ids)) // self._layout.positions)
        # Without AutoGraph: it would read the source of all that a step calls, for half a second.
        self._run = tf.function(self._run_steps, jit_compile=self.input.compilable, autograph=False)
        self._objective_step = self.objective.step if self.input.compilable else self._compiled_objective()

    def train(
        self,
        on_progress: Callable[[TrainingProgress], None] | None = None,
        checkpoint_folder: Path | None = None,
        resume: bool = False,
    ) -> None:
        """Trains to the end of the last epoch.

        Ctrl-C is heard between two calls of the compiled program, every half second or so: a checkpoint is written,
        where there is a folder for it, and `KeyboardInterrupt` goes on; what was learnt so far stays in `vectors`,
        and `train` goes on from there.

        Args:
            on_progress: called about twice a second.
            checkpoint_folder: where the state is written about once a minute.
            resume: start from the checkpoint there.

        Raises:
            UserError: if `resume` finds no checkpoint, or one of another corpus or other settings.
        """
        if resume and checkpoint_folder is not None:
            self._position, self.losses = read_checkpoint(
                checkpoint_folder, self._variables, self.settings, self.corpus
            )
        began, done_before = time.monotonic(), self.words_done

        def tell() -> None:
            if on_progress is not None:
                on_progress(self._progress(began, done_before))

        write = functools.partial(self._write, checkpoint_folder) if checkpoint_folder is not None else None
        run_steps(self._train(), tell, write)

    def vectors(self) -> np.ndarray:
        """The words' vectors, float32 `[words, dimension]`, in the order of `corpus.words`."""
        words = len(self.corpus.words)
        # In parts: a word of n-grams is the mean of many rows, which are looked up together.
        starts = range(0, words, WORDS_AT_ONCE)
        parts = [self.input.look_up(tf.range(at, min(at + WORDS_AT_ONCE, words))) for at in starts]
        return np.concatenate(parts)[:, : self.settings.dimension]

    @property
    def words_done(self) -> int:
        """Tokens gone through so far, over all epochs; those that subsampling left out included."""
        position = self._position
        ids = min(position.chunk * CHUNK_IDS + position.ids, len(self.corpus.ids))
        return position.epoch * self.corpus.tokens + self.corpus.tokens * ids // len(self.corpus.ids)

    def _progress(self, began: float, done_before: int) -> TrainingProgress:
        position = self._position
        return TrainingProgress(
            position.epoch + 1,
            self.words_done,
            self.settings.epochs * self.corpus.tokens,
            position.loss / max(position.pairs, 1.0),
            time.monotonic() - began,
            done_before,
        )

    @property
    def _variables(self) -> list[tf.Variable]:
        return [*self.input.variables, *self.objective.variables]

    def _train(self) -> Iterator[None]:
        """Goes on from the position to the end; yields after each call of the compiled program."""
        steps_per_call = MEASURED_EVERY
        with ThreadPoolExecutor(1) as preparing:
            places = self._places()
            place = next(places, None)
            prepared = preparing.submit(self._prepare, *place) if place else None
            while place is not None and prepared is not None:
                chunk, drawn = prepared.result()
                following = next(places, None)
                prepared = preparing.submit(self._prepare, *following) if following else None
                steps = len(chunk.stream)
                arrays = [
                    self._to_fixed_shape(part) for part in (chunk.stream, chunk.left, chunk.right, drawn)
                ]
                rates = self._learning_rates(*place)
                step = self._position.step
                while step < steps:
                    started = time.monotonic()
                    end = min(step + steps_per_call, steps)
                    loss, pairs = self._run(*arrays, *(tf.constant(n) for n in (step, end, steps)), *rates)
                    self._arrive(place, end, steps, float(loss), float(pairs))
                    if time.monotonic() - started < _SECONDS_PER_CALL / 2:
                        steps_per_call *= 2
                    step = end
                    yield
                self._leave_chunk(place)
                place = following

    def _places(self) -> Iterator[tuple[int, int]]:
        """Epoch and chunk of all that is still to do."""
        chunk = self._position.chunk
        for epoch in range(self._position.epoch, self.settings.epochs):
            for number in range(chunk, self._chunks):
                yield epoch, number
            chunk = 0

    def _ids(self, chunk: int) -> np.ndarray:
        return self.corpus.ids[chunk * CHUNK_IDS : (chunk + 1) * CHUNK_IDS]

    def _prepare(self, epoch: int, chunk: int) -> tuple[Steps, np.ndarray]:
        """A chunk's steps and noise; chance hangs on the place alone, so any chunk can be made again."""
        settings = self.settings
        generator = np.random.default_rng([settings.seed, epoch, chunk])
        kept = windows(self._ids(chunk), self._keep, settings.window, generator)
        steps = cut_into_steps(*kept, window=settings.window, positions=self._layout.positions)
        return steps, self.objective.draw(generator, len(steps.stream), self._layout.blocks)

    def _to_fixed_shape(self, array: np.ndarray) -> tf.Tensor:
        """Pads the steps to the most a chunk can have: another shape would be another program to compile."""
        padded = np.zeros((self._steps_of_a_chunk, *array.shape[1:]), array.dtype)
        padded[: len(array)] = array
        return tf.constant(padded)

    def _learning_rates(self, epoch: int, chunk: int) -> tuple[tf.Tensor, tf.Tensor]:
        """At the start and at the end of a chunk: falls linearly with the corpus gone through."""
        begin, end = self.settings.starting_rate, self.settings.final_learning_rate
        done = (epoch + np.array([chunk, min(chunk + 1, self._chunks)]) / self._chunks) / self.settings.epochs
        at = begin + (end - begin) * done
        return tf.constant(at[0], tf.float32), tf.constant(at[1], tf.float32)

    def _run_steps(self, stream, left, right, drawn, first, last, steps, rate_begin, rate_end):
        """Steps `first` to `last` of a chunk of `steps`: int32 scalars.

        Returns:
            float32 scalars: the loss of the measured steps, and how many pairs they had.
        """
        one_step = self._skip_gram if self.settings.architecture == "skipgram" else self._cbow

        def run(step, loss, pairs):
            share = tf.cast(step, tf.float32) / tf.cast(steps, tf.float32)
            rate = rate_begin + (rate_end - rate_begin) * share
            step_loss, step_pairs = one_step(stream[step], left[step], right[step], drawn[step], rate)
            measured = tf.equal(step % MEASURED_EVERY, 0)
            return (
                step + 1,
                loss + tf.cond(measured, step_loss, lambda: 0.0),
                pairs + tf.where(measured, step_pairs, 0.0),
            )

        # Not `for step in tf.range(first, last)`: XLA compiles that anew for every number of steps.
        _, loss, pairs = tf.while_loop(
            lambda step, *_: step < last, run, (first, 0.0, 0.0), parallel_iterations=1
        )
        return loss, pairs

    def _skip_gram(self, stream, left, right, drawn, rate):
        layout = self._layout
        matrix = layout.window_matrix(left, right)
        hidden = layout.overlap(self.input.look_up(stream))
        loss, d_hidden = self._objective_step(hidden, self._targets(stream), matrix, drawn, rate)
        pairs = tf.reduce_sum(matrix, 1)
        self.input.descend(stream, layout.add_up(d_hidden), layout.add_up(pairs), rate)
        return loss, tf.reduce_sum(pairs)

    def _cbow(self, stream, left, right, drawn, rate):
        layout = self._layout
        mean, transposed = layout.mean_matrices(left, right)
        hidden = tf.matmul(mean, layout.overlap(self.input.look_up(stream)))
        valid = tf.cast(layout.split(left + right) > 0, tf.float32)
        loss, d_hidden = self._objective_step(hidden, self._targets(stream), valid, drawn, rate)
        d_rows = tf.matmul(transposed, d_hidden)
        self.input.descend(stream, layout.add_up(d_rows), layout.add_up(tf.reduce_sum(mean, 1)), rate)
        return loss, tf.reduce_sum(valid)

    def _compiled_objective(self) -> Callable:
        """The objective's step as a program of its own, where the whole step cannot be one.

        TensorFlow's own scatter adds a row's gradients up in any order on several threads, and rounds in any way.
        """

        def step_and_loss(*arguments):
            loss, d_hidden = self.objective.step(*arguments)
            return loss(), d_hidden

        compiled = tf.function(step_and_loss, jit_compile=True, autograph=False)

        def step(*arguments):
            loss, d_hidden = compiled(*arguments)
            return lambda: loss, d_hidden

        return step

    def _targets(self, stream):
        return self._layout.split(stream[self.settings.window : -self.settings.window])

    def _arrive(self, place: tuple[int, int], step: int, steps: int, loss: float, pairs: float) -> None:
        position, (epoch, chunk) = self._position, place
        ids = len(self._ids(chunk)) * step // steps
        self._position = Position(epoch, chunk, step, ids, position.loss + loss, position.pairs + pairs)

    def _leave_chunk(self, place: tuple[int, int]) -> None:
        position, (epoch, chunk) = self._position, place
        if chunk + 1 < self._chunks:
            self._position = Position(epoch, chunk + 1, 0, 0, position.loss, position.pairs)
        else:
            self.losses.append(position.loss / max(position.pairs, 1.0))
            self._position = Position(epoch + 1)

    def _write(self, folder: Path) -> None:
        write_checkpoint(folder, self._position, self.losses, self._variables, self.settings, self.corpus)


def _input_side(corpus: EncodedCorpus, settings: Word2VecSettings) -> InputSide:
    if settings.max_ngram:
        from tfnlp.embeddings.word2vec.char_ngrams import CharNgrams
        from tfnlp.embeddings.word2vec.ngram_rows import NgramRows

        ngrams = CharNgrams(settings.min_ngram, settings.max_ngram, settings.ngram_buckets)
        return NgramRows(corpus.words, ngrams, settings.dimension, settings.seed)
    return WordRows(len(corpus.words), settings.dimension, settings.seed)


def _objective(corpus: EncodedCorpus, settings: Word2VecSettings) -> Objective:
    width = padded_width(settings.dimension)
    if settings.loss == "hierarchical":
        from tfnlp.embeddings.word2vec.hierarchical_softmax import HierarchicalSoftmax

        return HierarchicalSoftmax(corpus.counts, width)
    if settings.loss == "full":
        from tfnlp.embeddings.word2vec.full_softmax import FullSoftmax

        return FullSoftmax(corpus.counts, width)
    return NegativeSampling(
        corpus.counts,
        width,
        negatives=settings.negatives,
        noise_power=settings.noise_power,
        shared=SHARED_NOISE,
    )
