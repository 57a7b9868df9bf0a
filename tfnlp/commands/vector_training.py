"""`tfnlp vectors train`: from a corpus to a file of word vectors."""

from __future__ import annotations

import dataclasses
import logging
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tfnlp.commands.vector_learning import encoded_corpus, trainer_of, vectors_from_counts
from tfnlp.commands.vector_progress import VectorProgress, in_words
from tfnlp.commands.vector_settings import COUNTED, VectorSettings
from tfnlp.commands.vector_training_folder import LossHistory, TrainingFolder
from tfnlp.embeddings.encoded_corpus import EncodedCorpus
from tfnlp.embeddings.files.vector_writers import ENDINGS
from tfnlp.embeddings.word_vectors import WordVectors
from tfnlp.errors import UserError, did_you_mean
from tfnlp.files import write_json_atomically
from tfnlp.version import __version__

logger = logging.getLogger(__name__)

_SECONDS_PER_HISTORY = 10.0


def train_vectors(
    settings: VectorSettings,
    out: Path,
    *,
    progress: VectorProgress,
    resume: bool = False,
    memory_bytes: int = 1 << 30,
    go_on_with: str = "",
) -> dict[str, Any]:
    """Learns vectors and writes them, how the loss went as a picture, and what was done as JSON.

    A tokenizer that was learnt from the corpus goes beside them, as `FILE.tokenizer.keras`. An unfinished training
    lies in `.FILE.training`. Ctrl-C writes the vectors so far.

    Args:
        settings: how to train.
        out: the file; its ending says the format.
        progress: shows how far it is.
        resume: go on with the unfinished training of this file.
        memory_bytes: memory for counting co-occurrences; what is over goes to the disk.
        go_on_with: the command that goes on, for the message after Ctrl-C.

    Returns:
        what the JSON holds.

    Raises:
        UserError: for a mistake in the settings or the corpus.
    """
    _check_ending(out, settings)
    started = time.perf_counter()
    folder = TrainingFolder(out)
    folder.begin(settings, resume)
    try:
        corpus = encoded_corpus(settings, folder, progress)
        if settings.method in COUNTED:
            vectors = WordVectors(
                corpus.words,
                vectors_from_counts(settings, corpus, folder, progress, memory_bytes),
                counts=corpus.counts,
            )
            told: dict[str, Any] = {}
        else:
            trainer = trainer_of(settings, corpus, folder, progress, memory_bytes)
            training = _Training(trainer, folder, progress)
            try:
                training.run()
            except KeyboardInterrupt:
                progress.close()
                _write(trainer, corpus, out)
                folder.hand_over_tokenizer()
                logger.warning("stopped after %s; the vectors so far are in %s", training.place, out)
                raise
            vectors = _write(trainer, corpus, out)
            told = training.facts()
    except KeyboardInterrupt:
        logger.warning("go on with: %s", go_on_with)
        raise
    finally:
        progress.close()
    if not told:
        vectors.save(out)
    facts = {
        "tfnlp": __version__,
        "settings": dataclasses.asdict(settings),
        "corpus": {
            "tokens": corpus.tokens,
            "sentences": corpus.sentences,
            "dropped_tokens": corpus.dropped_tokens,
        },
        "words": len(vectors),
        "dimension": vectors.dimension,
        **told,
        "seconds": round(time.perf_counter() - started, 2),
        "peak_memory_mib": _peak_memory_mib(),
    }
    beside = out.with_name(out.name + ".json")
    write_json_atomically(beside, facts)
    files = [out, beside, *folder.hand_over_tokenizer()]
    if told and told["loss_history"]:
        files.append(_draw_loss(settings, told["loss_history"], out))
    folder.remove()
    return {**facts, "files": [str(file) for file in files]}


class _Training:
    """A trainer at work, heard by the progress bar and by the picture of the loss."""

    def __init__(self, trainer: Any, folder: TrainingFolder, progress: VectorProgress):
        self.trainer = trainer
        self.folder = folder
        self.progress = progress
        self.epochs: int = trainer.settings.epochs
        self.resumed = folder.has_checkpoint
        self.history = folder.read_history() if self.resumed else LossHistory()
        self.last: Any = None  # what the trainer last said of itself
        self._saved = time.monotonic()
        self._epochs_told = 0

    def run(self) -> None:
        """Trains to the end."""
        self.progress.stage("training")
        try:
            self.trainer.train(self._hear, self.folder.checkpoint, self.resumed)
        finally:
            self._tell_epochs()
            self.folder.write_history(self.history)

    @property
    def place(self) -> str:
        """How far it got, for a message."""
        done = self.epochs * self.last.words_done / self.last.words if self.last else 0
        return f"{done:.2f} of {self.epochs} epochs"

    def facts(self) -> dict[str, Any]:
        """What is told in the JSON."""
        return {
            "training": dataclasses.asdict(self.trainer.settings),
            "epoch_losses": [round(loss, 6) for loss in self.trainer.losses],
            "words_per_second": round(self.last.words_per_second) if self.last else None,
            "training_seconds": round(self.history.seconds, 2),
            "loss_history": [[round(epoch, 4), round(loss, 6)] for epoch, loss in self.history.points],
        }

    def _hear(self, told: Any) -> None:
        if self.last is None:  # those that an earlier part told
            self._epochs_told = self.epochs * told.words_at_start // told.words
        self.last = told
        self._tell_epochs()
        self.history.add(told, self.epochs)
        epoch = f"{min(told.epoch, self.epochs)}/{self.epochs}"
        self.progress.update(told.words_done, told.words, loss=told.loss, epoch=epoch)
        if time.monotonic() - self._saved > _SECONDS_PER_HISTORY:
            self.folder.write_history(self.history)
            self._saved = time.monotonic()

    def _tell_epochs(self) -> None:
        for epoch in range(self._epochs_told + 1, len(self.trainer.losses) + 1):
            self.progress.say(
                f"epoch {epoch}/{self.epochs}  loss {self.trainer.losses[epoch - 1]:.4f}  "
                f"{self.last.words_per_second:,.0f} words/s  {in_words(self.history.seconds)}"
            )
        self._epochs_told = len(self.trainer.losses)


def _check_ending(out: Path, settings: VectorSettings) -> None:
    """Refuses a file that could not be written in the end."""
    ending = Path(out.stem).suffix if out.suffix == ".gz" else out.suffix
    if ending not in ENDINGS:
        raise UserError(
            f"{out}: no format goes by the ending {out.suffix!r}.{did_you_mean(out.suffix, ENDINGS)} There: "
            f"{', '.join(ENDINGS)}"
        )
    if out.is_dir():
        raise UserError(f"{out} is a folder; name the file in it")
    if settings.ngrams and ending != ".npz":
        logger.warning("only an .npz keeps the n-grams; in %s unseen words will have no vectors", out)


def _write(trainer: Any, corpus: EncodedCorpus, out: Path) -> WordVectors:
    unseen = getattr(getattr(trainer, "input", None), "unseen", None)  # of n-grams
    vectors = WordVectors(
        corpus.words, trainer.vectors(), counts=corpus.counts, unseen=unseen() if unseen else None
    )
    vectors.save(out)
    return vectors


def _draw_loss(settings: VectorSettings, points: list[list[float]], out: Path) -> Path:
    from tfnlp.plots.training_loss import plot_training_loss

    label = "weighted squared error a pair" if settings.method == "glove" else "loss a pair, nats"
    epochs, losses = zip(*points)
    return plot_training_loss(
        epochs,
        losses,
        out.with_name(out.name + ".loss.png"),
        title=f"{out.name}: {settings.method}",
        y_label=label,
    )


def _peak_memory_mib() -> int:
    """The most memory that this process has had so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20 if sys.platform == "darwin" else 1 << 10)
