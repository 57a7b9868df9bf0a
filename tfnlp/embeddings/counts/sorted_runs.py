"""Sums by key for more keys than memory holds: sorted runs on the disk, merged in one pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

# Entries worked on at a time: few enough for the processor's cache, enough to hide Python's own time.
_SLICE = 1 << 17


@dataclasses.dataclass(frozen=True)
class SortedRun:
    """Distinct keys in rising order and their sums, in two files of int64."""

    keys: Path
    sums: Path
    entries: int

    def read(self, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Entries from `start` on, at most `count`: keys and sums, int64 `[entries]`.

        Read, not mapped: mapped pages would count as this process's memory until the system wants them back.
        """
        keys = np.fromfile(self.keys, np.int64, count, offset=8 * start)
        return keys, np.fromfile(self.sums, np.int64, count, offset=8 * start)


class CodeBuffer:
    """Room for numbers that are handed on when it is full.

    Args:
        room: how many numbers it holds, 8 bytes each.
        empty: takes the numbers, int64 `[n]`, which it may change; called when the next part has no room.
    """

    def __init__(self, room: int, empty: Callable[[np.ndarray], None]):
        self._numbers = np.empty(room, np.int64)
        self._filled = 0
        self._empty = empty

    def add(self, part: np.ndarray) -> None:
        """Takes up int64 `[n]`, with n at most `room`."""
        if self._filled + len(part) > len(self._numbers):
            self.flush()
        self._numbers[self._filled : self._filled + len(part)] = part
        self._filled += len(part)

    def flush(self) -> None:
        """Hands on what is there."""
        if self._filled:
            self._empty(self._numbers[: self._filled])
        self._filled = 0


def write_run(folder: Path, number: int, parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> SortedRun:
    """Writes keys and sums, given part by part in rising order of the keys."""
    run = SortedRun(folder / f"{number}.keys", folder / f"{number}.sums", 0)
    entries = 0
    with run.keys.open("wb") as key_file, run.sums.open("wb") as sum_file:
        for keys, sums in parts:
            keys.tofile(key_file)
            sums.tofile(sum_file)
            entries += len(keys)
    return dataclasses.replace(run, entries=entries)


def summed(
    codes: np.ndarray, low_bits: int = 0, amounts: np.ndarray | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Sums what sorted codes stand for, key by key.

    Args:
        codes: int64 `[n]`, sorted. The bits above the lowest `low_bits` are the key.
        low_bits: how many of the lowest bits choose the amount.
        amounts: int64 `[2**low_bits]`, what a code with these low bits adds; 1 for None.

    Yields:
        distinct keys in rising order and their sums, int64 `[m]` each, part by part.
    """
    # The last key of a part may go on in the next one, so it is held back.
    held_key, held_sum = np.empty(0, np.int64), np.empty(0, np.int64)
    for start in range(0, len(codes), _SLICE):
        part = codes[start : start + _SLICE]
        keys = part >> low_bits if low_bits else part
        firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        if amounts is None:
            sums = np.diff(firsts, append=len(part))
        else:
            sums = np.add.reduceat(amounts[part & (len(amounts) - 1)], firsts)
        keys = keys[firsts]
        if len(held_key):
            if held_key[0] == keys[0]:
                sums[0] += held_sum[0]
            else:
                yield held_key, held_sum
        yield keys[:-1], sums[:-1]
        held_key, held_sum = keys[-1:], sums[-1:]
    if len(held_key):
        yield held_key, held_sum


def merged(runs: list[SortedRun], memory_bytes: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Merges runs; a key that several hold comes once, with the sum of its sums.

    Args:
        runs: any number of them.
        memory_bytes: memory for what is read of all runs together.

    Yields:
        distinct keys in rising order and their sums, int64 `[m]` each, part by part.
    """
    # One entry takes about 64 bytes while it is merged: what was read, its order, and both sorted.
    share = max(1, min(memory_bytes // 64 // max(1, len(runs)), _SLICE))
    position = [0] * len(runs)
    parts = [run.read(0, share) for run in runs]
    while any(len(keys) for keys, _ in parts):
        # Up to the least of the last keys read, no run has anything more to come.
        limit = min(keys[-1] for keys, _ in parts if len(keys))
        ends = [int(np.searchsorted(keys, limit, "right")) for keys, _ in parts]
        yield _added([(keys[:end], sums[:end]) for (keys, sums), end in zip(parts, ends) if end])
        for number, (run, end) in enumerate(zip(runs, ends)):
            if end:
                position[number] += end
                parts[number] = run.read(position[number], share)


def _added(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    if len(parts) == 1:
        return parts[0]
    keys = np.concatenate([keys for keys, _ in parts])
    # The stable sort finds the rising stretches and merges them, rather than sort from scratch.
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[firsts], np.add.reduceat(np.concatenate([sums for _, sums in parts])[order], firsts)
