"""Training that keeps the best epoch, survives a kill, and goes on as if nothing had happened."""

from __future__ import annotations

import hashlib
import itertools
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfnlp.errors import UserError
from tfnlp.training.averaging import EvaluateAverage, averaged_weights
from tfnlp.training.checkpoint import Progress, load_checkpoint, save_checkpoint

logger = logging.getLogger(__name__)

MONITORS = {"valid_accuracy": max, "valid_f1": max, "valid_loss": min, "valid_perplexity": min}


class Trainer:
    """Fits a compiled task, with a checkpoint at the end of each epoch.

    The weights kept at the end are those of the epoch with the best `monitor`; where the optimizer averages
    weights, the averages are what is evaluated and kept. Batches depend on `(seed, epoch)` alone and
    the checkpoint holds every random state, so a run that was stopped anywhere and resumed ends with the same
    bits as one that never was.

    Args:
        task: a compiled task, e.g. `TextClassifier`.
        checkpoint: path of the `.npz` file to write and to resume from, or None for no checkpoints.
        epochs: int, most epochs.
        batch_size: int, texts a step.
        seed: int, of the order of the texts.
        bucket: bool. Whether texts of like length share a batch.
        early_stopping: int, epochs without improvement after which to stop; 0 to never stop.
        monitor: `"valid_accuracy"`, `"valid_f1"` (of taggers), `"valid_perplexity"` (of language models) or
            `"valid_loss"`.
        callbacks: Keras callbacks; they see the figures of an epoch as Keras names them.
        after_epoch: called with the progress once an epoch is safe on disk, or None.

    Raises:
        ValueError: if `monitor` is unknown.
    """

    def __init__(
        self,
        task: keras.Model,
        *,
        checkpoint: Path | None = None,
        epochs: int = 10,
        batch_size: int = 64,
        seed: int = 0,
        bucket: bool = True,
        early_stopping: int = 3,
        monitor: str = "valid_accuracy",
        callbacks: Sequence[keras.callbacks.Callback] = (),
        after_epoch: Callable[[Progress], object] | None = None,
    ):
        if monitor not in MONITORS:
            raise ValueError(f"`monitor` must be one of {tuple(MONITORS)}. Received: monitor={monitor!r}")
        self.task = task
        self.checkpoint = checkpoint
        self.epochs = epochs
        self.batch_size = batch_size
        self.seed = seed
        self.bucket = bucket
        self.early_stopping = early_stopping
        self.monitor = monitor
        self.callbacks = list(callbacks)
        self.after_epoch = after_epoch
        self.progress = Progress()
        self.best_weights: list[np.ndarray] | None = None

    def fit(
        self,
        texts: Sequence[Any],
        labels: Any,
        validation: tuple[Sequence[Any], Any] | None = None,
        *,
        class_weight: Mapping[str, float] | None = None,
        resume: bool = False,
    ) -> Progress:
        """Trains to the end, from the start or from the checkpoint.

        Args:
            texts: training texts, or whatever else the task's `fit` takes.
            labels: their labels, as the task's `fit` takes them; None for a task without.
            validation: texts and labels that pick the best epoch; without them the last epoch is kept.
            class_weight: label -> weight, or None.
            resume: whether to go on from the checkpoint.

        Returns:
            the progress, finished; the task then holds the kept weights.

        Raises:
            UserError: if there is nothing to resume, or the texts are not those the run began with, or the
                loss is no longer a number.
        """
        fingerprint = fingerprint_of(texts, labels)
        if resume:
            if self.checkpoint is None:
                raise UserError("there is no checkpoint to resume from: this trainer writes none")
            self.progress, self.best_weights = load_checkpoint(self.checkpoint, self.task)
            if self.progress.fingerprint != fingerprint:
                raise UserError(
                    "the training texts are not those the run began with; put the old files back, or train anew"
                )
        else:
            self.progress = Progress(fingerprint=fingerprint)
            self._save()
        if not self.progress.finished:
            self.task.fit(
                texts,
                labels,
                batch_size=self.batch_size,
                initial_epoch=self.progress.epoch,
                epochs=self.epochs,
                validation_data=validation,
                class_weight=class_weight,
                seed=self.seed,
                bucket=self.bucket,
                verbose=0,
                # Ours comes first: the others then see an epoch that is already safe on disk.
                callbacks=[_StopAtNaN(), EvaluateAverage(), _EpochEnd(self), *self.callbacks],
            )
            self.progress.finished = True
            self._save()
        if self.best_weights is not None:
            self.task.set_weights(self.best_weights)
        return self.progress

    def _save(self) -> None:
        if self.checkpoint is not None:
            save_checkpoint(self.checkpoint, self.task, self.progress, self.best_weights)

    def _finish_epoch(self, row: dict[str, float]) -> bool:
        """Takes note of an epoch's figures; returns whether to stop."""
        progress = self.progress
        progress.epoch += 1
        progress.history.append(row)
        value = row.get(self.monitor)
        if value is None or self._is_better(row, value):
            # Without validation texts the newest epoch is always the one to keep.
            progress.best_value, progress.best_epoch, progress.waited = value, progress.epoch, 0
            self.best_weights = averaged_weights(self.task)
        else:
            progress.waited += 1
        stop = bool(self.early_stopping) and progress.waited >= self.early_stopping
        progress.finished = stop
        self._save()
        if self.after_epoch is not None:
            self.after_epoch(progress)
        return stop

    def _is_better(self, row: dict[str, float], value: float) -> bool:
        """Whether an epoch beats the best so far; on a tie, common with few validation texts, its loss decides."""
        if self.progress.best_value is None:
            return True
        if value != self.progress.best_value:
            return MONITORS[self.monitor]((value, self.progress.best_value)) == value
        return row["valid_loss"] < self.progress.history[self.progress.best_epoch - 1]["valid_loss"]


class _StopAtNaN(keras.callbacks.Callback):
    """Ends a training at the step whose loss is no number: each step after it would spoil nothing but time."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = float(
            (logs or {}).get("loss", 0.0)
        )  # the mean of the epoch so far: no number from that step on
        if not math.isfinite(loss):
            raise UserError(
                f"the loss of step {batch + 1} of epoch {self.epoch + 1} is {loss}: the training diverged. Lower "
                "`training.learning_rate`, or set `training.clip_norm` (1.0 is usual). The checkpoint of the last "
                "whole epoch is as it was"
            )


class _EpochEnd(keras.callbacks.Callback):
    """Hands each epoch's figures to the trainer."""

    def __init__(self, trainer: Trainer):
        super().__init__()
        self.trainer = trainer
        self.started = 0.0
        self.trained: float | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.started, self.trained = time.perf_counter(), None

    def on_test_begin(self, logs: Any = None) -> None:
        self.trained = time.perf_counter()  # the steps are done; what follows is the validation

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        figures = {name.replace("val_", "valid_", 1): float(value) for name, value in (logs or {}).items()}
        ended = time.perf_counter()
        row = {
            "epoch": epoch + 1,
            **figures,
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            "seconds": round(ended - self.started, 3),
            "steps_seconds": round((self.trained or ended) - self.started, 4),  # without the validation
        }
        if self.trainer._finish_epoch(row):
            logger.info(
                "no better %s for %d epochs: stopping", self.trainer.monitor, self.trainer.early_stopping
            )
            self.model.stop_training = True


def fingerprint_of(texts: Sequence[Any], labels: Any) -> str:
    """Returns a digest of texts and labels in their order: equal for equal data, in any process."""
    digest = hashlib.sha256()
    for text, label in zip(texts, itertools.repeat(None) if labels is None else labels):
        digest.update(repr((text, label)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
