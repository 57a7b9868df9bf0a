"""What a process holds in memory, as Linux tells it; pages of mapped files that lie in memory count too."""

import threading
from pathlib import Path

_SECONDS_BETWEEN_LOOKS = 0.02


def resident_mebibytes() -> float | None:
    """What it holds now; None where the system does not tell."""
    return _of_status("VmRSS")


def peak_mebibytes() -> float | None:
    """The most it has held since it began; unlike `getrusage`'s figure, without what its parent held."""
    return _of_status("VmHWM")


class OwnMemory:
    """A context in which a thread looks, every 20 ms, how much memory the process holds without pages of files.

    Pages of a mapped file lie in memory as long as nobody else wants the room: they grow with what was read of the
    file, and cost nothing. Linux keeps the peak only of both together, so this one is looked for.

    Attributes:
        peak_mebibytes: the most that was seen; None where the system does not tell.
    """

    def __init__(self) -> None:
        self.peak_mebibytes = _of_status("RssAnon")
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "OwnMemory":
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()

    def _look(self) -> None:
        while self.peak_mebibytes is not None and not self._over.wait(_SECONDS_BETWEEN_LOOKS):
            self.peak_mebibytes = max(self.peak_mebibytes, _of_status("RssAnon") or 0.0)


def _of_status(name: str) -> float | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":")), None)
