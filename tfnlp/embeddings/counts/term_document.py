"""How often each word stands in each document, counted over a corpus of any size in bounded memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.embeddings.counts.sorted_runs import (
    CodeBuffer,
    SortedRun,
    merged,
    summed,
    write_run,
)
from tfnlp.embeddings.counts.triples import as_sparse, check_memory, read_triples, work_folder, write_triples
from tfnlp.embeddings.encoded_corpus import EncodedCorpus
from tfnlp.embeddings.mapped_pages import forget_pages
from tfnlp.errors import UserError

_NAME = "term_documents"
_PIECE = 1 << 17


@dataclasses.dataclass(frozen=True)
class TermDocuments:
    """A sparse matrix of words by documents, as triples on the disk, sorted by word and then by document.

    Attributes:
        rows: int32 `[entries]`, mapped from the disk: ids of words.
        columns: int32 `[entries]`, mapped from the disk: numbers of documents, from 0 on.
        values: float32 `[entries]`, at least 1, mapped from the disk: how often the word stands in the document.
        words: how many words there are.
        documents: how many documents there are.
    """

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    words: int
    documents: int

    def __len__(self) -> int:
        return len(self.values)

    def to_sparse(self) -> Any:
        """The same as a `scipy.sparse.csr_array`, float32 `[words, documents]`."""
        return as_sparse(self.rows, self.columns, self.values, (self.words, self.documents))


def count_term_documents(
    corpus: EncodedCorpus,
    folder: Path,
    *,
    memory_bytes: int = 1 << 30,
    on_progress: Callable[[int], None] | None = None,
) -> TermDocuments:
    """Counts how often each word stands in each document; a document is a sentence of the corpus.

    Where a corpus file has one article a line, a document is an article. A line without a known word is no document.
    Works as `count_cooccurrences` does: bounded memory, a result seen whole or not at all.

    Args:
        corpus: the words, as ids.
        folder: where the result is written, as `term_documents.*`; may be the corpus's own. One count at a time.
        memory_bytes: memory for words, at least 1 MiB; what Python and its libraries take comes on top.
        on_progress: is told, now and then, how many ids of the stream have been read.

    Returns:
        the counts, mapped from the disk.

    Raises:
        UserError: if the memory is too little, there are too many documents, or the disk is full.
    """
    check_memory(memory_bytes)
    bits = max(1, (corpus.sentences - 1).bit_length())
    # Numbers of documents are int32.
    if bits > 31:
        raise UserError(f"{corpus.sentences:,} documents are too many to count; cure: several corpora")
    runs: list[SortedRun] = []
    with work_folder(folder, _NAME) as work:

        def write(full: np.ndarray) -> None:
            full.sort()
            runs.append(write_run(work, len(runs), summed(full)))

        piece = min(_PIECE, memory_bytes // 16)
        buffer = CodeBuffer(max(piece, min(memory_bytes // 8, len(corpus.ids))), write)
        document = 0
        for start in range(0, len(corpus.ids), piece):
            part = np.asarray(corpus.ids[start : start + piece])
            known = part >= 0
            documents = np.cumsum(~known) + document
            document = int(documents[-1])
            buffer.add(part[known].astype(np.int64) << bits | documents[known])
            forget_pages(corpus.ids)
            if on_progress is not None:
                on_progress(start + len(part))
        buffer.flush()
        mask = (1 << bits) - 1
        parts = ((keys >> bits, keys & mask, sums) for keys, sums in merged(runs, memory_bytes))
        description = {"words": len(corpus.words), "documents": corpus.sentences}
        write_triples(folder, _NAME, work, parts, description)
    return load_term_documents(folder)


def load_term_documents(folder: Path) -> TermDocuments:
    """What `count_term_documents` wrote.

    Raises:
        UserError: if it is not there, or not whole.
    """
    return TermDocuments(**read_triples(folder, _NAME))
