"""A task as a TensorFlow SavedModel: text in, labels and scores out, nothing of tfnlp or Keras needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfnlp.export.disk import full_disk_told
from tfnlp.export.ops import check_ops
from tfnlp.export.portable import portable
from tfnlp.export.quiet import quiet_tensorflow
from tfnlp.export.task_export import export_of_task
from tfnlp.export.versions import staged_version
from tfnlp.export.warmup import write_warmup


def export_saved_model(task: Any, directory: str | os.PathLike[str]) -> Path:
    """Writes the next version below a model's folder, whole or not at all.

    Only the SavedModel is written and its ops are checked; `tfnlp.export.export` also writes the
    edge files and proves that every copy agrees.

    Args:
        task: a trained `TextClassifier`, `TokenTagger` or `LanguageModel`.
        directory: the model's folder, `saved_models/<name>`.

    Returns:
        the version's folder, `saved_models/<name>/<version>`.

    Raises:
        UserError: if the model holds an op that a stock model server cannot run, a label cannot
            stand in `labels.txt`, or the disk is full.
    """
    directory = Path(directory)
    with full_disk_told(directory), staged_version(directory) as staged:
        write_saved_model(task, staged.folder, staged.scratch, model_name=directory.resolve().name)
        return staged.publish()


def write_saved_model(task: Any, folder: Path, scratch: Path, *, model_name: str) -> dict[str, list[str]]:
    """Fills a folder with the SavedModel, its assets and its warm-up requests, and checks its ops.

    Signatures of a `TextClassifier`:
        `serving_default`: `text` string `[batch]` -> `label` string `[batch]` (of the highest
            score), `score` float32 `[batch]`, `labels` string `[batch, classes]`, `scores` float32
            `[batch, classes]`, in the order of `labels.txt`.
        `classify`: `inputs` string `[batch]`, each a serialized `tf.Example` whose feature `text`
            holds the text (several values are joined by a space; a missing or empty feature is the
            empty text) -> `classes` string and `scores` float32, both `[batch, classes]`.

    Those of a `TokenTagger` are told in `tfnlp.export.tagger_serving`, those of a `LanguageModel` in
    `tfnlp.export.language_model_serving`.

    Batch and time are dynamic; an empty batch gives empty answers.

    Args:
        task: a trained task.
        folder: an existing, empty folder.
        scratch: a folder for files that need not last.
        model_name: the name the model will be served under.

    Returns:
        the ops, as `check_ops` gives them.

    Raises:
        UserError: see `export_saved_model`.
    """
    import tensorflow as tf

    task_export = export_of_task(task)
    module, functions = task_export.serving(task, scratch)
    with portable(task), quiet_tensorflow():
        # The functions, not `get_concrete_function` of them: what is traced before the saving is kept twice.
        tf.saved_model.save(module, str(folder), signatures=functions)
    _check_assets(folder, task_export.ASSETS)
    write_warmup(folder, task_export.warm_up(model_name))
    return check_ops(folder)


def _check_assets(folder: Path, names: Sequence[str]) -> None:
    """Makes sure that the words travelled with the model."""
    missing = [name for name in names if not (folder / "assets" / name).is_file()]
    if missing:
        raise RuntimeError(
            f"the saved model in {folder} lacks {', '.join(missing)} among its assets; the tokenizer must "
            "keep its table on a `tf.lookup.TextFileInitializer` over a file of that name"
        )
