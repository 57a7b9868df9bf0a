"""Does the memory of training word vectors grow with the corpus? The same words, ten times the text.

    python benchmarks/vector_growth.py CORPUS

Two texts are written: the corpus's first tokens, and ten times as many of it. What a trainer must hold grows with the
number of different words, so both get the same: the most frequent of the short text; others are left out as the texts
are written. Skip-gram and GloVe (counting included) then train on each for one epoch, in a process of their own. The
memory for counting is so small that the short text already fills it. Prints a table and adds it to a JSON file.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

if __name__ in ("__main__", "__mp_main__"):  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import environment
from benchmarks.vector_corpora import LONGEST_LINE, Written, find_corpus
from benchmarks.workers import Worker
from tfnlp.embeddings.sentences import Sentences

RESULTS = Path(__file__).resolve().parent / "results" / "vector_growth.json"
PACKAGES = ["tfnlp", "tensorflow", "numpy"]
METHODS = {"skipgram": "skip-gram", "glove": "GloVe", "svd": "SVD of PPMI"}
TIMES = 10
_BYTES_PER_PAIR = 8


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory(dir=options.scratch) as name:
        folder = Path(name)
        source = find_corpus(options.corpus)
        kept = most_frequent(source, options.tokens, options.words)
        sizes = (options.tokens, TIMES * options.tokens)
        corpora = [write_known(source, kept, size, folder / f"{size}.txt") for size in sizes]
        if corpora[1].tokens < 0.95 * TIMES * corpora[0].tokens:
            raise SystemExit(f"{source} is too short: give --tokens a number below a tenth of it")
        results = []
        for method in options.methods:
            for corpus in corpora:
                results.append(
                    {"method": method, "tokens": corpus.tokens, **measure(method, corpus, options)}
                )
                print(line_of(results[-1]), flush=True)
    print_table(results, options)
    entry = {
        "environment": environment.describe(options.threads, PACKAGES),
        "settings": settings_of(options),
        "results": results,
    }
    environment.merge_json(options.json, "corpora", {Path(source).name: entry})


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads and checks the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", help="a text file, or a folder with one")
    parser.add_argument("--tokens", type=int, default=1_600_000, help="of the short text")
    parser.add_argument("--words", type=int, default=20_000, help="the vocabulary of both")
    parser.add_argument("--methods", default="skipgram,glove", help=", ".join(METHODS))
    parser.add_argument("--memory", type=int, default=32, help="mebibytes for counting")
    parser.add_argument("--dimension", type=int, default=100)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="folder for texts and counts; default: the system's")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    options = parser.parse_args(arguments)
    options.methods = options.methods.split(",")
    for method in options.methods:
        if method not in METHODS:
            parser.error(f"--methods: unknown {method!r}; there are {', '.join(METHODS)}")
    return options


def settings_of(options: argparse.Namespace) -> dict[str, int]:
    """What each session is told."""
    return {
        "dimension": options.dimension,
        "window": options.window,
        "negatives": 5,
        "min_count": 1,
        "epochs": 1,
        "glove_epochs": 1,
        "memory_bytes": options.memory << 20,
    }


def most_frequent(source: str, tokens: int, words: int) -> set[str]:
    """The most frequent words of a corpus's first tokens."""
    counts = Counter(islice(chain.from_iterable(Sentences(source)), tokens))
    return {word for word, _ in counts.most_common(words)}


def write_known(source: str, kept: set[str], tokens: int, path: Path) -> Written:
    """Writes the words of `kept` among a corpus's first tokens."""
    written = lines = 0
    with path.open("w", encoding="utf-8") as file:
        for line in _lines(Sentences(source), tokens):
            known = [word for word in line if word in kept]
            file.write(" ".join(known) + "\n")
            written += len(known)
            lines += 1
    return Written(path.name, path, written, lines)


def _lines(sentences: Sentences, tokens: int) -> Iterator[list[str]]:
    for sentence in sentences:
        for start in range(0, len(sentence), LONGEST_LINE):
            line = sentence[start : start + min(tokens, LONGEST_LINE)]
            yield line
            tokens -= len(line)
            if tokens <= 0:
                return


def measure(method: str, corpus: Written, options: argparse.Namespace) -> dict:
    """Trains once; what the session tells of it."""
    with Worker(
        "benchmarks.vector_session:VectorSession", threads=options.threads, method=method, corpus=corpus.path,
        settings=settings_of(options), seed=1, out=corpus.path.with_name("vectors.npz"),
    ) as worker:  # fmt: skip
        return worker.train()


def line_of(result: dict) -> str:
    """One run in a line, printed as soon as it is over."""
    return (
        f"{result['method']}, {result['tokens']:,} tokens, {result['vocabulary']:,} words: own memory "
        f"{result['peak_own_mebibytes']:,.0f} MiB, with files {result['peak_mebibytes']:,.0f} MiB"
    )


def print_table(results: list[dict], options: argparse.Namespace) -> None:
    """A line a method and text."""
    from rich.table import Table

    pairs = max(result["tokens"] for result in results) * options.window * _BYTES_PER_PAIR / 2**20
    table = Table(
        title="Peak memory, MiB",
        caption=f"memory for counting {options.memory} MiB; the long text's pairs take {pairs:,.0f} MiB",
    )
    for name in ("method", "tokens", "words", "entries", "at start", "own", "with mapped files", "seconds"):
        table.add_column(name, justify="left" if name == "method" else "right")
    for result in results:
        seconds = sum(result[f"{part}_seconds"] for part in ("vocabulary", "counting", "training"))
        table.add_row(
            METHODS[result["method"]],
            f"{result['tokens']:,}",
            f"{result['vocabulary']:,}",
            f"{result['entries']:,}" if "entries" in result else "",
            *(f"{result[f'{name}_mebibytes']:,.0f}" for name in ("start", "peak_own", "peak")),
            f"{seconds:.1f}",
        )
    environment.print_table(table)


if __name__ == "__main__":
    main()
