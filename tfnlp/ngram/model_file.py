"""A model of n-grams in one file of arrays, which is mapped, not read, when it is loaded."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.embeddings.mapped_pages import forget_pages
from tfnlp.errors import UserError
from tfnlp.files import opened_atomically

# The file: this line, a line with the length of what follows and its CRC-32 in hexadecimal digits, JSON that tells of
# the arrays (name, type, length, place behind the JSON, CRC-32), then the arrays, each at a multiple of 64 bytes.
MAGIC = b"tfnlp n-grams 1\n"
_ALIGNMENT = 64
_NUMBERS = 26  # bytes of the second line: 16 digits, a space, 8 digits, a line end
_PIECE = 1 << 24


def write_arrays(path: Path, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Writes the file, whole or not at all.

    Args:
        path: where to.
        about: plain JSON to go with the arrays.
        arrays: by name, one-dimensional.

    Raises:
        UserError: if the disk is full or the place may not be written.
    """
    described: dict[str, dict[str, Any]] = {}
    stored: dict[str, np.ndarray] = {}
    place = 0
    for name, array in arrays.items():
        stored[name] = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        place += -place % _ALIGNMENT
        described[name] = {
            "type": stored[name].dtype.str,
            "length": len(array),
            "place": place,
            "crc": _crc(stored[name]),
        }
        place += stored[name].nbytes
    header = json.dumps({"about": about, "arrays": described}, ensure_ascii=False, allow_nan=False).encode()
    header += b" " * (-(len(MAGIC) + _NUMBERS + len(header)) % _ALIGNMENT)
    with opened_atomically(path) as file:
        file.write(MAGIC + f"{len(header):016x} {zlib.crc32(header):08x}\n".encode() + header)
        start = file.tell()
        for name, array in stored.items():
            file.write(bytes(start + described[name]["place"] - file.tell()))
            file.write(array.data)


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `write_arrays` wrote: the JSON, and the arrays mapped from the disk. Every byte is checked once.

    Raises:
        UserError: if the file is missing, not of this kind, or not as it was written.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise UserError(f"{path}: no model of n-grams that tfnlp wrote")
            length, crc = (int(number, 16) for number in file.read(_NUMBERS).split())
            header = file.read(length)
            if len(header) != length or zlib.crc32(header) != crc:
                raise _broken(path, "its head")
            start = file.tell()
        told = json.loads(header)
        # Mapped once; the arrays are views of it.
        mapped = np.memmap(path, np.uint8, "r")
    except FileNotFoundError:
        raise UserError(f"no model {path}") from None
    except (IsADirectoryError, PermissionError) as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, UserError):
            raise
        raise _broken(path, "its head") from None
    arrays = {}
    for name, array in told["arrays"].items():
        begin = start + array["place"]
        end = begin + array["length"] * np.dtype(array["type"]).itemsize
        if end > len(mapped):
            raise _broken(path, "its end")
        arrays[name] = mapped[begin:end].view(array["type"])
        if _crc(arrays[name]) != array["crc"]:
            raise _broken(path, name)
    forget_pages(mapped)
    return told["about"], arrays


def _crc(array: np.ndarray) -> int:
    crc, data = 0, array.view(np.uint8)
    for start in range(0, len(data), _PIECE):
        crc = zlib.crc32(data[start : start + _PIECE].data, crc)
    return crc


def _broken(path: Path, part: str) -> UserError:
    return UserError(
        f"{path}: not whole ({part} is not as it was written); cure: copy it again, or train anew"
    )
