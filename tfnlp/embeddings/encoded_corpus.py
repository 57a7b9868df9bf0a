"""A corpus as numbers on the disk: what every trainer of word vectors reads, whatever the corpus's size."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tfnlp.embeddings.mapped_pages import forget_pages
from tfnlp.errors import UserError
from tfnlp.files import disk_errors_explained, write_json_atomically

# Stands behind each sentence in the stream of ids.
SENTENCE_END = -1
# Stands there among tokens in UTF-8, where the byte 0xff never comes.
END_OF_SENTENCE = b"\xff"
_WORDS_FILE, _IDS_FILE = "words.json", "ids.int32"
_LEFT_OUT = -2
_BLOCK_TOKENS = 1 << 17
_CHUNK_IDS = 1 << 20


@runtime_checkable
class TokenBlocks(Protocol):
    """A corpus that gives its tokens out in large lists, quicker to count than sentence by sentence."""

    def token_blocks(self) -> Iterator[list[bytes]]:
        """Lists of UTF-8 tokens, `END_OF_SENTENCE` behind each sentence; a sentence may go on in the next list."""


@dataclasses.dataclass(frozen=True)
class EncodedCorpus:
    """Words by their frequency, and the corpus as a stream of their ids.

    Attributes:
        words: the vocabulary, most frequent first; equal counts in the order of the words' code points.
        counts: int64 `[words]`, how often each stands in the corpus.
        ids: int32 `[tokens + sentences]`, mapped from the disk: ids of words, `SENTENCE_END` behind each sentence.
            Words that are not in the vocabulary have been left out, as word2vec does.
        sentences: how many sentences there are.
        dropped_tokens: tokens of the corpus that are not in the vocabulary.
    """

    words: list[str]
    counts: np.ndarray
    ids: np.ndarray
    sentences: int
    dropped_tokens: int

    @property
    def tokens(self) -> int:
        """Tokens in the stream, without the ends of sentences."""
        return int(self.counts.sum())


def encode_corpus(
    sentences: Iterable[Sequence[str]] | TokenBlocks,
    folder: Path,
    *,
    min_count: int = 5,
    max_words: int | None = None,
    least_words: int = 2,
    on_progress: Callable[[int], None] | None = None,
) -> EncodedCorpus:
    """Counts the words of a corpus and writes it as ids; `sentences` is gone through once, and never held.

    Only the corpus's different words are held in memory. The disk holds the ids twice meanwhile.

    Args:
        sentences: lists of tokens, or e.g. a `tfnlp.embeddings.sentences.Sentences`.
        folder: where `ids.int32` and `words.json` are written.
        min_count: words seen less often are left out.
        max_words: greatest vocabulary; the rarest words beyond it are left out.
        least_words: how many different words there must be, 1 or 2: one alone has nothing to be told from.
        on_progress: called now and then with the number of tokens read so far.

    Raises:
        UserError: if the corpus has no tokens, fewer words than `least_words`, or no word `min_count` times.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with disk_errors_explained(folder), tempfile.TemporaryFile(dir=folder) as seen:
        first_seen = _write_as_first_seen(sentences, seen, on_progress)
        ids = np.memmap(seen, np.int32, "r") if seen.tell() else np.zeros(0, np.int32)
        counts = np.zeros(len(first_seen), np.int64)
        for chunk in _chunks(ids):
            counts += np.bincount(chunk, minlength=len(counts))
        counts[0] = 0  # the ends of sentences
        words = list(first_seen)
        kept = _vocabulary(words, counts, min_count, max_words)
        if len(kept) < least_words:
            raise UserError(
                f"Only one word is left of the corpus, {_as_str(words[kept[0]])[:40]!r}: there is nothing to tell it "
                "from."
            )
        new_ids = np.full(len(words), _LEFT_OUT, np.int32)
        new_ids[0] = SENTENCE_END
        new_ids[kept] = np.arange(len(kept))
        number_of_sentences = _write_renumbered(ids, new_ids, folder / "ids.tmp")
    (folder / "ids.tmp").replace(folder / _IDS_FILE)
    write_json_atomically(
        folder / _WORDS_FILE,
        {
            "words": [_as_str(words[index]) for index in kept],
            "counts": counts[kept],
            "sentences": number_of_sentences,
            "dropped_tokens": int(counts.sum() - counts[kept].sum()),
        },
    )
    return load_encoded_corpus(folder)


def load_encoded_corpus(folder: Path) -> EncodedCorpus:
    """What `encode_corpus` wrote.

    Raises:
        UserError: if it is not there.
    """
    try:
        described = json.loads((folder / _WORDS_FILE).read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{folder}: no encoded corpus here; cure: train again without --resume") from None
    return EncodedCorpus(
        described["words"],
        np.array(described["counts"], np.int64),
        np.memmap(folder / _IDS_FILE, np.int32, "r"),
        described["sentences"],
        described["dropped_tokens"],
    )


def _token_blocks(sentences: Any) -> Iterator[Sequence[str | bytes]]:
    if isinstance(sentences, TokenBlocks):
        yield from sentences.token_blocks()
        return
    block: list[str | bytes] = []
    for sentence in sentences:
        block += sentence
        block.append(END_OF_SENTENCE)
        if len(block) >= _BLOCK_TOKENS:
            yield block
            block = []
    yield block


def _write_as_first_seen(
    sentences: Any, file: Any, on_progress: Callable[[int], None] | None
) -> dict[str | bytes, int]:
    """Writes the corpus with words numbered as they come, so that it is read but once; gives those numbers."""
    numbers: dict[str | bytes, int] = collections.defaultdict(itertools.count().__next__)
    numbers[END_OF_SENTENCE]  # takes number 0
    tokens = 0
    for block in _token_blocks(sentences):
        np.fromiter(map(numbers.__getitem__, block), np.int32, len(block)).tofile(file)
        tokens += len(block)
        if on_progress:
            on_progress(tokens)
    file.flush()
    return numbers


def _write_renumbered(ids: np.ndarray, new_ids: np.ndarray, path: Path) -> int:
    """Writes the ids anew, without the words left out and sentences that are then empty; gives their number."""
    sentences, last = 0, SENTENCE_END
    with path.open("wb") as file:
        for chunk in _chunks(ids):
            new = new_ids[chunk]
            new = new[new != _LEFT_OUT]
            if not len(new):
                continue
            ends = new == SENTENCE_END
            after_end = np.concatenate(([last == SENTENCE_END], ends[:-1]))
            last = new[-1]
            sentences += int((ends & ~after_end).sum())
            new[~(ends & after_end)].tofile(file)
    return sentences


def _chunks(ids: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(ids), _CHUNK_IDS):
        yield np.asarray(ids[start : start + _CHUNK_IDS])
        forget_pages(ids)


def _vocabulary(
    words: list[str | bytes], counts: np.ndarray, min_count: int, max_words: int | None
) -> np.ndarray:
    """Indices of the words kept, most frequent first."""
    if not counts.any():
        raise UserError("The corpus is empty: there is not one word in it.")
    # The order of UTF-8 is that of the code points.
    kept = sorted(np.flatnonzero(counts >= max(min_count, 1)).tolist(), key=lambda i: (-counts[i], words[i]))
    kept = kept[:max_words]
    if not kept:
        most = int(counts.argmax())
        raise UserError(
            f"No word stands {min_count} times in the corpus; the most frequent, {_as_str(words[most])[:40]!r}, stands "
            f"{counts[most]} times. Cure: `--min-count {counts[most]}` or less, or a larger corpus; or, if no spaces "
            "stand between its words, `--tokenizer char` or `--tokenizer word`."
        )
    return np.array(kept)


def _as_str(word: str | bytes) -> str:
    return word.decode() if isinstance(word, bytes) else word
