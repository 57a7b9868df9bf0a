"""Warm-up requests: what TensorFlow Serving replays when it loads a version, so that no user waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Where the model server looks, below the version folder.
WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
WARMUP_TEXTS = ("", "tfnlp", "This film was a pleasure from start to end.", "这部电影很好看，值得推荐。")


def write_warmup_requests(version: Path, model_name: str, texts: Sequence[bytes]) -> Path:
    """Writes a text classifier's requests: every text to both signatures, then all of them as one batch.

    Args:
        version: folder of the saved model.
        model_name: the name the model is served under.
        texts: a few texts (the server takes at most 1000 records).

    Returns:
        the file.
    """
    return write_warmup(version, classifier_requests(model_name, texts))


def classifier_requests(model_name: str, texts: Sequence[bytes]) -> Iterator[Any]:
    """Requests to `serving_default` and `classify`: each text, then all of them as one batch."""
    for batch in batches_of(texts):
        yield predict_log(model_name, "serving_default", {"text": _strings(batch)})
        yield classify_log(model_name, "classify", batch)


def write_warmup(version: Path, logs: Iterable[Any]) -> Path:
    """Writes a TFRecord of `PredictionLog`s where the model server looks.

    Reference:
        https://www.tensorflow.org/tfx/serving/saved_model_warmup
    """
    import tensorflow as tf

    path = Path(version) / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for log in logs:
            writer.write(log.SerializeToString())
    return path


def batches_of(texts: Sequence[bytes]) -> list[list[bytes]]:
    """Every text alone, then all of them."""
    return [*([text] for text in texts), list(texts)]


def predict_log(model_name: str, signature: str, inputs: Mapping[str, Any]) -> Any:
    """A `PredictionLog` of a predict request; `inputs` are `TensorProto`s by name."""
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = model_name
    request.model_spec.signature_name = signature
    for name, tensor in inputs.items():
        request.inputs[name].CopyFrom(tensor)
    return log


def classify_log(model_name: str, signature: str, texts: Sequence[bytes]) -> Any:
    """A `PredictionLog` of a classify request: an Example for each text."""
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    question = log.classify_log.request
    question.model_spec.name = model_name
    question.model_spec.signature_name = signature
    for text in texts:
        example = question.input.example_list.examples.add()
        example.features.feature["text"].bytes_list.value.append(text)
    return log


def _strings(texts: Sequence[bytes]) -> Any:
    import tensorflow as tf

    return tf.make_tensor_proto(list(texts), dtype=tf.string, shape=[len(texts)])
