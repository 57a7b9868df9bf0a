import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tfnlp.errors import UserError
from tfnlp.files import (
    disk_errors_explained,
    remove_leftovers,
    write_bytes_atomically,
    write_json_atomically,
    write_text_atomically,
)


def names_in(folder):
    return [file.name for file in folder.iterdir()]


def test_writes_replaces_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    assert write_text_atomically(path, "first\r\n你好") == path
    assert path.read_bytes() == "first\r\n你好".encode()
    write_bytes_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert names_in(path.parent) == ["a.txt"]


def test_permissions_follow_the_umask(tmp_path):
    old = os.umask(0o022)
    try:
        path = write_text_atomically(tmp_path / "a.txt", "x")
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_link_is_written_through(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    write_text_atomically(link, "new")
    assert link.is_symlink() and real.read_text() == "new"


def test_a_name_of_full_length(tmp_path):
    path = write_text_atomically(tmp_path / ("n" * 255), "x")
    assert path.read_text() == "x"
    chinese = write_text_atomically(tmp_path / ("名" * 85), "x")
    assert chinese.read_text() == "x"


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("raised", "seen", "message"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            UserError,
            r"No space left.*a\.json.*Free some space",
        ),
        (OSError(errno.EDQUOT, "Quota exceeded"), UserError, r"No space left.*a\.json"),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            UserError,
            r"a\.json.*may not be written",
        ),
        (OSError(errno.EIO, "Input/output error"), OSError, "Input/output error"),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
)
def test_a_failure_keeps_the_old_file_and_no_other(tmp_path, monkeypatch, step, raised, seen, message):
    path = write_json_atomically(tmp_path / "a.json", {"old": True})

    def fail(*args, **kwargs):
        raise raised

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(seen, match=message):
        write_json_atomically(path, {"old": False})
    assert json.loads(path.read_text()) == {"old": True}
    assert names_in(tmp_path) == ["a.json"]


def test_other_writers_can_use_the_explanation():
    with pytest.raises(UserError, match=r"No space left.*`export`"), disk_errors_explained("export"):
        raise OSError(errno.ENOSPC, "No space left")


def test_json_is_plain_readable_and_valid(tmp_path):
    value = {
        "名": "正面",
        "score": np.float32(0.5),
        "counts": np.array([[1, 2], [3, 4]]),
        "where": Path("a") / "b",
        "nan": float("nan"),
        "inf": np.float64("-inf"),
        "set": {"b", "a"},
        3: (True, None),
    }
    path = write_json_atomically(tmp_path / "m.json", value)
    text = path.read_text(encoding="utf-8")
    assert "正面" in text and "NaN" not in text and text.endswith("}\n")
    assert json.loads(text) == {
        "名": "正面",
        "score": 0.5,
        "counts": [[1, 2], [3, 4]],
        "where": "a/b",
        "nan": None,
        "inf": None,
        "set": ["a", "b"],
        "3": [True, None],
    }


def test_json_carries_a_lone_surrogate(tmp_path):
    path = write_json_atomically(tmp_path / "s.json", ["a\udc80b"])
    assert json.loads(path.read_text(encoding="utf-8")) == ["a\udc80b"]


def test_json_of_something_unknown_writes_nothing(tmp_path):
    with pytest.raises(TypeError, match="object"):
        write_json_atomically(tmp_path / "x.json", {"a": object()})
    assert names_in(tmp_path) == []


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    (tmp_path / ".metrics.json.0123456789ab.tmp").write_text("half")
    (tmp_path / "kept.tmp").write_text("mine")
    assert [file.name for file in remove_leftovers(tmp_path)] == [".metrics.json.0123456789ab.tmp"]
    assert names_in(tmp_path) == ["kept.tmp"]
    assert remove_leftovers(tmp_path / "missing") == []
