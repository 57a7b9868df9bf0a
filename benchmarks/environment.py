"""On what a figure was measured, and the file it is kept in."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def use_threads(number: int) -> None:
    """Gives TensorFlow, not yet at work, so many threads, and no more of the machine's cores."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:number])
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(number)
    tf.config.threading.set_inter_op_parallelism_threads(number)


def print_table(table: Any) -> None:
    """Prints a Rich table: as wide as the terminal, and into a file wide enough for all columns."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 120).print(table)


def cpu_name() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def describe(threads: int, packages: list[str]) -> dict:
    """Processor, cores, threads, time, and the versions of Python and of the installed packages."""
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
    }


def merge_json(path: Path, key: str, entries: dict) -> None:
    """Puts `entries` under `key` of a JSON file beside what stands there; written aside and renamed in."""
    whole = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    whole[key] = {**whole.get(key, {}), **entries}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(
        json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
    beside.replace(path)
