"""What a `TextClassifier` gives for its export; the functions are those of `tfnlp.export.task_export.TaskExport`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tfnlp.export.label_files import check_labels, lines
from tfnlp.export.metadata import AXIS_LABELS, VOCABULARY, AssociatedFile, TensorDescription
from tfnlp.export.proof_texts import Proof, make_classifier_proof
from tfnlp.export.task_export import LiteNetwork
from tfnlp.export.warmup import WARMUP_TEXTS, classifier_requests

ASSETS = ("vocab.txt", "labels.txt")


def labels_of(task: Any) -> list[str]:
    """The classes."""
    return list(task.labels)


def settings_of(task: Any) -> dict[str, Any]:
    """Whether each class is scored for itself."""
    return {"multi_label": bool(task.multi_label)}


def serving(task: Any, scratch: Path) -> tuple[Any, dict[str, Any]]:
    """The signatures `serving_default` and `classify`; see `tfnlp.export.saved_model`."""
    check_labels(task.labels)
    # `tf.saved_model.save` copies assets by name.
    labels_file = scratch / "labels.txt"
    labels_file.write_bytes(lines(task.labels))
    module = _serving_module(task, str(labels_file))
    return module, {"serving_default": module.serve, "classify": module.classify}


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


def warm_up(model_name: str) -> Iterable[Any]:
    """A few texts to both signatures."""
    return classifier_requests(model_name, [text.encode() for text in WARMUP_TEXTS])


def lite_network(task: Any) -> LiteNetwork:
    """Token ids of one text in, one score a class out."""
    import tensorflow as tf

    def network(token_ids: Any) -> dict[str, Any]:
        scores = task.scores(task(token_ids, training=False))
        return {"scores": tf.ensure_shape(scores, [1, len(task.labels)])}

    vocabulary = AssociatedFile(
        "vocab.txt",
        "The tokens, one a line; a token's id is its line, from 0.",
        lines(task.preprocessor.vocabulary.tokens),
        VOCABULARY,
    )
    labels = AssociatedFile(
        "labels.txt",
        "The labels, one a line, in the order of the scores.",
        lines(task.labels),
        AXIS_LABELS,
    )
    return LiteNetwork(
        inputs=[tf.TensorSpec([1, task.max_tokens], tf.int32, name="token_ids")],
        function=network,
        title="Text classifier",
        does="token ids in, one score a label out",
        input_descriptions=[
            TensorDescription(
                "token_ids",
                f"Token ids of one text, padded on the right with 0 to {task.max_tokens}.",
                ["batch", "token"],
                [vocabulary],
            )
        ],
        output_descriptions=[
            TensorDescription(
                "scores",
                "One score a label, from 0 to 1" + ("." if task.multi_label else "; together they make 1."),
                ["batch", "label"],
                [labels],
            )
        ],
    )


def make_proof(task: Any, texts: Sequence[Any], labels: Any) -> Proof:
    """Asks Keras; see `tfnlp.export.proof_texts`."""
    return make_classifier_proof(task, texts, labels)


def read_proof(version: Path, settings: dict[str, Any]) -> Proof:
    """Reads the proof of a version."""
    return Proof.read(version, settings["labels"], settings["multi_label"])
