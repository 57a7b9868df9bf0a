"""Starting biases that let gates remember from the first step of training on."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tfnlp.layers")
class ChronoBias(keras.initializers.Initializer):
    """Biases of a GRU or an LSTM whose units forget after different times, up to a given number of steps.

    A gate that keeps `σ(b)` of its memory at each step forgets after about `1 + exp(b)` steps, so `b` is drawn as
    the logarithm of a uniform number between 1 and `steps`. An LSTM's input gates start at `-b`.

    Args:
        cell: `"gru"` or `"lstm"`.
        steps: int, at least 2. The longest memory, in steps.
        seed: int or None.

    Raises:
        ValueError: if the cell has no gates, or `steps` is less than 2.

    Reference:
        Tallec and Ollivier, 2018, https://arxiv.org/abs/1804.11188
    """

    def __init__(self, cell: str, steps: int, seed: int | None = None):
        if cell not in ("gru", "lstm"):
            raise ValueError(f"only the gates of a GRU or an LSTM can remember. Received: cell={cell!r}")
        if steps < 2:
            raise ValueError(f"`steps` must be at least 2. Received: steps={steps}")
        self.cell = cell
        self.steps = steps
        self.seed = seed

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Draws biases: `[4 * units]` for an LSTM, `[2, 3 * units]` for a GRU."""
        units = shape[-1] // (4 if self.cell == "lstm" else 3)
        keep = ops.log(keras.random.uniform((units,), 1.0, self.steps, dtype=dtype, seed=self.seed))
        rest = ops.zeros((2 * units,), dtype=keep.dtype)
        if self.cell == "lstm":
            return ops.concatenate([-keep, keep, rest])
        return ops.stack([ops.concatenate([keep, rest]), ops.zeros((3 * units,), dtype=keep.dtype)])

    def get_config(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"cell": self.cell, "steps": self.steps, "seed": self.seed}
