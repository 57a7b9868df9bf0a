"""How far the training is: a bar on a terminal, a plain line an epoch in a log."""

from __future__ import annotations

import math
from typing import Any

import keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# A terminal is redrawn a few times a second; reading the loss each step would hold up the training.
_STEPS_PER_UPDATE = 10


class ProgressBar(keras.callbacks.Callback):
    """Shows the steps of the running epoch and a line of figures for each finished one.

    Args:
        console: where to; a bar is drawn only if it is a terminal.
        heading: what stands before the bar, e.g. which training of several it is.
    """

    def __init__(self, console: Console, heading: str = ""):
        super().__init__()
        self.console = console
        self.heading = heading
        self.bar: Progress | None = None
        self.task: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Puts the bar up."""
        if self.console.is_terminal:
            self.bar = Progress(
                *([TextColumn(self.heading, markup=False)] if self.heading else []),
                TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("loss {task.fields[loss]:.4f}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self.console,
                transient=True,
            )
            self.bar.start()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the bar anew."""
        if self.bar:
            if self.task is not None:
                self.bar.remove_task(self.task)
            self.task = self.bar.add_task(
                "",
                total=self.params.get("steps"),
                epoch=epoch + 1,
                epochs=self.params["epochs"],
                loss=math.nan,
            )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves the bar."""
        if self.bar and batch % _STEPS_PER_UPDATE == 0:
            self.bar.update(self.task, completed=batch + 1, loss=float((logs or {}).get("loss", math.nan)))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Prints the epoch's figures."""
        figures = "  ".join(
            f"{name.replace('val_', 'valid ')} {value:.4f}" for name, value in (logs or {}).items()
        )
        self.console.print(
            f"epoch {epoch + 1}/{self.params['epochs']}  {figures}", highlight=False, soft_wrap=True
        )

    def on_train_end(self, logs: Any = None) -> None:
        """Takes the bar down."""
        self.close()

    def close(self) -> None:
        """Takes the bar down, also when the training was cut short."""
        if self.bar:
            self.bar.stop()
            self.bar = None


class ProgressBars:
    """A bar for each of several trainings, one at a time.

    Args:
        console: where to; None for no bars.
    """

    def __init__(self, console: Console | None):
        self.console = console
        self.bar: ProgressBar | None = None

    def next(self, heading: str) -> list[ProgressBar]:
        """The next training's bar; one that a failed training left up is taken down."""
        self.close()
        self.bar = ProgressBar(self.console, heading) if self.console else None
        return [self.bar] if self.bar else []

    def close(self) -> None:
        """Takes the last bar down."""
        if self.bar:
            self.bar.close()
