"""A full disk, in whatever words the libraries below put it, told as one error that names the cure."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from tfnlp.errors import UserError
from tfnlp.files import disk_errors_explained

# What TensorFlow's file system, and Python in a child process, say of it.
_TELLS = ("No space left on device", "Disk quota exceeded", "File too large")


@contextlib.contextmanager
def full_disk_told(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turns a full disk met while writing below `path` into a `UserError`.

    TensorFlow reports it as an error of its own kind, a converter as a `RuntimeError`; both carry
    the system's words.

    Raises:
        UserError: in place of any error that tells of a full disk or a forbidden place.
    """
    with disk_errors_explained(path):
        try:
            yield
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
            raise
        except UserError:
            raise  # explained already
        except Exception as error:
            if any(tell in str(error) for tell in _TELLS):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
            raise
