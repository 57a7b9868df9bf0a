"""From a text to a counting language model."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tfnlp.embeddings.encoded_corpus import EncodedCorpus, encode_corpus
from tfnlp.errors import UserError
from tfnlp.files import disk_errors_explained
from tfnlp.ngram.counting import NgramCounts, count_ngrams
from tfnlp.ngram.levels import Level, level_of
from tfnlp.ngram.model import NgramModel, refuse_marks
from tfnlp.ngram.smoothing import Smoothing, estimate
from tfnlp.ngram.trie import SPECIAL, UNKNOWN, UNKNOWN_ID

logger = logging.getLogger(__name__)


class TrainingProgress(Protocol):
    """Hears how far a training is."""

    def stage(self, name: str) -> None:
        """Something begins."""

    def update(self, done: int, total: int | None = None) -> None:
        """So many tokens of it have been gone through."""


def train_ngram_model(
    corpus: str | os.PathLike[str] | Iterable[str],
    *,
    order: int = 5,
    smoothing: str = "modified_kneser_ney",
    level: str = "word",
    prune: Sequence[int] = (),
    add_k: float = 1.0,
    min_count: int = 1,
    vocabulary: Sequence[str] | None = None,
    memory_bytes: int = 1 << 30,
    folder: str | os.PathLike[str] | None = None,
    progress: TrainingProgress | None = None,
) -> NgramModel:
    """Counts n-grams and makes a language model of them.

    Empty lines are no sentences. Words left out of the vocabulary are counted as `<unk>`. A `<unk>` that stands in the
    text is counted like them. Without either, `<unk>` has what the smoothing gives to a word never seen: under
    interpolation its even share of what the discounts of the unigrams left, 1 over all words, `</s>` and `<unk>` (as
    KenLM does); with `katz`, what they left; with `add_k`, k; with `mle`, nothing.

    Args:
        corpus: path of a UTF-8 file (gzipped or not), a sentence a line, `package:…` as `tfnlp.embeddings.Sentences`
            takes it, or texts, a sentence each.
        order: length of the longest n-grams, at least 1. If no sentence is so long, a warning says so and the model has
            the order of the longest.
        smoothing: one of `tfnlp.ngram.SMOOTHINGS`.
        level: `"word"` or `"char"`.
        prune: greatest count that is left out, order by order; see `Smoothing`.
        add_k: what `add_k` adds to every count.
        min_count: words seen less often are `<unk>`.
        vocabulary: the words to know, whether the text has them or not; None for those of the text.
        memory_bytes: memory for counting; what is over goes to the disk. Estimating takes some 100 bytes an n-gram
            of all orders on top, 130 with `jelinek_mercer`.
        folder: where a hidden folder holds what goes to the disk meanwhile; the system's place for temporary files by
            default.
        progress: hears how far it is.

    Returns:
        the model, in memory.

    Raises:
        UserError: if a setting is out of range, the corpus is missing, broken, or empty, or no word is left of it.
    """
    chosen = Smoothing(smoothing, tuple(prune), add_k)
    cut = level_of(level)
    if min_count < 1:
        raise UserError(f"`min_count` must be at least 1. Received: {min_count}")
    with _work_folder(folder) as work:
        if progress:
            progress.stage("reading")
        read = encode_corpus(
            _sentences(corpus, cut),
            work,
            min_count=1,
            least_words=1,
            on_progress=progress.update if progress else None,
        )
        refuse_marks(read.words)
        words, new_ids = _vocabulary(read, min_count, vocabulary)
        if progress:
            progress.stage("counting")
        counted = count_ngrams(
            read.ids,
            new_ids,
            len(words),
            work,
            order=order,
            memory_bytes=memory_bytes,
            on_progress=_of_all_orders(progress, order) if progress else None,
        )
        _warn_of_short_sentences(counted, order)
        if progress:
            progress.stage("estimating")
        estimates = estimate(counted, chosen)
        about = {
            "level": level,
            "smoothing": smoothing,
            "trained_on": {"tokens": read.tokens, "sentences": read.sentences},
            "min_count": min_count,
            "prune": list(prune),
            **({"add_k": add_k} if smoothing == "add_k" else {}),
            **estimates.facts,
        }
        trie = estimates.trie
        # Out of the work folder, which is going away.
        trie.words[:] = [np.array(numbers) for numbers in trie.words]
    return NgramModel(words, trie, estimates.log_probabilities, estimates.log_backoffs, about)


@contextlib.contextmanager
def _work_folder(folder: str | os.PathLike[str] | None) -> Iterator[Path]:
    place = Path(tempfile.gettempdir() if folder is None else folder)
    with disk_errors_explained(place):
        place.mkdir(parents=True, exist_ok=True)
        # Of a name of its own: two trainings may go on side by side.
        with tempfile.TemporaryDirectory(prefix=".ngrams-", dir=place) as name:
            yield Path(name)


def _sentences(corpus: Any, level: Level) -> Any:
    if isinstance(corpus, str | os.PathLike):
        return level.sentences(corpus)
    return (level.tokens(text) for text in corpus)


def _vocabulary(
    read: EncodedCorpus, min_count: int, wanted: Sequence[str] | None
) -> tuple[list[str], np.ndarray]:
    """The model's words, and the id in it of each word of the corpus."""
    kept = [word for word, count in zip(read.words, read.counts.tolist()) if count >= min_count]
    if wanted is not None:
        refuse_marks(wanted)
        there = set(kept)
        kept = list(dict.fromkeys(wanted))
        if there.isdisjoint(kept):
            raise UserError(
                "Not one word of the vocabulary stands in the corpus"
                + (f" {min_count} times or more" if min_count > 1 else "")
                + "; cure: the vocabulary of this corpus, one word a line"
            )
        kept = [word for word in kept if word in there or min_count == 1]
    elif not kept:
        raise UserError(
            f"No word stands {min_count} times in the corpus; the most frequent, {read.words[0][:40]!r}, stands "
            f"{int(read.counts[0])} times. Cure: `--min-count {int(read.counts[0])}` or less, or a larger corpus"
        )
    words = [*SPECIAL, *(word for word in kept if word != UNKNOWN)]
    ids = {word: number for number, word in enumerate(words)}
    return words, np.array([ids.get(word, UNKNOWN_ID) for word in read.words], np.int64)


def _of_all_orders(progress: TrainingProgress, order: int) -> Any:
    return lambda at, done, tokens: progress.update((at - 2) * tokens + done, (order - 1) * tokens)


def _warn_of_short_sentences(counted: NgramCounts, order: int) -> None:
    if counted.trie.order < order:
        logger.warning(
            "no sentence has %d tokens: the longest has %d, <s> and </s> among them; the model has order %d",
            order,
            counted.longest,
            counted.trie.order,
        )
