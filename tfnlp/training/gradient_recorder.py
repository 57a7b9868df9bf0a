"""Takes a network's gradients' measure as it is trained."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from tfnlp.files import write_json_atomically
from tfnlp.training.gradient_health import GradientHealth, GradientMeter
from tfnlp.training.gradient_trouble import gradient_warnings

logger = logging.getLogger(__name__)


class GradientRecorder(keras.callbacks.Callback):
    """Measures before the first epoch and after each, always on the same batch; warns once of each kind of trouble.

    Args:
        meter: what measures.
        path: the JSON file to write, e.g. `gradient_health.json` of a run; a run that goes on finds there what it
            measured before.
        histograms: folder of TensorBoard's logs in which each weight's gradients are drawn, or None.
        encoder: the recipe's `[encoder]`, for what a warning recommends.
        training: the recipe's `[training]`, likewise.
    """

    def __init__(
        self,
        meter: GradientMeter,
        path: Path,
        *,
        histograms: Path | None = None,
        encoder: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
    ):
        super().__init__()
        self.meter = meter
        self.path = path
        self.histograms = histograms
        self.settings = {"encoder": encoder, "training": training}
        self.records: list[GradientHealth] = read_gradient_health(path)
        self._writer: Any = None
        self._told: set[str] = set()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Measures the untrained network; forgets epochs that a training which goes on does again."""
        self.records = [record for record in self.records if record.epoch <= epoch]
        if not self.records:
            self._measure(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measures."""
        self._measure(epoch + 1)

    def on_train_end(self, logs: Any = None) -> None:
        """Closes TensorBoard's file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _measure(self, epoch: int) -> None:
        record, gradients = self.meter.measure_with_gradients(epoch)
        self.records.append(record)
        warnings = gradient_warnings(self.records, **self.settings)
        for kind in warnings.keys() - self._told:
            logger.warning("gradients %s", warnings[kind])
        self._told |= warnings.keys()
        write_json_atomically(
            self.path,
            {"warnings": list(warnings.values()), "epochs": [record.as_dict() for record in self.records]},
        )
        if self.histograms is not None:
            self._write_histograms(epoch, gradients)

    def _write_histograms(self, epoch: int, gradients: Mapping[str, Any]) -> None:
        import tensorflow as tf

        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self.histograms))
        with self._writer.as_default(step=epoch):
            for name, values in gradients.items():
                tf.summary.histogram(name, values)
            tf.summary.scalar("gradient_norm", self.records[-1].norm)


def read_gradient_health(path: Path) -> list[GradientHealth]:
    """What a run measured, in the order of its epochs; empty if it measured nothing."""
    if not path.is_file():
        return []
    return [GradientHealth.from_dict(record) for record in json.loads(path.read_text("utf-8"))["epochs"]]
