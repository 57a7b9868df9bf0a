import keras
import numpy as np
import pytest

from tfnlp.export import convert_tflite
from tfnlp.export.ops import saved_model_ops
from tfnlp.export.portable import portable
from tfnlp.export.saved_model import write_saved_model

CNN = {"embedding_dim": 16, "filters": 4}


@pytest.fixture
def mixed(build):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        return build("text_cnn", "char", CNN)
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_mixed_precision_task_computes_in_float32_within_and_as_before_after(mixed, build):
    same = build("text_cnn", "char", CNN)
    for theirs, ours in zip(same.variables, mixed.variables, strict=True):
        theirs.assign(ours)
    texts = ["a fine film", "这部电影"]
    before, exact = mixed.predict(texts), same.predict(texts)
    assert np.abs(before - exact).max() > 1e-4
    with portable(mixed):
        np.testing.assert_allclose(mixed.predict(texts), exact, atol=1e-6)
    np.testing.assert_array_equal(mixed.predict(texts), before)
    assert {layer.compute_dtype for layer in mixed.encoder._flatten_layers()} >= {"bfloat16"}


def test_no_bfloat16_is_left_in_the_copies(mixed, tmp_path):
    from tensorflow.core.framework import types_pb2
    from tensorflow.core.protobuf import saved_model_pb2

    (tmp_path / "version").mkdir()
    write_saved_model(mixed, tmp_path / "version", tmp_path, model_name="m")
    saved_model = saved_model_pb2.SavedModel.FromString(
        (tmp_path / "version" / "saved_model.pb").read_bytes()
    )
    graph = saved_model.meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    assert not [node.name for node in nodes if node.attr["T"].type == types_pb2.DT_BFLOAT16]
    assert "MatMul" in saved_model_ops(tmp_path / "version")
    assert b"TFL3" in convert_tflite(mixed)[:8]


def test_cudnn_is_off_within_and_as_before_after(tasks):
    recurrent = [layer for layer in tasks["bilstm"]._flatten_layers() if hasattr(layer, "use_cudnn")]
    assert [layer.use_cudnn for layer in recurrent] == ["auto"] * len(recurrent) != []
    with pytest.raises(RuntimeError), portable(tasks["bilstm"]):
        assert [layer.use_cudnn for layer in recurrent] == [False] * len(recurrent)
        raise RuntimeError
    assert [layer.use_cudnn for layer in recurrent] == ["auto"] * len(recurrent)
