"""Reads n-grams in ARPA's format, as SRILM, KenLM and others write it."""

from __future__ import annotations

import array
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfnlp.embeddings.files.byte_stream import opened
from tfnlp.errors import UserError
from tfnlp.ngram.arpa_writer import LOG_ZERO
from tfnlp.ngram.model import NgramModel
from tfnlp.ngram.trie import END, NOT_FOUND, SPECIAL, START_ID, UNKNOWN, NgramTrie, range_starts, word_type

_COUNT = re.compile(rb"ngram\s+(\d+)\s*=\s*(\d+)\s*")


def read_arpa(path: str | os.PathLike[str], *, level: str = "word") -> NgramModel:
    r"""Reads a model.

    What stands before `\data\` is passed over, and n-grams may stand in any order. -99 or less, and `-inf`, mean a
    probability of 0. Without `<unk>` (or `<UNK>`) unknown words are impossible.

    Args:
        path: a UTF-8 file, gzipped or not.
        level: what the model's tokens are, `"word"` or `"char"`; the format does not say.

    Returns:
        the model, in memory.

    Raises:
        UserError: if the file is missing, or is not in this format: with its line.
    """
    return _Reader(Path(path)).read(level)


class _Reader:
    """One reading of one file."""

    def __init__(self, path: Path):
        self.path = path
        self.line = 0
        self.heading = b""  # read already, where no empty line stands before it
        self.ids: dict[bytes, int] = {}
        self.words: list[bytes] = [word.encode() for word in SPECIAL]

    def read(self, level: str) -> NgramModel:
        with opened(self.path, "ARPA file") as file:
            lines = self._lines(file)
            counts = self._counts(lines)
            trie = NgramTrie(0, [], [])
            probabilities, backoffs = [], []
            for order in range(1, len(counts) + 1):
                trie, logs, weights = self._section(
                    lines, order, counts[order - 1], trie, order == len(counts)
                )
                probabilities.append(logs)
                backoffs.append(weights)
            if self._next(lines) != b"\\end\\":
                raise self._error(f"expected `\\end\\` behind the {len(counts)}-grams")
        words = [word.decode() for word in self.words]
        return NgramModel(words, trie, probabilities, backoffs[:-1], {"level": level, "source": "arpa"})

    def _lines(self, file: Iterator[bytes]) -> Iterator[bytes]:
        for self.line, line in enumerate(file, 1):
            yield line.strip()

    def _next(self, lines: Iterator[bytes]) -> bytes:
        """The next line that is not empty; an empty one at the file's end."""
        heading, self.heading = self.heading, b""
        return heading or next((line for line in lines if line), b"")

    def _counts(self, lines: Iterator[bytes]) -> list[int]:
        while (line := self._next(lines)) != b"\\data\\":
            if not line:
                raise UserError(f"{self.path}: no ARPA file: there is no line `\\data\\`")
        counts: list[int] = []
        for line in lines:
            if counts and (not line or line.startswith(b"\\")):
                self.heading = line
                return counts
            if not line:
                continue
            match = _COUNT.fullmatch(line)
            if match is None or int(match[1]) != len(counts) + 1:
                raise self._error(f"expected `ngram {len(counts) + 1}=COUNT`", line)
            counts.append(int(match[2]))
        raise self._error("the file ends before the 1-grams")

    def _section(
        self, lines: Iterator[bytes], order: int, count: int, below: NgramTrie, last: bool
    ) -> tuple[NgramTrie, np.ndarray, np.ndarray]:
        """Reads the n-grams of one order."""
        heading = b"\\%d-grams:" % order
        if (line := self._next(lines)) != heading:
            raise self._error(f"expected `{heading.decode()}`", line)
        first = self.line + 1
        read_logs, read_weights = array.array("d"), array.array("d")
        words: list[bytes] = []  # of the 1-grams
        ids = array.array("q")  # of all others, one behind the other
        with_weight, without = order + 2, order + 1
        for place in range(count):
            line = next(lines, b"")
            fields = line.split()
            try:
                weight = float(fields[-1]) if len(fields) == with_weight else 0.0
                if len(fields) != without and (len(fields) != with_weight or (last and weight != 0)):
                    raise ValueError
                read_logs.append(float(fields[0]))
                read_weights.append(weight)
            except ValueError:
                raise self._error(
                    f"expected a log10 probability, {order} word{'s' * (order > 1)}"
                    f"{'' if last else ' and perhaps a back-off weight'}; {count} such lines, of which this is number "
                    f"{place + 1}",
                    line,
                ) from None
            if order == 1:
                words.append(fields[1])
                continue
            try:
                ids.extend(map(self.ids.__getitem__, fields[1:without]))
            except KeyError as error:
                word = error.args[0].decode("utf-8", "replace")
                raise self._error(f"the word `{word}` is not among the 1-grams") from None
        logs, weights = np.array(read_logs), np.array(read_weights)
        self._check_numbers(logs, weights, first)
        self.heading = next(lines, b"")
        if self.heading and not self.heading.startswith(b"\\"):
            raise self._error(f"more {order}-grams than the {count} that the head tells of", self.heading)
        logs[logs <= LOG_ZERO] = -np.inf
        weights[weights <= LOG_ZERO] = -np.inf
        if order == 1:
            return self._unigrams(words, logs, weights, first)
        return self._longer(np.array(ids).reshape(-1, order), logs, weights, first, below)

    def _unigrams(
        self, words: list[bytes], logs: np.ndarray, weights: np.ndarray, first: int
    ) -> tuple[NgramTrie, np.ndarray, np.ndarray]:
        if UNKNOWN.encode() not in words and b"<UNK>" in words:
            words[words.index(b"<UNK>")] = UNKNOWN.encode()
        if END.encode() not in words:
            raise UserError(f"{self.path}: `{END}` is not among the 1-grams, so no sentence could end")
        self.ids = {word: number for number, word in enumerate(self.words)}
        for place, word in enumerate(words):
            if word not in self.ids:
                self.ids[word] = len(self.words)
                self.words.append(word)
                try:
                    word.decode()
                except UnicodeDecodeError:
                    raise self._error("not valid UTF-8", at=first + place) from None
        numbers = np.array([self.ids[word] for word in words])
        self._refuse_repeated(numbers, first)
        all_logs, all_weights = np.full(len(self.words), -np.inf), np.zeros(len(self.words))
        all_logs[numbers], all_weights[numbers] = logs, weights
        all_logs[START_ID] = -np.inf  # KenLM gives it 0, SRILM -99; it is never foretold
        return (
            NgramTrie(len(self.words), [], []),
            all_logs.astype(np.float32),
            all_weights.astype(np.float32),
        )

    def _longer(
        self,
        ids: np.ndarray,
        logs: np.ndarray,
        weights: np.ndarray,
        first: int,
        below: NgramTrie,
    ) -> tuple[NgramTrie, np.ndarray, np.ndarray]:
        order = ids.shape[1]
        parents = ids[:, 0]
        for level in range(2, order):
            parents = below.find(level, parents, ids[:, level - 1])
        lost = np.flatnonzero(parents == NOT_FOUND)
        if len(lost):
            context = " ".join(self.words[word].decode() for word in ids[lost[0], :-1])
            raise self._error(
                f"its context `{context}` is not among the {order - 1}-grams", at=first + int(lost[0])
            )
        keys = parents * below.size + ids[:, -1]
        self._refuse_repeated(keys, first)
        sorting = np.argsort(keys, kind="stable")
        words = ids[sorting, -1].astype(word_type(below.size))
        starts = range_starts(np.bincount(parents, minlength=below.count(order - 1)))
        trie = NgramTrie(below.size, [*below.words, words], [*below.starts, starts])
        return trie, logs[sorting].astype(np.float32), weights[sorting].astype(np.float32)

    def _check_numbers(self, logs: np.ndarray, weights: np.ndarray, first: int) -> None:
        wrong = np.flatnonzero(~(logs <= 0) | np.isnan(weights) | np.isposinf(weights))
        if len(wrong):
            at = int(wrong[0])
            raise self._error(
                "a log10 probability must be at most 0, and a back-off weight a number. "
                f"Received: {logs[at]:g} and {weights[at]:g}",
                at=first + at,
            )

    def _refuse_repeated(self, keys: np.ndarray, first: int) -> None:
        sorting = np.argsort(keys, kind="stable")
        same = np.flatnonzero(keys[sorting][1:] == keys[sorting][:-1])
        if len(same):
            again, before = (first + int(sorting[same[0] + more]) for more in (1, 0))
            raise self._error(f"the same n-gram as in line {before}", at=again)

    def _error(self, message: str, line: bytes | None = None, at: int | None = None) -> UserError:
        seen = (
            "" if line is None else f". Received: {line[:80].decode('utf-8', 'replace') or 'an empty line'}"
        )
        return UserError(f"{self.path}, line {self.line if at is None else at}: {message}{seen}")
