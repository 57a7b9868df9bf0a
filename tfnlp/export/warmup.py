"""Warm-up requests: what TensorFlow Serving replays when it loads a version, so that no user waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# Where the model server looks, below the version folder.
WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"


def write_warmup_requests(version: Path, model_name: str, texts: Sequence[bytes]) -> Path:
    """Writes a TFRecord of `PredictionLog`s: every text to both signatures, then all of them as one batch.

    Args:
        version: folder of the saved model.
        model_name: the name the model is served under.
        texts: a few texts (the server takes at most 1000 records).

    Returns:
        the file.

    Reference:
        https://www.tensorflow.org/tfx/serving/saved_model_warmup
    """
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    path = Path(version) / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for batch in [*([text] for text in texts), list(texts)]:
            predict = prediction_log_pb2.PredictionLog()
            request = predict.predict_log.request
            request.model_spec.name = model_name
            request.model_spec.signature_name = "serving_default"
            request.inputs["text"].CopyFrom(tf.make_tensor_proto(batch, dtype=tf.string, shape=[len(batch)]))
            writer.write(predict.SerializeToString())

            classify = prediction_log_pb2.PredictionLog()
            question = classify.classify_log.request
            question.model_spec.name = model_name
            question.model_spec.signature_name = "classify"
            for text in batch:
                example = question.input.example_list.examples.add()
                example.features.feature["text"].bytes_list.value.append(text)
            writer.write(classify.SerializeToString())
    return path
