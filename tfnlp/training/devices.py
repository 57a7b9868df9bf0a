"""What the training runs on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import tensorflow as tf


def describe_device() -> str:
    """Names the accelerators that TensorFlow found or, where there is none, the processor and its cores."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
        return f"GPU: {', '.join(names)}"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"CPU: {_processor_name()}, {cores} core{'' if cores == 1 else 's'}"


def _processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
