"""How many digits a sum has: the most that its parts have, and no fewer than single precision gives."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def full_precision(dtype: Any) -> str:
    """`"float64"` for double precision, which a check of gradients computes in; `"float32"` for any other."""
    return "float64" if keras.backend.standardize_dtype(dtype) == "float64" else "float32"


def widened(values: Any) -> Any:
    """Half precision, and whole numbers, as float32; what has as many digits or more as it is."""
    return ops.cast(values, full_precision(values.dtype))
