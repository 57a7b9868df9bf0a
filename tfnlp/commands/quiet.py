"""Loading TensorFlow without the notes that it writes past every log level."""

from __future__ import annotations

import sys

from tfnlp.export.quiet import native_stderr_turned_away


def load_tensorflow_quietly() -> None:
    """Imports TensorFlow and lets it look for devices, its native code's standard error turned away meanwhile.

    Before its logging is set up, TensorFlow's native code writes to file descriptor 2 whatever
    `TF_CPP_MIN_LOG_LEVEL` says: that no GPU driver was found, on each machine without a GPU. What was found is told
    by `tfnlp.training.describe_device`; a failed import still raises.
    """
    if "tensorflow" in sys.modules:
        return
    with native_stderr_turned_away():
        import tensorflow as tf

        tf.config.list_physical_devices("GPU")
