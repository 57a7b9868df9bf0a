"""Settings of the whole suite."""

import os
from pathlib import Path

import pytest

# Rooms whose files share what is slow to make.
ONE_PROCESS = ("export",)
# What takes longest begins first, so that at the end no process waits for another.
LONG = ("export", "commands/test_compare.py", "docs", "commands", "training", "tasks", "encoders")

IN_PARALLEL = "PYTEST_XDIST_WORKER" in os.environ
if IN_PARALLEL:
    # The test processes share the cores; each at two threads a core would only wait for the others.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


@pytest.hookimpl(tryfirst=True)  # xdist's own hook reads the marks
def pytest_collection_modifyitems(items):
    """Keeps a file's tests, and some rooms' files, in one process: what they share is made once."""
    if not IN_PARALLEL:
        return
    for item in items:
        file = _file(item)
        group = file.parts[0] if file.parts[0] in ONE_PROCESS else file.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=_turn)


def _turn(item):
    """The item's place in `LONG`; items of one place keep their order."""
    file = _file(item)
    places = [place for place, path in enumerate(LONG) if file.is_relative_to(path)]
    return min(places, default=len(LONG))


def _file(item):
    return Path(item.path).relative_to(Path(__file__).parent)
