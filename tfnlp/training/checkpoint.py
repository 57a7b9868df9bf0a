"""All of a training's state in one file, so that a broken run goes on bit for bit."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfnlp.errors import UserError
from tfnlp.files import write_bytes_atomically


@dataclass
class Progress:
    """How far a training is.

    Attributes:
        epoch: epochs finished.
        history: a row of figures for each of them.
        best_epoch: the epoch (from 1) whose weights are the best so far, or 0.
        best_value: its monitored figure, or None.
        waited: epochs since then.
        finished: whether nothing is left to do.
        fingerprint: identifies the training texts, so that a run is not taken up on others.
    """

    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_value: float | None = None
    waited: int = 0
    finished: bool = False
    fingerprint: str = ""


def save_checkpoint(
    path: Path, model: keras.Model, progress: Progress, best_weights: list[np.ndarray] | None
) -> None:
    """Writes weights, optimizer, random states, best weights and progress, whole or not at all.

    Args:
        path: the `.npz` file.
        model: a compiled model; its optimizer is built if it was not.
        progress: how far the training is.
        best_weights: the best epoch's weights, or None.

    Raises:
        UserError: if the disk is full.
    """
    arrays = {f"state_{i}": np.asarray(value) for i, value in enumerate(_values(_state(model)))}
    arrays |= {f"best_{i}": value for i, value in enumerate(best_weights or [])}
    arrays["progress"] = np.frombuffer(json.dumps(asdict(progress)).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_bytes_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path, model: keras.Model) -> tuple[Progress, list[np.ndarray] | None]:
    """Reads a checkpoint into the model and its optimizer.

    Returns:
        the progress, and the best weights or None.

    Raises:
        UserError: if the file is missing, broken, or of a model of other shapes.
    """
    try:
        with np.load(path) as stored:
            arrays = dict(stored)
    except FileNotFoundError:
        raise UserError(f"no checkpoint at {path}; the run stopped before it began: train anew") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not a readable checkpoint ({error}); train anew") from None
    state = _state(model)
    values = [arrays[f"state_{i}"] for i in range(sum(name.startswith("state_") for name in arrays))]
    if [value.shape for value in values] != [tuple(variable.shape) for variable in state]:
        raise UserError(
            f"{path}: belongs to a model of another shape; resume with the recipe that the run began with"
        )
    for variable, value in zip(state, values):
        variable.assign(value)
    progress = Progress(**json.loads(arrays["progress"].tobytes()))
    best = [arrays[f"best_{i}"] for i in range(sum(name.startswith("best_") for name in arrays))]
    return progress, best or None


def _state(model: keras.Model) -> list[Any]:
    """The weights, the dropout's seeds, and the optimizer's slots; metrics start anew with each epoch."""
    model.optimizer.build(model.trainable_variables)
    metrics = {id(variable) for variable in model.metrics_variables}
    return [v for v in model.variables if id(v) not in metrics] + list(model.optimizer.variables)


def _values(variables: list[Any]) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable) for variable in variables]
