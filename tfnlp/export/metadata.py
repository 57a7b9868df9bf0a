"""TFLite metadata: the model's description as a flatbuffer in it, and its files as a zip behind it.

This is the public convention of TFLite Support, which MediaPipe and Android's ML binding read: a
`ModelMetadata` flatbuffer stands in a buffer that the model's metadata entry `TFLITE_METADATA`
points to, and the associated files follow the model as an uncompressed zip archive, so that
`unzip -l model.tflite` lists them. An interpreter sees neither.

Reference:
    `metadata_schema.fbs`, version 1.1.0, and
    https://ai.google.dev/edge/litert/conversion/tensorflow/metadata
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

METADATA_NAME = b"TFLITE_METADATA"

# `enum AssociatedFileType` of the schema.
PLAIN_FILE, AXIS_LABELS, VOCABULARY = 0, 2, 5
# The oldest reader that knows every field used here: VOCABULARY came with 1.0.1.
_MIN_PARSER_VERSION = "1.0.1"
# The schema says `force_align: 16` for weights; Python's generated code does not heed it.
_WEIGHT_ALIGNMENT = 16


@dataclasses.dataclass(frozen=True)
class AssociatedFile:
    """A file packed with the model, and the kind the schema gives it."""

    name: str
    description: str
    content: bytes
    kind: int = PLAIN_FILE


@dataclasses.dataclass(frozen=True)
class TensorDescription:
    """What an input or output tensor holds, with the files that explain it."""

    name: str
    description: str
    dimensions: Sequence[str]
    files: Sequence[AssociatedFile] = ()


def add_metadata(
    model: bytes,
    *,
    name: str,
    description: str,
    version: str,
    inputs: Sequence[TensorDescription],
    outputs: Sequence[TensorDescription],
    files: Sequence[AssociatedFile] = (),
) -> bytes:
    """Writes metadata and files into a TFLite model.

    The same arguments give the same bytes: the archive carries no time of day.

    Args:
        model: the TFLite flatbuffer, without metadata of its own.
        name: the model's name.
        description: what it does, for people.
        version: its version, free text.
        inputs: one description per input of the first subgraph, in its order.
        outputs: the same for the outputs.
        files: files that belong to the model as a whole.

    Returns:
        the model with both.
    """
    flatbuffer = _model_metadata(name, description, version, inputs, outputs, files)
    packed = io.BytesIO(_with_buffer(model, flatbuffer))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_STORED) as archive:
        for file in _all_files(inputs, outputs, files).values():
            # A fixed date; readers map the file and demand stored, not deflated, entries.
            archive.writestr(zipfile.ZipInfo(file.name, (1980, 1, 1, 0, 0, 0)), file.content)
    return packed.getvalue()


def _all_files(inputs, outputs, files) -> Mapping[str, AssociatedFile]:
    """Every file by its name, those of tensors first."""
    found = [*(file for tensor in (*inputs, *outputs) for file in tensor.files), *files]
    return {file.name: file for file in found}


class _AligningBuilder(flatbuffers.Builder):
    """A builder that puts weights on 16-byte bounds, as the schema demands and SIMD loads like."""

    def CreateNumpyVector(self, x):  # noqa: N802 - the name is the base class's
        self.Prep(_WEIGHT_ALIGNMENT, x.nbytes)
        return super().CreateNumpyVector(x)


def _with_buffer(model: bytes, metadata: bytes) -> bytes:
    """The model with one more buffer, and the metadata entry that points to it."""
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(metadata, dtype=np.uint8)
    tree.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA_NAME, len(tree.buffers) - 1
    tree.metadata = [*(tree.metadata or []), entry]
    builder = _AligningBuilder(len(model) + len(metadata) + 1024)
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _model_metadata(name, description, version, inputs, outputs, files) -> bytes:
    builder = flatbuffers.Builder(1024)
    table = _TableWriter(builder)
    subgraph = table(
        {  # table SubGraphMetadata: name 0, description 1, input_tensor_metadata 2, output_tensor_metadata 3
            0: table.text(name),
            2: table.list([_tensor(table, tensor) for tensor in inputs]),
            3: table.list([_tensor(table, tensor) for tensor in outputs]),
        }
    )
    root = table(
        {  # table ModelMetadata: ..., author 4, license 5, ...
            0: table.text(name),
            1: table.text(description),
            2: table.text(version),
            3: table.list([subgraph]),  # subgraph_metadata
            6: table.list([_file(table, file) for file in files]),  # associated_files
            7: table.text(_MIN_PARSER_VERSION),
        }
    )
    builder.Finish(root, b"M001")
    return bytes(builder.Output())


def _tensor(table: _TableWriter, tensor: TensorDescription) -> int:
    content = table(
        {  # table Content: content_properties is a union, its kind in slot 0 and its value in slot 1
            0: table.byte(1),  # FeatureProperties: plain numbers
            1: table({}),
        }
    )
    return table(
        {  # table TensorMetadata: ..., process_units 4, stats 5, ...
            0: table.text(tensor.name),
            1: table.text(tensor.description),
            2: table.list([table.text(dimension) for dimension in tensor.dimensions]),
            3: content,
            6: table.list([_file(table, file) for file in tensor.files]),  # associated_files
        }
    )


def _file(table: _TableWriter, file: AssociatedFile) -> int:
    return table(
        {  # table AssociatedFile: ..., locale 3
            0: table.text(file.name),
            1: table.text(file.description),
            2: table.byte(file.kind),
        }
    )


class _TableWriter:
    """Writes flatbuffer tables from {slot: value}: an offset, or what `byte` gives."""

    def __init__(self, builder: flatbuffers.Builder):
        self._builder = builder

    def __call__(self, slots: Mapping[int, int | Callable[[int], None]]) -> int:
        builder = self._builder
        builder.StartObject(max(slots, default=-1) + 1)
        for slot, value in slots.items():
            if callable(value):
                value(slot)
            else:
                builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        return builder.EndObject()

    def byte(self, value: int) -> Callable[[int], None]:
        return lambda slot: self._builder.PrependInt8Slot(slot, value, 0)

    def text(self, value: str) -> int:
        return self._builder.CreateString(value)

    def list(self, offsets: Sequence[int]) -> int:
        self._builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset)
        return self._builder.EndVector()
