import json
import logging

import numpy as np

from tfnlp.training.gradient_health import GradientHealth, LayerHealth
from tfnlp.training.gradient_recorder import GradientRecorder, read_gradient_health


class Meter:
    """Of each epoch the norm is told; 500 is too large."""

    def __init__(self, *norms):
        self.norms = dict(enumerate(norms))

    def measure_with_gradients(self, epoch):
        layers = [LayerHealth("cell", 0.1, 1.0, True)]
        health = GradientHealth(epoch, 1.0, self.norms[epoch], layers, [1.0, 0.5])
        return health, {"cell/kernel": np.linspace(-1, 1, 9)}


def epochs(recorder, *numbers):
    for epoch in numbers:
        recorder.on_epoch_begin(epoch)
        recorder.on_epoch_end(epoch)
    recorder.on_train_end()


def test_the_start_and_each_epoch_are_written_and_trouble_told_once(tmp_path, caplog):
    path = tmp_path / "gradient_health.json"
    with caplog.at_level(logging.WARNING, "tfnlp"):
        epochs(GradientRecorder(Meter(1.0, 500.0, 600.0), path, histograms=tmp_path / "logs"), 0, 1)
    assert [record.epoch for record in read_gradient_health(path)] == [0, 1, 2]
    assert [message for message in caplog.messages if "explodes" in message] == [caplog.messages[0]]
    assert "after epoch 2" in json.loads(path.read_text())["warnings"][0]
    assert list((tmp_path / "logs").glob("events*"))


def test_a_run_that_goes_on_keeps_what_it_measured(tmp_path):
    path = tmp_path / "gradient_health.json"
    epochs(GradientRecorder(Meter(1.0, 2.0, 3.0, 4.0), path), 0, 1)
    # stopped in its second epoch after all, which is done again
    epochs(GradientRecorder(Meter(1.0, 2.0, 7.0, 8.0), path), 1, 2)
    found = read_gradient_health(path)
    assert [(record.epoch, record.norm) for record in found] == [(0, 1.0), (1, 2.0), (2, 7.0), (3, 8.0)]
    assert read_gradient_health(tmp_path / "nothing.json") == []
