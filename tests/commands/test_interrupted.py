"""Ctrl-C and kill -9 in mid-epoch: nothing half-written stays, and the run goes on bit for bit."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tfnlp.commands.models import load_model


def start(workplace, runs):
    # Long enough that a signal finds it at work.
    command = ["train", "films.toml", "--runs", runs, "--set", "training.epochs=300"]
    return subprocess.Popen(
        [sys.executable, "-m", "tfnlp", *command],
        cwd=workplace,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1"},
        text=True,
        # A test run in the background of a shell has Ctrl-C ignored, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for_an_epoch(process, folder):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if any(folder.glob("films/*/history.csv")):
            return next(folder.glob("films/*"))
        time.sleep(0.05)
    raise AssertionError("no epoch in two minutes")


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGINT, id="ctrl-c", marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, id="kill-9"),
    ],
)
def test_stopped_and_taken_up_again(workplace, tfnlp, tmp_path, how):
    process = start(workplace, tmp_path)
    try:
        run = wait_for_an_epoch(process, tmp_path)
        process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert f"--resume {run}" in errors
        assert "Traceback" not in errors
    assert not (run / "model.keras").exists()
    unfinished = tfnlp("predict", run, "fine", cwd=workplace, check=2)
    assert "training has not finished" in unfinished.stderr

    epochs = 1 + len((run / "history.csv").read_text().splitlines())  # at least one more than it had
    leftover = run / "checkpoint" / ".state.npz.0123456789ab.tmp"
    leftover.write_bytes(b"half a checkpoint")  # as a kill in the middle of a write leaves it
    shorter = ("--set", f"training.epochs={epochs}")
    tfnlp("train", run / "recipe.toml", *shorter, "--resume", run, cwd=workplace, check=0)
    tfnlp("train", run / "recipe.toml", *shorter, "--runs", tmp_path / "whole", cwd=workplace, check=0)
    whole = next((tmp_path / "whole" / "films").iterdir())
    ours, theirs = (load_model(path) for path in (run, whole))
    for one, other in zip(ours.get_weights(), theirs.get_weights()):
        assert (one == other).all()
    assert not list(run.rglob("*.tmp"))
