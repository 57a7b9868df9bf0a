"""Pages of a mapped file that have been read count as the process's memory until the system wants them back."""

from __future__ import annotations

import mmap

import numpy as np


def forget_pages(array: np.ndarray) -> None:
    """Lets go of what has been read of a mapped file; it stays in the system's cache. Nothing for other arrays."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
