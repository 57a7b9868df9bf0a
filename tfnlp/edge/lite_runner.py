"""A `.tflite` file's network behind the LiteRT interpreter: arrays by name in, arrays by name out."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tfnlp.errors import UserError


class LiteRunner:
    """Runs a network with several inputs or outputs. Threads may share one; they take turns.

    Args:
        model: the file's content.
        path: the file, for messages.
        num_threads: threads for one text, at least 1.

    Raises:
        UserError: if LiteRT cannot load it.
    """

    def __init__(self, model: bytes, path: str | os.PathLike[str], num_threads: int):
        self._lock = threading.Lock()
        try:
            self._interpreter = Interpreter(model_content=model, num_threads=num_threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise UserError(f"`{path}` could not be loaded by LiteRT: {error}. Export it anew.") from error
        # The converter may add a number behind a colon to an input's name; outputs go by their types.
        self._inputs = {
            entry["name"].removeprefix("serving_default_").partition(":")[0]: entry
            for entry in self._interpreter.get_input_details()
        }
        self._outputs = self._interpreter.get_output_details()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The inputs' shapes by their names."""
        return {name: tuple(int(size) for size in entry["shape"]) for name, entry in self._inputs.items()}

    @property
    def output_shapes(self) -> list[tuple[int, ...]]:
        """The outputs' shapes in the file's order."""
        return [tuple(int(size) for size in entry["shape"]) for entry in self._outputs]

    def zeros(self, names: Sequence[str]) -> list[np.ndarray]:
        """Zeros for some inputs."""
        return [np.zeros(self._inputs[name]["shape"], self._inputs[name]["dtype"]) for name in names]

    def run(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Runs the network once; returns its outputs in the file's order."""
        with self._lock:
            for name, entry in self._inputs.items():
                self._interpreter.set_tensor(entry["index"], inputs[name])
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(entry["index"]) for entry in self._outputs]
