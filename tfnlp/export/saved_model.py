"""A task as a TensorFlow SavedModel: text in, labels and scores out, nothing of tfnlp or Keras needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfnlp.errors import UserError
from tfnlp.export.disk import full_disk_told
from tfnlp.export.ops import check_ops
from tfnlp.export.portable import portable
from tfnlp.export.quiet import quiet_tensorflow
from tfnlp.export.tflite import lines
from tfnlp.export.versions import staged_version
from tfnlp.export.warmup import write_warmup_requests

_WARMUP_TEXTS = ("", "tfnlp", "This film was a pleasure from start to end.", "这部电影很好看，值得推荐。")


def export_saved_model(task: Any, directory: str | os.PathLike[str]) -> Path:
    """Writes the next version below a model's folder, whole or not at all.

    Only the SavedModel is written and its ops are checked; `tfnlp.export.export` also writes the
    edge files and proves that every copy agrees.

    Args:
        task: a trained `TextClassifier`.
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

    Signatures:
        `serving_default`: `text` string `[batch]` -> `label` string `[batch]` (of the highest
            score), `score` float32 `[batch]`, `labels` string `[batch, classes]`, `scores` float32
            `[batch, classes]`, in the order of `labels.txt`.
        `classify`: `inputs` string `[batch]`, each a serialized `tf.Example` whose feature `text`
            holds the text (several values are joined by a space; a missing or empty feature is the
            empty text) -> `classes` string and `scores` float32, both `[batch, classes]`.

    Batch and time are dynamic; an empty batch gives empty answers.

    Args:
        task: a trained `TextClassifier`.
        folder: an existing, empty folder.
        scratch: a folder for files that need not last.
        model_name: the name the model will be served under.

    Returns:
        the ops, as `check_ops` gives them.

    Raises:
        UserError: see `export_saved_model`.
    """
    import tensorflow as tf

    check_labels(task.labels)
    # `tf.saved_model.save` copies assets by name.
    labels_file = scratch / "labels.txt"
    labels_file.write_bytes(lines(task.labels))
    module = _serving_module(task, str(labels_file))
    with portable(task), quiet_tensorflow():
        signatures = {
            "serving_default": module.serve.get_concrete_function(),
            "classify": module.classify.get_concrete_function(),
        }
        tf.saved_model.save(module, str(folder), signatures=signatures)
    _check_assets(folder)
    write_warmup_requests(folder, model_name, [text.encode() for text in _WARMUP_TEXTS])
    return check_ops(folder)


def check_labels(labels: Sequence[str]) -> None:
    """Refuses labels that a file with one label a line cannot hold.

    Raises:
        UserError: naming the first such label.
    """
    for label in labels:
        if "\n" in label or "\r" in label:
            raise UserError(
                f"label {label!r} has a line break in it, so it cannot stand in `labels.txt`. Rename it in "
                "the corpus and train again."
            )


def _serving_module(task: Any, labels_file: str) -> Any:
    """What is saved: the two signatures and only those objects that they use."""
    import tensorflow as tf

    class ServingModule(tf.Module):
        def __init__(self):
            super().__init__(name="text_classifier")
            # The bare variables, not the Keras model: a loader without Keras has no use for its objects.
            self.weights = [variable.value for variable in task.variables if variable.dtype != "string"]
            self.preprocessor = task.preprocessor
            self.labels_file = tf.saved_model.Asset(labels_file)

        # A function of its own: both signatures call the one graph.
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
        def scored(self, text):
            scores = task.scores(task(task.preprocessor(text), training=False))
            return tf.ensure_shape(tf.cast(scores, tf.float32), [None, len(task.labels)])

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
        def serve(self, text):
            scores = self.scored(text)
            names = tf.constant(list(task.labels), tf.string)
            return {
                "label": tf.gather(names, tf.argmax(scores, axis=-1, output_type=tf.int32)),
                "score": tf.reduce_max(scores, axis=-1),
                "labels": _repeated(names, scores),
                "scores": scores,
            }

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")], autograph=False)
        def classify(self, inputs):
            features = tf.io.parse_example(inputs, {"text": tf.io.RaggedFeature(tf.string)})
            scores = self.scored(tf.strings.reduce_join(features["text"], axis=-1, separator=" "))
            return {"classes": _repeated(tf.constant(list(task.labels), tf.string), scores), "scores": scores}

    def _repeated(names, scores):
        return tf.tile(names[tf.newaxis], [tf.shape(scores)[0], 1])

    return ServingModule()


def _check_assets(folder: Path) -> None:
    """Makes sure that the words travelled with the model."""
    missing = [name for name in ("vocab.txt", "labels.txt") if not (folder / "assets" / name).is_file()]
    if missing:
        raise RuntimeError(
            f"the saved model in {folder} lacks {', '.join(missing)} among its assets; the tokenizer must "
            "keep its table on a `tf.lookup.TextFileInitializer` over a file of that name"
        )
