"""Accuracy and training speed of tfnlp's classifiers beside scikit-learn, fastText and PyTorch.

    python benchmarks/text_classification.py DATA_DIR --datasets mr,trec --seeds 1,2,3

DATA_DIR is laid out as `benchmarks/datasets.py` says. The five folds of Chinese reviews
(`--datasets reviews`) need no folder. Prints one table a data set and adds it to a JSON file.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

if __name__ in (
    "__main__",
    "__mp_main__",
):  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import duel, environment
from benchmarks.datasets import LOADERS, Dataset
from benchmarks.peers import fasttext_peer, linear
from benchmarks.scores import Result, spread
from benchmarks.settings import ENCODERS, SETTINGS, DatasetSettings, quick

RESULTS = Path(__file__).resolve().parent / "results" / "text_classification.json"
PEERS = ("linear", "fasttext", "pytorch")
PACKAGES = ["tfnlp", "tensorflow", "keras", "torch", "scikit-learn", "fasttext-numpy2-wheel", "snownlp"]
QUICK_TEXTS = {"train": 1000, "valid": 200, "test": 200}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    options = parse(arguments)
    for name in options.datasets:
        loader = LOADERS[name](options.data_dir, options.folds)
        results, sizes = [], []
        for dataset in loader:
            if options.quick:
                dataset = shortened(dataset)
            sizes.append({"fold": dataset.fold, **dataset.sizes})
            title = dataset.title
            for result in measure(dataset, SETTINGS[name], options):
                results.append(result)
                run = f"{name} fold {result.fold} seed {result.seed}: {result.system}"
                print(f"{run}: accuracy {result.accuracy:.2f}, {result.train_seconds:.1f} s", flush=True)
        print_table(f"{title}: {describe_sizes(sizes)}", SETTINGS[name].marks, results)
        if not options.quick or options.json != RESULTS:
            machine = environment.describe(options.threads, PACKAGES)
            when = {key: machine.pop(key) for key in ("measured", "threads")}
            entry = {
                "environment": machine,
                "sizes": sizes,
                "marks": SETTINGS[name].marks,
                "results": [{**dataclasses.asdict(result), **when} for result in results]
                + kept_results(options.json, name, {result.system for result in results}),
            }
            environment.merge_json(options.json, "datasets", {name: entry})


def kept_results(path: Path, dataset: str, measured: set[str]) -> list[dict]:
    """What the file holds of the systems that were not measured now."""
    if not path.exists():
        return []
    entry = json.loads(path.read_text(encoding="utf-8")).get("datasets", {}).get(dataset, {})
    return [result for result in entry.get("results", []) if result["system"] not in measured]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads and checks the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data_dir", nargs="?", type=Path, help="folder with mr/, sst/, trec6/, imdb/, ...")
    parser.add_argument(
        "--datasets",
        default="mr,sst2,sst2_phrases,sst5,sst5_phrases,trec,ag_news,thucnews,imdb",
        help=", ".join(LOADERS),
    )
    parser.add_argument("--encoders", default=",".join(ENCODERS), help="of tfnlp; `none` for the peers alone")
    parser.add_argument(
        "--peers", default=",".join(PEERS), help="linear, fasttext, pytorch; `none` for tfnlp alone"
    )
    parser.add_argument("--seeds", default="1", help="numbers, comma between; logistic regression runs once")
    parser.add_argument("--folds", type=int, default=0, help="MR: 1 (the 90/10 split) to 10; reviews: 1 to 5")
    parser.add_argument("--threads", type=int, default=2, help="of every system")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    parser.add_argument(
        "--quick", action="store_true", help="a small part of each data set, two epochs, no JSON"
    )
    options = parser.parse_args(arguments)
    for name, allowed in (("datasets", LOADERS), ("encoders", ENCODERS), ("peers", PEERS)):
        given = [word for word in getattr(options, name).split(",") if word not in ("", "none")]
        for word in given:
            if word not in allowed:
                parser.error(f"--{name}: unknown {word!r}; there are {', '.join(allowed)}")
        setattr(options, name, given)
    options.seeds = [int(seed) for seed in options.seeds.split(",")]
    if options.data_dir is None and set(options.datasets) - {"reviews"}:
        parser.error("give the folder that holds the data sets")
    return options


def measure(dataset: Dataset, settings: DatasetSettings, options: argparse.Namespace) -> Iterator[Result]:
    """Trains every system on one split, one after the other."""
    for seed in options.seeds:
        if "linear" in options.peers and seed == options.seeds[0]:
            yield linear.run(dataset, seed, inverse_penalty=settings.inverse_penalty)
        if "fasttext" in options.peers:
            yield fasttext_peer.run(dataset, seed, threads=options.threads, **settings.fasttext)
        for encoder in options.encoders:
            training = settings.training.get(encoder)
            if training is None:  # not every encoder has settings for every data set
                continue
            yield from duel.train(
                dataset,
                encoder,
                quick(training) if options.quick else training,
                seed,
                threads=options.threads,
                pytorch="pytorch" in options.peers,
            )


def shortened(dataset: Dataset) -> Dataset:
    """The first texts of each part; enough to see that everything runs."""
    parts = {
        name: part.take(range(0, len(part), max(1, len(part) // QUICK_TEXTS[name])))
        for name, part in (("train", dataset.train), ("valid", dataset.valid), ("test", dataset.test))
    }
    return dataclasses.replace(dataset, **parts)


def describe_sizes(sizes: list[dict]) -> str:
    """`train 9,000, valid 1,000, test 7,600`, and the number of folds."""
    text = ", ".join(f"{name} {sizes[0][name]:,}" for name in ("train", "valid", "test"))
    return text if len(sizes) == 1 else f"{text}, {len(sizes)} folds"


def print_table(title: str, marks: str, results: list[Result]) -> None:
    """One line a system: the mean over folds and seeds, with the standard deviation."""
    from rich.table import Table

    table = Table(title=title, caption=f"published: {marks}" if marks else None)
    table.add_column("system")
    for column in ("accuracy %", "macro-F1 %", "train s", "texts/s", "speed / PyTorch", "runs"):
        table.add_column(column, justify="right")
    for system in dict.fromkeys(result.system for result in results):
        runs = [result for result in results if result.system == system]
        ratios = [run.speed_ratio for run in runs if run.speed_ratio is not None]
        rates = [run.texts_per_second for run in runs if run.texts_per_second is not None]
        table.add_row(
            system,
            spread([run.accuracy for run in runs]),
            spread([run.macro_f1 for run in runs]),
            f"{sum(run.train_seconds for run in runs) / len(runs):.1f}",
            f"{sorted(rates)[len(rates) // 2]:,.0f}" if rates else "",
            f"{sorted(ratios)[len(ratios) // 2]:.2f}" if ratios else "",
            str(len(runs)),
        )
    environment.print_table(table)


if __name__ == "__main__":
    main()
