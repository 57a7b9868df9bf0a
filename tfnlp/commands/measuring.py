"""Sizes and speeds of what a run would ship."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tfnlp.commands.models import finished_model, load_keras
from tfnlp.commands.run_folder import RunFolder
from tfnlp.evaluation.comparison import Serving
from tfnlp.export.exporter import export
from tfnlp.export.quiet import native_stderr_turned_away


def measure(run: RunFolder) -> Serving:
    """Exports a run to a passing folder, proves that its copies agree, and takes their sizes and speeds.

    The int8 file may lose any accuracy here: what it loses is told, not judged.

    Raises:
        UserError: if the network cannot be exported.
        AgreementError: if the SavedModel does not say what the trained model says.
    """
    task = load_keras(finished_model(run))
    texts, labels = run.read_validation()
    # LiteRT announces its delegate on the native standard error.
    with tempfile.TemporaryDirectory(prefix="tfnlp-") as scratch, native_stderr_turned_away():
        result = export(
            task,
            Path(scratch) / "model",
            lite=("int8",),
            texts=texts,
            labels=labels or None,
            max_accuracy_drop=100.0,
        )
    saved_model, int8 = result.agreement.rows
    before, after = result.agreement.keras_accuracy, int8.accuracy
    return Serving(
        saved_model_bytes=saved_model.bytes,
        int8_bytes=int8.bytes,
        lite_ms=int8.median_ms,
        texts_per_second=saved_model.texts_per_second,
        int8_drop=None if before is None or after is None else 100 * (before - after),
    )
