"""A task's network made fit to travel: plain float32, and no kernel that only some machines have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def portable(task: Any) -> Iterator[None]:
    """Within the block the task computes in float32 and without cuDNN; afterwards it is as it was.

    A network trained in mixed precision would carry bfloat16 casts into its copies, which edge
    runtimes lack; one traced beside a GPU would carry cuDNN's fused LSTM, which a CPU server
    lacks. The weights are float32 under every mixed policy, so nothing is lost.

    Args:
        task: a Keras model.
    """
    import keras

    changed: list[tuple[Any, str, Any]] = []

    def change(layer: Any, attribute: str, value: Any) -> None:
        changed.append((layer, attribute, getattr(layer, attribute)))
        setattr(layer, attribute, value)

    try:
        for layer in task._flatten_layers():
            # Integer and string layers keep theirs: theirs is no question of precision.
            if layer.compute_dtype in ("float16", "bfloat16"):
                change(layer, "dtype_policy", keras.dtype_policies.get("float32"))
            if getattr(layer, "use_cudnn", False):
                change(layer, "use_cudnn", False)
        _forget_traces(task)
        yield
    finally:
        for layer, attribute, value in reversed(changed):
            setattr(layer, attribute, value)
        _forget_traces(task)


def _forget_traces(task: Any) -> None:
    """What Keras, or the task, keeps as traced graphs must be traced anew on either side."""
    task.predict_function = None
    if hasattr(task, "forget_traces"):
        task.forget_traces()
