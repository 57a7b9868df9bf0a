"""Numbered version folders: the next free number, and the staging folder that is renamed to it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tfnlp.errors import UserError
from tfnlp.files import disk_errors_explained

_LOG = logging.getLogger(__name__)
_STAGING_PREFIX = ".staging-"


def versions(directory: str | os.PathLike[str]) -> list[int]:
    """The version numbers below a model's folder, ascending.

    As in TensorFlow Serving, a version is a folder whose name is digits only (`00000123` is 123);
    everything else, the staging folders of a running or killed export too, is ignored.

    Args:
        directory: the model's folder, `saved_models/<name>`; a missing one has no versions.
    """
    directory = Path(directory)
    if not directory.is_dir():
        return []
    return sorted(int(entry.name) for entry in directory.iterdir() if _is_version(entry))


def version_folder(path: str | os.PathLike[str]) -> Path:
    """The version folder that a path means: itself, or the highest version below it.

    Args:
        path: a version folder (`saved_models/<name>/3`) or a model's folder (`saved_models/<name>`).

    Raises:
        UserError: if there is neither a `saved_model.pb` nor a version folder at the path.
    """
    path = Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    numbered = [entry for entry in path.iterdir() if _is_version(entry)] if path.is_dir() else []
    if not numbered:
        raise UserError(
            f"`{path}` holds no export: expected a folder with a `saved_model.pb`, or one with numbered "
            "version folders in it, as `tfnlp export` writes them."
        )
    return max(numbered, key=lambda entry: int(entry.name))


@contextlib.contextmanager
def staged_version(directory: str | os.PathLike[str]) -> Iterator[StagedVersion]:
    """Gives a hidden folder to build a version in; `publish()` renames it to the next free number.

    Leaving the block by any way but `publish()` removes all that was built: an exception, Ctrl-C,
    a full disk. What `kill -9` leaves behind is never taken for a version, and the next export
    clears it away; an export that is still running is told apart by the lock on its folder.

    Args:
        directory: the model's folder, `saved_models/<name>`; made if missing.

    Raises:
        UserError: if the disk is full or the place may not be written.
    """
    directory = Path(directory)
    with disk_errors_explained(directory):
        # The folders this export makes itself go again if it fails, however deep they were.
        made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise UserError(f"`{directory}` cannot be the export's folder: a file stands there.") from error
        staged = None
        try:
            _remove_stale(directory)
            staged = StagedVersion(directory, *_locked_folder(directory))
            yield staged
        finally:
            if staged is not None:
                staged.close()
            for folder in made:
                with contextlib.suppress(OSError):  # not empty: it holds the export, or others' files
                    folder.rmdir()


class StagedVersion:
    """A version under construction.

    Attributes:
        folder: the folder to fill; it becomes the version.
        scratch: a folder beside it for files that shall not be published.
    """

    def __init__(self, directory: Path, staging: Path, lock: int):
        self._directory, self._staging, self._lock = directory, staging, lock
        self.folder = staging / "version"
        self.scratch = staging / "scratch"
        try:
            # mkdtemp's own folder is for its owner alone; what is published keeps to the umask.
            self.folder.mkdir()
            self.scratch.mkdir()
        except BaseException:
            self.close()
            raise

    def publish(self) -> Path:
        """Flushes every file to the disk and renames the folder to the next free version number."""
        for path in [self.folder, *self.folder.rglob("*")]:
            _flush(path)
        while True:
            target = self._directory / str(max(versions(self._directory), default=0) + 1)
            try:
                # os.rename takes an empty folder of that name, but never one with files in it.
                self.folder.rename(target)
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                    raise
                if not target.is_dir():
                    raise UserError(f"`{target}` is in the way of the next version: move it away.") from error
                continue  # another export was quicker: take the number after it
            _flush(self._directory)
            return target

    def close(self) -> None:
        """Removes what was not published."""
        shutil.rmtree(self._staging, ignore_errors=True)
        os.close(self._lock)


def _is_version(entry: Path) -> bool:
    return entry.name.isascii() and entry.name.isdigit() and entry.is_dir()


def _locked_folder(directory: Path) -> tuple[Path, int]:
    """A new staging folder, and the descriptor that holds its lock for as long as this process lives."""
    while True:
        staging = Path(tempfile.mkdtemp(prefix=_STAGING_PREFIX, dir=directory))
        lock = os.open(staging, os.O_RDONLY)
        with contextlib.suppress(OSError):  # a file system without locks: stale folders are not found there
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if staging.exists():
            return staging, lock
        os.close(lock)  # taken for a stale one before it was locked


def _remove_stale(directory: Path) -> None:
    """Removes the staging folders of exports that were killed: those whose lock nobody holds."""
    for folder in directory.glob(f"{_STAGING_PREFIX}*"):
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # its export is still running
        else:
            shutil.rmtree(folder, ignore_errors=True)
            _LOG.info("Removed %s, left behind by an export that was killed.", folder)
        finally:
            os.close(lock)


def _flush(path: Path) -> None:
    """Writes a file's or a folder's content through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
