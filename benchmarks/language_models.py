"""Perplexity, training time and size of language models, with the usual peers on the same text.

    python benchmarks/language_models.py DATA_DIR --only ngram,neural

Each model is trained in a process of its own on the same cores, one after the other, and scored on the validation and
the test part: one sentence a line, one `</s>` each. Counting models foretell each sentence by itself, neural ones all
as one stream, which is how either is measured elsewhere. Prints one table and adds the figures to a JSON file.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

if __name__ in ("__main__", "__mp_main__"):  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import environment
from benchmarks.language_model_corpora import LAYOUTS, find_corpus, read_sentences
from benchmarks.workers import Worker

RESULTS = Path(__file__).resolve().parent / "results" / "language_models.json"
PACKAGES = ["tfnlp", "tensorflow", "keras", "numpy", "nltk", "kenlm"]
SMOOTHINGS = ("mle", "add_k", "katz", "jelinek_mercer", "kneser_ney", "modified_kneser_ney")
PEERS = ("nltk", "kenlm")
# The shipped recipes of each corpus.
RECIPES = {"ptb": ("lm-ptb-small", "lm-ptb-feed-forward", "lm-ptb-medium")}
# Trained only where they are named: without a GPU they take hours.
LONG = {"lm-ptb-medium"}
# What Katz and Kneser-Ney with cut-offs, SRILM's defaults, leave out.
CUT_OFFS = (0, 0, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    options = parse(arguments)
    corpus = find_corpus(options.data, options.corpus)
    results = []
    with tempfile.TemporaryDirectory() as name:
        for family in options.only:
            for result in FAMILIES[family](corpus, options, Path(name)):
                results.append({"family": family, **result})
                print(line_of(results[-1]), flush=True)
    print_table(options.corpus, results)
    machine = environment.describe(options.threads, PACKAGES)
    when = {key: machine.pop(key) for key in ("measured", "threads")}
    entry = {
        "environment": machine,
        "sentences": {part: len(read_sentences(path)) for part, path in corpus.items()},
        "results": [{**result, **when} for result in results] + kept(options.json, options.corpus, results),
    }
    environment.merge_json(options.json, "corpora", {options.corpus: entry})


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads and checks the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the data sets, or of the corpus")
    parser.add_argument("--corpus", choices=LAYOUTS, default="ptb")
    parser.add_argument("--only", default=",".join(FAMILIES), help=f"of {', '.join(FAMILIES)}, comma between")
    parser.add_argument("--orders", default="1,2,3,4,5", help="lengths of n-grams, comma between")
    parser.add_argument("--smoothings", default=",".join(SMOOTHINGS))
    parser.add_argument("--peers", default=",".join(PEERS), help="of nltk, kenlm; or `none`")
    parser.add_argument("--peer-orders", default="3,5", help="of the peers, comma between")
    recipes = ", ".join(name for names in RECIPES.values() for name in names)
    parser.add_argument("--recipes", default="all", help=f"of the neural models: {recipes}")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/benchmarks"), help="folder of the neural models' runs"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="of their recipes"
    )
    parser.add_argument("--threads", type=int, default=2, help="cores of every system")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    options = parser.parse_args(arguments)
    for name, allowed in (("only", FAMILIES), ("smoothings", SMOOTHINGS), ("peers", PEERS)):
        given = [word for word in getattr(options, name).split(",") if word not in ("", "none")]
        for word in given:
            if word not in allowed:
                parser.error(f"--{name}: unknown {word!r}; there are {', '.join(allowed)}")
        setattr(options, name, given)
    known = {recipe for names in RECIPES.values() for recipe in names}
    options.recipes = known - LONG if options.recipes == "all" else set(options.recipes.split(","))
    if options.recipes - known:
        parser.error(f"--recipes: unknown {min(options.recipes - known)!r}; there are {recipes}")
    for name in ("orders", "peer_orders"):
        setattr(options, name, [int(order) for order in getattr(options, name).split(",")])
    return options


def measure_ngrams(corpus: dict[str, Path], options: argparse.Namespace, scratch: Path) -> Iterator[dict]:
    """Every smoothing at every order, the two that have cut-offs in SRILM with these too, and the peers."""
    texts = {part: corpus[part] for part in ("valid", "test")}
    longest = max(options.orders)
    arpa = scratch / "model.arpa"
    plans = [(smoothing, order, ()) for order in options.orders for smoothing in options.smoothings]
    if longest > 2:
        plans += [
            (name, longest, CUT_OFFS)
            for name in ("katz", "modified_kneser_ney")
            if name in options.smoothings
        ]
    for smoothing, order, prune in plans:
        wanted = (smoothing, order, prune) == (options.smoothings[-1], longest, ())
        with Worker(
            "benchmarks.ngram_session:NgramSession", threads=options.threads, train=corpus["train"],
            smoothing=smoothing, order=order, prune=prune, arpa=arpa if wanted else None,
        ) as worker:  # fmt: skip
            facts = worker.measure(texts)
        yield {"system": "tfnlp", "model": smoothing, "order": order, "prune": list(prune), **facts}
    if "nltk" in options.peers:
        for order in options.peer_orders:
            with Worker(
                "benchmarks.peers.nltk_session:NltkSession", threads=options.threads, train=corpus["train"], order=order
            ) as worker:  # fmt: skip
                yield {"system": "nltk", "model": "Laplace", "order": order, **worker.measure(texts)}
    if "kenlm" in options.peers and importlib.util.find_spec("kenlm"):
        with Worker(
            "benchmarks.peers.kenlm_session:KenlmSession", threads=options.threads, arpa=arpa
        ) as worker:
            model = f"our {options.smoothings[-1]}"
            yield {"system": "kenlm", "model": model, "order": longest, **worker.measure(texts)}


def measure_networks(corpus: dict[str, Path], options: argparse.Namespace, scratch: Path) -> Iterator[dict]:
    """Every shipped recipe of the corpus; runs that are finished are judged as they are."""
    texts = {part: corpus[part] for part in ("valid", "test")}
    for recipe in RECIPES.get(options.corpus, ()):
        if recipe in options.recipes:
            with Worker(
                "benchmarks.neural_session:NeuralSession", threads=options.threads, recipe=recipe, corpus=corpus,
                folder=options.runs / recipe, changes=options.set,
            ) as worker:  # fmt: skip
                yield {"system": "tfnlp", "model": recipe, **worker.measure(texts)}


# What `--only` chooses among: each gives results that have a system, a model and the figures of the table.
FAMILIES = {"ngram": measure_ngrams, "neural": measure_networks}


def kept(path: Path, corpus: str, results: list[dict]) -> list[dict]:
    """What the file holds of the models that were not measured now."""
    if not path.exists():
        return []
    entry = json.loads(path.read_text(encoding="utf-8")).get("corpora", {}).get(corpus, {})
    measured = {key_of(result) for result in results}
    return [result for result in entry.get("results", []) if key_of(result) not in measured]


def key_of(result: dict) -> tuple:
    """What tells one result from another."""
    names = ("family", "system", "model", "order")
    return (*(result.get(name) for name in names), tuple(result.get("prune") or ()))


def name_of(result: dict) -> str:
    """System, model, and what is said of it."""
    order = f" {result['order']}-grams" if result.get("order") else ""
    cut = f", cut-offs {','.join(map(str, result['prune']))}" if result.get("prune") else ""
    return f"{result['system']} {result['model']}{order}{cut}"


def line_of(result: dict) -> str:
    """One model in a line, printed as soon as it is measured."""
    return f"{name_of(result)}: test {shown(result['perplexity']['test'])}, {shown(result['train_seconds'], 1)} s"


def shown(value: float | None, digits: int = 2) -> str:
    """A figure; None is an infinite perplexity, or nothing to tell."""
    return "–" if value is None else f"{value:,.{digits}f}"


def print_table(corpus: str, results: list[dict]) -> None:
    """One line a model."""
    from rich.table import Table

    table = Table(title=f"{corpus}: perplexity, one </s> a sentence (– is infinite, or does not apply)")
    table.add_column("model", no_wrap=True)
    for column in ("valid", "test", "train s", "MB", "peak MiB", "M tokens/s scored"):
        table.add_column(column, justify="right")
    for result in results:
        table.add_row(
            name_of(result),
            shown(result["perplexity"]["valid"]),
            shown(result["perplexity"]["test"]),
            shown(result["train_seconds"], 1),
            shown(result["megabytes"], 1),
            shown(result["peak_mebibytes"], 0),
            shown(result["tokens_scored_per_second"] / 1e6, 3),
        )
    environment.print_table(table)


if __name__ == "__main__":
    main()
