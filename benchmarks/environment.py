"""On what a figure was measured, and the file it is kept in."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


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
