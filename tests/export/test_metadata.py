import io
import subprocess
import zipfile

import flatbuffers
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import number_types as types
from flatbuffers.table import Table

from tfnlp.export.metadata import (
    AXIS_LABELS,
    VOCABULARY,
    AssociatedFile,
    TensorDescription,
    add_metadata,
)


@pytest.fixture(scope="module")
def plain():
    weights = tf.constant(np.arange(12, dtype=np.float32).reshape(4, 3))
    function = tf.function(lambda x: {"y": x @ weights}, input_signature=[tf.TensorSpec([1, 4], tf.float32)])
    return tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()]).convert()


@pytest.fixture(scope="module")
def described(plain):
    return add_metadata(
        plain,
        name="a name",
        description="一句话",
        version="1.2",
        inputs=[
            TensorDescription(
                "x",
                "the input",
                ["batch", "width"],
                [AssociatedFile("vocab.txt", "words", b"a\nb\n", VOCABULARY)],
            )
        ],
        outputs=[
            TensorDescription(
                "y",
                "the output",
                ["batch", "label"],
                [AssociatedFile("labels.txt", "names", b"l\n", AXIS_LABELS)],
            )
        ],
        files=[AssociatedFile("tokenizer.json", "settings", b"{}")],
    )


class Reader:
    """Reads a table by the slots of the public schema, apart from the code under test."""

    def __init__(self, table):
        self.table = table

    @classmethod
    def root(cls, data):
        position = flatbuffers.encode.Get(types.UOffsetTFlags.packer_type, data, 0)
        return cls(Table(bytearray(data), position))

    def _at(self, slot):
        return self.table.Offset(4 + 2 * slot) + self.table.Pos if self.table.Offset(4 + 2 * slot) else None

    def text(self, slot):
        return self.table.String(self._at(slot)).decode()

    def byte(self, slot):
        return self.table.Get(types.Int8Flags, self._at(slot)) if self._at(slot) else 0

    def many(self, slot):
        offset = self.table.Offset(4 + 2 * slot)
        start = self.table.Vector(offset)
        positions = [self.table.Indirect(start + 4 * i) for i in range(self.table.VectorLen(offset))]
        return [Reader(Table(self.table.Bytes, position)) for position in positions]

    def texts(self, slot):
        offset = self.table.Offset(4 + 2 * slot)
        start = self.table.Vector(offset)
        return [self.table.String(start + 4 * i).decode() for i in range(self.table.VectorLen(offset))]


def metadata(model):
    tree = schema.Model.GetRootAs(model, 0)
    for i in range(tree.MetadataLength()):
        if tree.Metadata(i).Name() == b"TFLITE_METADATA":
            return tree.Buffers(tree.Metadata(i).Buffer()).DataAsNumpy().tobytes()
    raise AssertionError("no metadata")


def test_the_flatbuffer_follows_the_public_schema(described):
    data = metadata(described)
    assert data[4:8] == b"M001"
    model = Reader.root(data)
    assert [model.text(slot) for slot in (0, 1, 2, 7)] == ["a name", "一句话", "1.2", "1.0.1"]
    (subgraph,) = model.many(3)
    (entry,), (exit_,) = subgraph.many(2), subgraph.many(3)
    assert (entry.text(0), entry.text(1), entry.texts(2)) == ("x", "the input", ["batch", "width"])
    assert (exit_.text(0), exit_.texts(2)) == ("y", ["batch", "label"])
    (vocabulary,), (labels,), (settings,) = entry.many(6), exit_.many(6), model.many(6)
    assert (vocabulary.text(0), vocabulary.byte(2)) == ("vocab.txt", 5)
    assert (labels.text(0), labels.byte(2)) == ("labels.txt", 2)
    assert (settings.text(0), settings.byte(2)) == ("tokenizer.json", 0)


def test_the_files_are_a_zip_behind_the_model(described, tmp_path):
    with zipfile.ZipFile(io.BytesIO(described)) as archive:
        assert archive.read("vocab.txt") == b"a\nb\n"
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.namelist() == ["vocab.txt", "labels.txt", "tokenizer.json"]
        assert archive.testzip() is None
    file = tmp_path / "model.tflite"
    file.write_bytes(described)
    listing = subprocess.run(
        ["python3", "-m", "zipfile", "-l", str(file)], capture_output=True, text=True, check=True
    )
    assert "labels.txt" in listing.stdout


def test_the_model_answers_as_before_and_its_weights_lie_on_16_bytes(plain, described):
    answers = []
    for model in (plain, described):
        interpreter = Interpreter(model_content=model)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.ones((1, 4), np.float32))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    np.testing.assert_array_equal(*answers)
    tree = schema.Model.GetRootAs(described, 0)
    for i in range(tree.BuffersLength()):
        table = tree.Buffers(i)._tab
        if table.Offset(4):
            assert table.Vector(table.Offset(4)) % 16 == 0


def test_the_converter_s_own_metadata_stays(plain, described):
    def names(model):
        tree = schema.Model.GetRootAs(model, 0)
        return [tree.Metadata(i).Name() for i in range(tree.MetadataLength())]

    assert names(described) == [*names(plain), b"TFLITE_METADATA"]
