import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfnlp.errors import UserError
from tfnlp.export.versions import staged_version, version_folder, versions


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def publish(directory: Path, content: str = "x") -> Path:
    with staged_version(directory) as staged:
        (staged.folder / "saved_model.pb").write_text(content)
        (staged.scratch / "rubbish").write_text("y")
        return staged.publish()


def test_numbers_count_up_and_scratch_is_gone(tmp_path):
    model = tmp_path / "deep" / "model"
    assert [publish(model).name for _ in range(3)] == ["1", "2", "3"]
    assert names(model) == ["1", "2", "3"]
    assert names(model / "1") == ["saved_model.pb"]


def test_the_next_number_follows_the_highest_as_tensorflow_serving_reads_them(tmp_path):
    for name in ("00000123", "7", "v9", "200.tmp", ".staging-300", "²"):
        (tmp_path / name).mkdir()
    (tmp_path / "999").write_text("a file is no version")
    assert versions(tmp_path) == [7, 123]
    assert publish(tmp_path).name == "124"
    assert version_folder(tmp_path).name == "124"


def test_a_published_folder_keeps_to_the_umask(tmp_path):
    before = os.umask(0o022)
    try:
        assert publish(tmp_path).stat().st_mode & 0o777 == 0o755
    finally:
        os.umask(before)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing_behind(tmp_path, error):
    with pytest.raises(error), staged_version(tmp_path / "a" / "b") as staged:
        (staged.folder / "half").write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_earlier_versions_alone(tmp_path):
    publish(tmp_path / "model")
    with pytest.raises(RuntimeError), staged_version(tmp_path / "model"):
        raise RuntimeError
    assert names(tmp_path / "model") == ["1"]


def test_two_exports_at_once_get_two_numbers(tmp_path):
    with staged_version(tmp_path) as one, staged_version(tmp_path) as two:
        (one.folder / "one").touch()
        (two.folder / "two").touch()
        assert (two.publish().name, one.publish().name) == ("1", "2")
    assert (tmp_path / "1" / "two").exists()
    assert (tmp_path / "2" / "one").exists()


def test_a_race_for_a_number_is_lost_gracefully(tmp_path, monkeypatch):
    seen = iter([[], [1]])
    monkeypatch.setattr("tfnlp.export.versions.versions", lambda _: next(seen))
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "theirs").touch()
    assert publish(tmp_path).name == "2"
    assert names(tmp_path / "1") == ["theirs"]


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "1").touch()
    with pytest.raises(UserError, match="in the way"):
        publish(tmp_path)
    assert names(tmp_path) == ["1"]


def test_a_file_as_directory_is_told(tmp_path):
    (tmp_path / "model").touch()
    with pytest.raises(UserError, match="a file stands there"):
        publish(tmp_path / "model")


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_full_disk_at_the_end_leaves_nothing(tmp_path, monkeypatch, step):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr("os.fsync", full)
    else:
        monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(UserError, match="No space left on the disk"):
        publish(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_export_is_cleared_away_by_the_next_a_running_one_is_not(tmp_path):
    script = (
        "import signal, sys, time; from tfnlp.export.versions import staged_version\n"
        # A process started in the background ignores Ctrl-C, and so would its children.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with staged_version(sys.argv[1]) as staged:\n"
        "    (staged.folder / 'saved_model.pb').touch(); print('ready', flush=True); time.sleep(60)\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    try:
        assert all(process.stdout.readline() == b"ready\n" for process in processes)
        killed, running = processes
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert versions(tmp_path) == []
        assert len(list(tmp_path.glob(".staging-*"))) == 2
        assert publish(tmp_path).name == "1"
        assert len(list(tmp_path.glob(".staging-*"))) == 1
        running.send_signal(signal.SIGINT)  # Ctrl-C
        running.wait()
        time.sleep(0.05)
        assert names(tmp_path) == ["1"]
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdout.close()


def test_version_folder_without_an_export_is_told(tmp_path):
    with pytest.raises(UserError, match="holds no export"):
        version_folder(tmp_path)
    with pytest.raises(UserError, match="holds no export"):
        version_folder(tmp_path / "missing")
