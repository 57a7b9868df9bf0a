"""Vectors in a NumPy archive: the arrays `words` and `vectors`."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.embeddings.byte_stream import CHUNK_BYTES
from tfnlp.errors import UserError

_CURE = "write it with np.savez(FILE, words=np.array(list_of_str), vectors=float_matrix)"


class NpzVectors:
    """Reads what `np.savez(path, words=words, vectors=vectors)` wrote, compressed or not, piece by piece.

    `words` is an array of strings `[words]`, `vectors` of floats `[words, dimension]`.

    Args:
        path: the `.npz` file.

    Raises:
        UserError: if it is no such archive, or the arrays do not fit each other.
    """

    format = "npz"

    def __init__(self, path: Path):
        self.path = path
        with self._members() as (words, vectors):
            count, width = self._header(words, "words"), self._header(vectors, "vectors")
        (shape, kind), (table, number) = count, width
        if len(shape) != 1 or len(table) != 2 or shape[0] != table[0] or 0 in table:
            raise UserError(
                f"{path}: `words` must be [words], `vectors` [words, dimension]. Received: {shape}, {table}; {_CURE}"
            )
        if kind.kind not in "US" or number.kind != "f":
            raise UserError(
                f"{path}: `words` must be strings and `vectors` floats. Received: {kind}, {number}; {_CURE}"
            )
        self.count, self.dimension = table

    @contextlib.contextmanager
    def _members(self) -> Iterator[tuple[Any, Any]]:
        try:
            with (
                zipfile.ZipFile(self.path) as archive,
                archive.open("words.npy") as words,
                archive.open("vectors.npy") as vectors,
            ):
                yield words, vectors
        except KeyError:
            raise UserError(
                f"{self.path}: a zip archive without the arrays `words` and `vectors`; unzip it and name the "
                f"file of vectors in it, or {_CURE}"
            ) from None
        except (zipfile.BadZipFile, EOFError, zlib.error, OSError) as error:
            raise UserError(
                f"{self.path}: not a whole .npz file ({error}); cure: copy it again, or {_CURE}"
            ) from None

    def _header(self, member: Any, name: str) -> tuple[tuple[int, ...], np.dtype]:
        """Reads what stands before an array's numbers: its shape and type."""
        try:
            version = np.lib.format.read_magic(member)
            read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
                version, np.lib.format.read_array_header_2_0
            )
            shape, by_columns, dtype = read(member)
        except ValueError as error:
            raise UserError(f"{self.path}: `{name}` is no NumPy array ({error}); {_CURE}") from None
        if by_columns and len(shape) > 1:
            raise UserError(
                f"{self.path}: `{name}` lies column by column; write np.ascontiguousarray({name}) instead"
            )
        return shape, dtype

    def blocks(self, wanted: Container[bytes] | None = None) -> Iterator[tuple[list[bytes], np.ndarray]]:
        """Gives words and their vectors, float32 `[words, dimension]`, in the order of the file.

        Args:
            wanted: the words to give, UTF-8; all for None.

        Raises:
            UserError: if the archive is broken, or a wanted vector holds NaN or infinity.
        """
        with self._members() as (words, vectors):
            word_type, number_type = self._header(words, "words")[1], self._header(vectors, "vectors")[1]
            rows = max(1, CHUNK_BYTES // max(word_type.itemsize, number_type.itemsize * self.dimension))
            for start in range(0, self.count, rows):
                size = min(rows, self.count - start)
                names = [
                    name if isinstance(name, bytes) else name.encode("utf-8", "replace")
                    for name in np.frombuffer(words.read(size * word_type.itemsize), word_type).tolist()
                ]
                numbers = vectors.read(size * self.dimension * number_type.itemsize)
                block = np.frombuffer(numbers, number_type).reshape(-1, self.dimension)
                chosen = [i for i, name in enumerate(names) if wanted is None or name in wanted]
                if chosen:
                    yield [names[i] for i in chosen], self._checked(block[chosen], start)

    def _checked(self, block: np.ndarray, start: int) -> np.ndarray:
        block = block.astype(np.float32)
        if not np.isfinite(block).all():
            raise UserError(f"{self.path}: a vector behind row {start:,} holds a number that is not finite")
        return block
