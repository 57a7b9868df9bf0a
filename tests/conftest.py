"""Settings of the whole suite."""

import os
from pathlib import Path

import pytest

# Rooms whose files share what is slow to make.
ONE_PROCESS = ("export",)

IN_PARALLEL = "PYTEST_XDIST_WORKER" in os.environ
if IN_PARALLEL:
    # The test processes share the cores; each at two threads a core would only wait for the others.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


def pytest_collection_modifyitems(items):
    """Keeps a file's tests, and some rooms' files, in one process: what they share is made once."""
    for item in items if IN_PARALLEL else ():
        file = Path(item.path).relative_to(Path(__file__).parent)
        group = file.parts[0] if file.parts[0] in ONE_PROCESS else file.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))
