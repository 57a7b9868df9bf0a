"""A task's network as one LiteRT (TensorFlow Lite) file: built-in ops only, text handling packed in."""

from __future__ import annotations

import base64
import json
from typing import Any

from tfnlp.errors import UserError, did_you_mean
from tfnlp.export.metadata import (
    AXIS_LABELS,
    VOCABULARY,
    AssociatedFile,
    TensorDescription,
    add_metadata,
)
from tfnlp.export.portable import portable
from tfnlp.export.quiet import quiet_tensorflow
from tfnlp.version import __version__

PRECISIONS = ("float32", "float16", "int8")


def convert_tflite(task: Any, precision: str = "float32", *, name: str = "text classifier") -> bytes:
    """Converts a text classifier to a LiteRT file that knows its words and its labels.

    The file maps `token_ids`, int32 `[1, max_tokens]` padded on the right with 0, to `scores`,
    float32 `[1, classes]` (softmax or sigmoid inside). It holds TFLite built-in ops only. As TFLite
    metadata with associated files it carries `vocab.txt`, `labels.txt` and `tokenizer.json`, all
    that `tfnlp.edge` needs to answer plain text.

    Precisions:
        `"float32"`: the weights as they are.
        `"float16"`: weights halved in size, arithmetic in float32.
        `"int8"`: dynamic range. Kernels and embedding tables are stored in int8, a quarter of the
            size; activations are quantized on the fly, text by text. Full-integer quantization is
            as small, but its fixed ranges must span the masked values too: on a TextCNN its scores
            were off by eight times as much, and it was no faster.

    Args:
        task: a trained `TextClassifier`.
        precision: one of the three.
        name: the model's name in the metadata.

    Returns:
        the content of the `.tflite` file.

    Raises:
        UserError: if `precision` is none of the three, or the network needs an op that TFLite
            does not have.
    """
    if precision not in PRECISIONS:
        raise UserError(
            f"unknown precision `{precision}`; there are {', '.join(PRECISIONS)}."
            f"{did_you_mean(precision, PRECISIONS)}"
        )
    with quiet_tensorflow():
        model = _converted(task, precision)
    return _packed(task, model, precision, name)


def _converted(task: Any, precision: str) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions([_frozen(task)])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    try:
        return converter.convert()
    except Exception as error:
        if "NeedsTensorFlow" not in type(error).__name__ and "custom op" not in str(error).lower():
            raise
        raise UserError(
            f"this network cannot become a .tflite file: {error}. Leave `--lite` out, or choose an encoder "
            "that TFLite's built-in ops can express."
        ) from error


def package_settings(task: Any, name: str) -> tuple[dict[str, Any], bytes | None]:
    """What a copy needs beside the network to answer text.

    Args:
        task: a `TextClassifier`.
        name: the model's name.

    Returns:
        plain JSON settings (`{"name", "task", "multi_label", "preprocessor", "tfnlp"}`), and the
        SentencePiece model, which is a file of its own, where the tokenizer has one.
    """
    preprocessor = dict(task.preprocessor.settings())
    model = preprocessor.pop("model", None)
    settings = {
        "name": name,
        "task": "text_classifier",
        "multi_label": bool(task.multi_label),
        "preprocessor": preprocessor,
        "tfnlp": __version__,
    }
    return settings, base64.b64decode(model) if isinstance(model, str) else model


def lines(items: Any) -> bytes:
    """One item a line, as `vocab.txt` and `labels.txt` hold them."""
    return "".join(f"{item}\n" for item in items).encode("utf-8")


def _frozen(task: Any) -> Any:
    """The network as a concrete function of static shapes whose variables are constants.

    Left as variables they would convert without a word into a file that answers NaN.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    specification = tf.TensorSpec([1, task.max_tokens], tf.int32, name="token_ids")

    @tf.function(input_signature=[specification], autograph=False)
    def network(token_ids: Any) -> dict[str, Any]:
        scores = task.scores(task(token_ids, training=False))
        return {"scores": tf.ensure_shape(scores, [1, len(task.labels)])}

    with portable(task):
        return convert_variables_to_constants_v2(network.get_concrete_function())


def _packed(task: Any, model: bytes, precision: str, name: str) -> bytes:
    settings, sentencepiece = package_settings(task, name)
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
    tokenizer = AssociatedFile(
        "tokenizer.json",
        "How a text becomes token ids.",
        (json.dumps(settings, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode(),
    )
    files = [tokenizer]
    if sentencepiece is not None:
        files.append(AssociatedFile("sentencepiece.model", "The SentencePiece model.", sentencepiece))
    return add_metadata(
        model,
        name=name,
        description=f"Text classifier ({precision}) made by tfnlp: token ids in, one score a label out.",
        version=__version__,
        inputs=[
            TensorDescription(
                "token_ids",
                f"Token ids of one text, padded on the right with 0 to {task.max_tokens}.",
                ["batch", "token"],
                [vocabulary],
            )
        ],
        outputs=[
            TensorDescription(
                "scores",
                "One score a label, from 0 to 1" + ("." if task.multi_label else "; together they make 1."),
                ["batch", "label"],
                [labels],
            )
        ],
        files=files,
    )
