"""What an unfinished training of word vectors keeps beside its file, in `.FILE.training`."""

from __future__ import annotations

import dataclasses
import glob
import json
import math
import shutil
from pathlib import Path
from typing import Any

from tfnlp.commands.vector_settings import VectorSettings
from tfnlp.errors import UserError
from tfnlp.files import write_bytes_atomically, write_json_atomically

_POINTS = 200  # of the picture, about


class TrainingFolder:
    """The encoded corpus, the tokenizer learnt from it, counts, checkpoint and how the loss went; gone in the end.

    Args:
        out: the file of vectors that the training makes.
    """

    def __init__(self, out: Path):
        self.out = out
        self.path = out.parent / f".{out.name}.training"
        self.corpus = self.path / "corpus"
        self.counts = self.path / "counts"
        self.checkpoint = self.path / "checkpoint"
        self.tokenizer = self.path / "tokenizer.keras"  # where it was learnt from the corpus
        self._settings = self.path / "settings.json"
        self._history = self.path / "history.json"

    @property
    def is_encoded(self) -> bool:
        """Whether the corpus has been read to its end."""
        return (self.corpus / "words.json").is_file()

    @property
    def is_counted(self) -> bool:
        """Whether the co-occurrences have been counted to the end."""
        return (self.counts / "cooccurrences.json").is_file()

    @property
    def has_checkpoint(self) -> bool:
        """Whether something has been learnt."""
        return any(self.checkpoint.glob("[!.]*.npz"))

    def begin(self, settings: VectorSettings, resume: bool) -> None:
        """Makes the folder, or checks that the training in it is the one to go on with.

        Raises:
            UserError: if there is nothing to resume, the settings differ, or work would be lost without `resume`.
        """
        for file in self.out.parent.glob(f".{glob.escape(self.out.name[:40])}.*.tmp"):
            file.unlink()  # a kill in the middle of the last write
        if resume:
            if not self._settings.is_file():
                done = ": its training is finished" if self.out.exists() else ""
                raise UserError(f"{self.out}: there is no training to resume{done}; train without --resume")
            settings.check_same(json.loads(self._settings.read_text(encoding="utf-8")), str(self.out))
            return
        if self.has_checkpoint:
            raise UserError(
                f"{self.out}: an unfinished training is there; go on with it by --resume, or remove the folder "
                f"{self.path} to begin anew"
            )
        shutil.rmtree(self.path, ignore_errors=True)  # of one that had learnt nothing yet
        write_json_atomically(self._settings, dataclasses.asdict(settings))

    def write_history(self, history: LossHistory) -> None:
        """Keeps how the loss went."""
        write_json_atomically(self._history, {"points": history.points, "seconds": history.seconds})

    def read_history(self) -> LossHistory:
        """How the loss went so far."""
        if not self._history.is_file():
            return LossHistory()
        kept = json.loads(self._history.read_text(encoding="utf-8"))
        return LossHistory([tuple(point) for point in kept["points"]], kept["seconds"])

    def hand_over_tokenizer(self) -> list[Path]:
        """Puts a tokenizer that was learnt from the corpus beside the vectors; gives its file, if there is one."""
        if not self.tokenizer.is_file():
            return []
        beside = self.out.with_name(self.out.name + ".tokenizer.keras")
        return [write_bytes_atomically(beside, self.tokenizer.read_bytes())]

    def remove(self) -> None:
        """Takes the folder away: the vectors are written."""
        shutil.rmtree(self.path, ignore_errors=True)


class LossHistory:
    """How the loss went.

    Attributes:
        points: `(epochs gone, loss a pair since the point before)`.
        seconds: spent on training, over all parts of it.
    """

    def __init__(self, points: list[tuple[float, float]] | None = None, seconds: float = 0.0):
        self.points = points or []
        self.seconds = seconds
        self._seconds_before = seconds
        self._began: tuple[float, float] | None = None  # place and its epoch's mean loss

    def add(self, progress: Any, epochs: int) -> None:
        """Notes where the training is: what it says of itself twice a second, the mean loss of the running epoch."""
        place = epochs * progress.words_done / progress.words
        if self._began is None:  # what a kill left behind the checkpoint is trained again
            self.points = [point for point in self.points if point[0] < place]
            start = epochs * progress.words_at_start / progress.words
            # At an epoch's start no mean came before; elsewhere the trainer does not say what it was.
            self._began = (start, 0.0) if start.is_integer() else (place, progress.loss)
        self.seconds = self._seconds_before + progress.seconds
        start, mean_before = self._began
        epoch_start = math.floor(start)
        if place > start:
            if place <= epoch_start + 1:
                # Two means of the epoch so far give the mean between them.
                sums = progress.loss * (place - epoch_start) - mean_before * (start - epoch_start)
                loss = sums / (place - start)
            else:
                loss = progress.loss
            if place - start < epochs / _POINTS and place < epochs:
                return
            self.points.append((place, loss))
        self._began = (place, progress.loss)
