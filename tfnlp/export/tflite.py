"""A task's network as one LiteRT (TensorFlow Lite) file: built-in ops only, text handling packed in."""

from __future__ import annotations

import base64
import json
from typing import Any

from tfnlp.errors import UserError, did_you_mean
from tfnlp.export.metadata import AssociatedFile, add_metadata
from tfnlp.export.portable import portable
from tfnlp.export.quiet import quiet_tensorflow
from tfnlp.export.task_export import LiteNetwork, export_of_task
from tfnlp.version import __version__

PRECISIONS = ("float32", "float16", "int8")


def convert_tflite(task: Any, precision: str = "float32", *, name: str | None = None) -> bytes:
    """Converts a task to a LiteRT file that knows its words and its labels.

    A `TextClassifier`'s file maps `token_ids`, int32 `[1, max_tokens]` padded on the right with 0, to
    `scores`, float32 `[1, classes]` (softmax or sigmoid inside); a `TokenTagger`'s is told in
    `tfnlp.export.tagger_export`, a `LanguageModel`'s in `tfnlp.export.language_model_export`. It holds TFLite built-in
    ops only. As TFLite metadata with associated files it carries vocabulary, labels and
    `tokenizer.json`, all that `tfnlp.edge` needs to answer plain text.

    Precisions:
        `"float32"`: the weights as they are.
        `"float16"`: weights halved in size, arithmetic in float32.
        `"int8"`: dynamic range. Kernels and embedding tables are stored in int8, a quarter of the
            size; activations are quantized on the fly, text by text. Full-integer quantization is
            as small, but its fixed ranges must span the masked values too: on a TextCNN its scores
            were off by eight times as much, and it was no faster.

    Args:
        task: a trained `TextClassifier`, `TokenTagger` or `LanguageModel`.
        precision: one of the three.
        name: the model's name in the metadata; by default what it is.

    Returns:
        the content of the `.tflite` file.

    Raises:
        UserError: if `precision` is none of the three, or the network needs an op that TFLite
            does not have, or a segmenter cuts the words.
    """
    if precision not in PRECISIONS:
        raise UserError(
            f"unknown precision `{precision}`; there are {', '.join(PRECISIONS)}."
            f"{did_you_mean(precision, PRECISIONS)}"
        )
    if task.preprocessor.tokenizer.kind == "segmenter":
        raise UserError(
            "there is no .tflite file of a model whose words a segmenter cuts: nothing on the device could cut them. "
            'Export without (`--lite none`), or train with tokenizer = "char"'
        )
    network = export_of_task(task).lite_network(task)
    with quiet_tensorflow():
        model = _converted(task, network, precision)
    return _packed(task, network, model, precision, name or network.title.lower())


def _converted(task: Any, network: LiteNetwork, precision: str) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions([_frozen(task, network)])
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
        task: a trained task.
        name: the model's name.

    Returns:
        plain JSON settings (`{"name", "task", "preprocessor", "tfnlp"}` and what the task adds), and the
        SentencePiece model, which is a file of its own, where the tokenizer has one.
    """
    preprocessor = dict(task.preprocessor.settings())
    model = preprocessor.pop("model", None)
    settings = {
        "name": name,
        "task": task.kind,
        **export_of_task(task).settings_of(task),
        "preprocessor": preprocessor,
        "tfnlp": __version__,
    }
    return settings, base64.b64decode(model) if isinstance(model, str) else model


def _frozen(task: Any, network: LiteNetwork) -> Any:
    """The network as a concrete function of static shapes whose variables are constants.

    Left as variables they would convert without a word into a file that answers NaN.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    function = tf.function(network.function, input_signature=list(network.inputs), autograph=False)
    with portable(task):
        return convert_variables_to_constants_v2(function.get_concrete_function())


def _packed(task: Any, network: LiteNetwork, model: bytes, precision: str, name: str) -> bytes:
    settings, sentencepiece = package_settings(task, name)
    tokenizer = AssociatedFile(
        "tokenizer.json",
        "How a text becomes token ids.",
        (json.dumps(settings, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode(),
    )
    files = [*network.files, tokenizer]
    if sentencepiece is not None:
        files.append(AssociatedFile("sentencepiece.model", "The SentencePiece model.", sentencepiece))
    return add_metadata(
        model,
        name=name,
        description=f"{network.title} ({precision}) made by tfnlp: {network.does}.",
        version=__version__,
        inputs=network.input_descriptions,
        outputs=network.output_descriptions,
        files=files,
    )
