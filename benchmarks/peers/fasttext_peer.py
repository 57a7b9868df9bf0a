"""fastText's supervised mode (Joulin et al. 2017), on texts cut by the same rule as ours."""

import tempfile
import time
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from benchmarks.datasets import Dataset, Part
from benchmarks.scores import Result, accuracy, macro_f1

NAME = "fastText"


def cut(text: str) -> str:
    """Lower-cased words with every punctuation mark and Chinese character on its own, joined by blanks."""
    pieces = []
    for char in text.lower():
        alone = unicodedata.category(char)[0] in "PS" or "\u3400" <= char <= "\u9fff"
        pieces.append(f" {char} " if alone else char)
    return " ".join("".join(pieces).split())


def _lines(part: Part, cut_texts: Iterable[str]) -> str:
    return "".join(f"__label__{label} {text}\n" for label, text in zip(part.labels, cut_texts))


def run(
    dataset: Dataset, seed: int, *, threads: int = 2, epochs: int = 10, learning_rate: float = 0.5,
    dim: int = 100, word_ngrams: int = 2, **_,
) -> Result:  # fmt: skip
    """Trains on everything but the test part (it needs no validation part)."""
    import fasttext

    fasttext.FastText.eprint = lambda *args, **kwargs: None  # its load warning
    known = dataset.train + dataset.valid
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "train.txt")
        path.write_text(_lines(known, map(cut, known.texts)), encoding="utf-8")
        model = fasttext.train_supervised(
            str(path), epoch=epochs, lr=learning_rate, dim=dim, wordNgrams=word_ngrams, minCount=1,
            bucket=2_000_000, thread=threads, seed=seed, verbose=0,
        )  # fmt: skip
    seconds = time.perf_counter() - start
    names, _ = model.predict([cut(text) for text in dataset.test.texts])
    # A text without a single known n-gram gets no label at all.
    answers = [int(name[0].removeprefix("__label__")) if name else 0 for name in names]
    return Result(
        dataset.name, dataset.fold, NAME, seed,
        accuracy(dataset.test.labels, answers), macro_f1(dataset.test.labels, answers),
        seconds, epochs * len(known) / seconds,
        details={"epochs": epochs, "learning_rate": learning_rate, "dim": dim, "word_ngrams": word_ngrams},
    )  # fmt: skip
