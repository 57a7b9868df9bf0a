"""`tfnlp segment`: text with a space between its words, a line for a line."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from tfnlp.commands.models import is_tagger, load_model
from tfnlp.errors import UserError

RECIPE = "segment-zh"
# Bytes read at once, and of a line beyond which it is cut into pieces.
_CHUNK = 1 << 18
_LONG_LINE = 3000
_SENTENCE_ENDS = tuple(sign.encode("utf-8") for sign in "。！？；!?;…")

# Lines without their ends to the same with spaces between their words.
Segmenter = Callable[[Sequence[bytes]], list[bytes]]


def find_model(model: Path | None, root: Path = Path()) -> Path:
    """The model to segment with: the one given, or the newest run or export of the recipe `segment-zh`.

    Raises:
        UserError: if none is given and there is none.
    """
    if model is not None:
        return model
    files = [
        *(root / "runs" / RECIPE).glob("*/model.keras"),
        *(root / "saved_models" / RECIPE).glob("*/saved_model.pb"),
    ]
    if not files:
        raise UserError(
            f"no segmenter: there is no finished run in runs/{RECIPE} and no export in saved_models/{RECIPE}. Train "
            f"one with `tfnlp train pipelines/{RECIPE}.toml`, or name a model: --model PATH"
        )
    newest = max(files, key=lambda file: file.stat().st_mtime)
    return newest.parent if newest.suffix == ".pb" else newest


def load_segmenter(path: Path) -> Segmenter:
    """Loads a run, a `.keras` file, an export folder or a `.tflite` file that tags characters as words.

    Raises:
        UserError: if there is no model, or it is of another kind.
    """
    model = load_model(path)
    if not is_tagger(model):
        raise _not_words(path, "it gives a label to whole texts")
    _check_tags(path, model.tags, model.scheme)
    from tfnlp.text.words_apart import WordBorders, words_apart

    borders = WordBorders(model.tags)

    def segment(lines: Sequence[bytes]) -> list[bytes]:
        numbers, lengths, starts, _ = model.tag_numbers(lines)
        return words_apart(lines, lengths, starts, borders.first_tokens(numbers, lengths))

    return segment


def _check_tags(path: Path, tags: Sequence[str], scheme: str) -> None:
    if scheme == "plain" or any(tag[:1] not in "BMIES" or tag[1:2] not in ("", "-") for tag in tags):
        raise _not_words(path, f"its tags are {', '.join(tags[:8])}")


def _not_words(path: Path, what: str) -> UserError:
    return UserError(
        f"{path} does not cut text into words: {what}. `tfnlp train pipelines/{RECIPE}.toml` makes a model that does"
    )


def open_source(name: str) -> contextlib.AbstractContextManager[Any]:
    """The file, or standard input for `-`, which is left open.

    Raises:
        UserError: if it cannot be read, or standard input is a terminal.
    """
    if name == "-":
        if sys.stdin.isatty():
            raise UserError("nothing to segment: name a file, or send text to standard input")
        return contextlib.nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise UserError(f"cannot read {name}: {error.strerror}") from None


def segment_stream(
    source: io.BufferedIOBase,
    sink: BinaryIO,
    segment: Segmenter,
    advance: Callable[[int], Any] = lambda _: None,
) -> None:
    """Segments line after line, as they come; each line gives one line.

    Args:
        source: UTF-8; what is broken in it goes through as it is.
        sink: where the lines go, ended by a line feed.
        segment: see `load_segmenter`.
        advance: told the number of bytes behind us since it was told last.
    """
    for lines, size in _lines(source):
        pieces, counts = [], []
        for line in lines:
            cut = list(_pieces(line))
            pieces += cut
            counts.append(len(cut))
        answers = iter(segment(pieces))
        for count in counts:
            sink.write(
                b" ".join(answer for answer in (next(answers) for _ in range(count)) if answer) + b"\n"
            )
        sink.flush()
        advance(size)


def _lines(source: io.BufferedIOBase) -> Iterator[tuple[list[bytes], int]]:
    """Whole lines without their ends, as many as have come, and how many bytes they took."""
    begun: list[
        bytes
    ] = []  # of a line whose end has not come; joined once, or a long line would be copied again and again
    while chunk := source.read1(_CHUNK):  # what a pipe has now, without waiting for more
        head, end, rest = chunk.rpartition(b"\n")
        if not end:
            begun.append(chunk)
            continue
        whole = b"".join([*begun, head])
        begun = [rest]
        yield whole.split(b"\n"), len(whole) + 1
    if last := b"".join(begun):
        yield [last], len(last)


def _pieces(line: bytes) -> Iterator[bytes]:
    """Cuts a line too long to be read in one go, at the end of a sentence or, where there is none, of a character."""
    while len(line) > _LONG_LINE:
        place = max(line.rfind(sign, 0, _LONG_LINE) + len(sign) for sign in _SENTENCE_ENDS)
        if place < _LONG_LINE // 4:
            place = _LONG_LINE
            while place > _LONG_LINE - 4 and line[place] & 0xC0 == 0x80:  # within a character
                place -= 1
        yield line[:place]
        line = line[place:]
    yield line


def segment_file(name: str, segment: Segmenter) -> None:
    """Segments a file, or standard input, to standard output; shows how far it is where that can be seen."""
    with open_source(name) as source:
        shown = sys.stderr.isatty() and not sys.stdout.isatty()
        if not shown:
            segment_stream(source, sys.stdout.buffer, segment)
            return
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        from tfnlp.commands.terminal import console

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=os.fstat(source.fileno()).st_size or None)
            segment_stream(source, sys.stdout.buffer, segment, lambda size: bar.advance(task, size))
