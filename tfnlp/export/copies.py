"""Asks a model's copies: the SavedModel in a process of its own, `.tflite` files through `tfnlp.edge`."""

from __future__ import annotations

import base64
import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.errors import UserError
from tfnlp.export.fresh_process import BATCH
from tfnlp.export.quiet import native_stderr_turned_away
from tfnlp.export.task_export import Proof

_SCRIPT = Path(__file__).with_name("fresh_process.py")


@dataclasses.dataclass(frozen=True)
class CopyAnswers:
    """What a copy said.

    Attributes:
        labels: its label names in the order of their numbers.
        answers: what it said to the texts; what that is, the proof knows. A classifier's are scores, float32
            `[texts, classes]`.
        milliseconds: float `[timed texts]`, each text asked alone, from text to scores.
        size: bytes on the disk.
        complaint: what is wrong with the answers beside the scores; empty for nothing.
        texts_per_second: how many it answers in batches of 32; None where that was not timed.
    """

    labels: list[str]
    answers: Any
    milliseconds: np.ndarray
    size: int
    complaint: str = ""
    texts_per_second: float | None = None


def ask_saved_model(
    proof: Proof, version: Path, timed: Sequence[int], scratch: Path, *, text_ops: bool
) -> CopyAnswers:
    """Asks a SavedModel in a fresh process that has neither tfnlp nor Keras, and sees no GPU.

    Every signature is asked, in batches of texts of mixed lengths.

    Args:
        proof: the texts, and how to ask about them.
        version: the version folder.
        timed: rows to be asked with a clock, too, alone and in batches of 32.
        scratch: a folder for the exchange.
        text_ops: whether the model needs TF Text's ops, as the stock model server links them.

    Raises:
        UserError: if the process failed, with the last lines it wrote.
    """
    job = {
        "version": str(version),
        "texts": [base64.b64encode(text.content).decode("ascii") for text in proof.texts],
        "timed": list(timed),
        "load": _text_op_libraries() if text_ops else [],
        "asker": str(proof.asker),
        "out": str(scratch / "answers.npz"),
        **proof.job(),
    }
    job_file = scratch / "job.json"
    job_file.write_text(json.dumps(job), encoding="utf-8")
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    # -I: neither the working directory nor PYTHONPATH may lend it a module.
    ended = subprocess.run(
        [sys.executable, "-I", str(_SCRIPT), str(job_file)],
        env=environment,
        cwd=scratch,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode:
        last = "\n".join(ended.stderr.strip().splitlines()[-8:])
        raise UserError(
            f"the SavedModel did not answer in a process without tfnlp and Keras (exit status "
            f"{ended.returncode}). It said:\n{last}"
        )
    with np.load(scratch / "answers.npz") as found:
        labels, answers, complaint = proof.read_answers(found)
        size = sum(file.stat().st_size for file in _model_files(version))
        seconds = found["batch_seconds"]
        rate = float(BATCH / np.median(seconds)) if seconds.size else None
        return CopyAnswers(labels, answers, found["milliseconds"], size, complaint, rate)


def ask_tflite(proof: Proof, path: Path, timed: Sequence[int]) -> CopyAnswers:
    """Asks a `.tflite` file on one thread.

    Args:
        proof: the texts, and how to ask about them.
        path: the file.
        timed: rows to be asked once more, with a clock.
    """
    with native_stderr_turned_away():  # LiteRT announces its delegate there
        labels, answers, ask = proof.ask_lite(path)
    milliseconds = []
    for row in timed:
        text = proof.texts[row].content
        began = time.perf_counter()
        ask(text)
        milliseconds.append(1e3 * (time.perf_counter() - began))
    return CopyAnswers(labels, answers, np.asarray(milliseconds), path.stat().st_size)


def _model_files(version: Path) -> list[Path]:
    """The files that a server needs: all but `assets.extra`."""
    return [
        f for f in version.rglob("*") if f.is_file() and f.relative_to(version).parts[0] != "assets.extra"
    ]


def _text_op_libraries() -> list[str]:
    """TF Text's kernels, found without importing the package, which would bring in Keras."""
    found = importlib.util.find_spec("tensorflow_text")
    if found is None or not found.submodule_search_locations:
        raise UserError(
            "this model uses TF Text's ops: install `tensorflow-text` (pip install tensorflow-text)."
        )
    return sorted(str(path) for path in Path(found.submodule_search_locations[0]).glob("python/ops/*.so"))
