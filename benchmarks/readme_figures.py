"""Writes the figures of results/*.json into the READMEs' tables.

    python benchmarks/readme_figures.py

A table stands between `<!-- figures:accuracy -->` (or the name of another of `CELLS`) and `<!-- /figures -->`. Its
headings and the first cell of each row stay as they are, in whatever language; the other cells are written anew. A row
that names no system of ours or of the peers (published figures) stays whole.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "text_classification.json"
SERVING = ROOT / "benchmarks" / "results" / "serving.json"
VECTORS = ROOT / "benchmarks" / "results" / "word_vectors.json"
TAGGING = ROOT / "benchmarks" / "results" / "tagging.json"
LANGUAGE_MODELS = ROOT / "benchmarks" / "results" / "language_models.json"
LANGUAGE_MODEL_SPEED = ROOT / "benchmarks" / "results" / "language_model_speed.json"
READMES = ("README.md", "README.zh-CN.md")
DATASETS = {
    "TREC": "trec", "MR": "mr", "SST-2": "sst2", "SST-5": "sst5", "IMDb": "imdb", "AG News": "ag_news",
    "THUCNews": "thucnews",
}  # fmt: skip
PEERS = {"TF-IDF": "scikit-learn: logistic regression on TF-IDF", "fastText": "fastText"}
SPEED_DATASET = "trec"
_TABLE = re.compile(r"(<!-- figures:(\w+) -->\n)(.*?)(\n<!-- /figures -->)", re.S)

# Of the function without a server: what its row names, and the key of its figures.
RAW = {"batch function": "batched_function", "function": "plain_function"}

# What a row of vectors calls a method: its key.
METHODS = {"skip-gram": "skipgram", "CBOW": "cbow", "GloVe": "glove", "SVD of PPMI": "svd"}
ENGLISH_TESTS = ("wordsim353", "simlex999", "men", "analogies")

Figures = dict  # the JSON file's "datasets", and other files' parts as "serving", "vectors" and so on


def main() -> None:
    """Rewrites both READMEs."""
    figures = measured()
    for name in READMES:
        path = ROOT / name
        path.write_text(rewritten(path.read_text(encoding="utf-8"), figures), encoding="utf-8")


def measured() -> Figures:
    """Everything that was measured."""
    serving = json.loads(SERVING.read_text(encoding="utf-8"))["load"]
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["corpora"]
    datasets = json.loads(RESULTS.read_text(encoding="utf-8"))["datasets"]
    tagging = json.loads(TAGGING.read_text(encoding="utf-8"))["tasks"]
    perplexity = json.loads(LANGUAGE_MODELS.read_text(encoding="utf-8"))["corpora"]["ptb"]["results"]
    speed = json.loads(LANGUAGE_MODEL_SPEED.read_text(encoding="utf-8"))
    return {
        **datasets, "serving": serving, "vectors": vectors, "tagging": tagging, "perplexity": perplexity,
        "learning": speed["training"], "writing": speed["writing"]["milliseconds"],
    }  # fmt: skip


def rewritten(page: str, figures: Figures) -> str:
    """A page with the figures of today in its tables."""

    def table(match: re.Match) -> str:
        if match[2] not in CELLS:  # another program's
            return match[0]
        head, rule, *rows = match[3].split("\n")
        cells = CELLS[match[2]]
        rows = [row_with(row, lambda name: cells(name, _cells(head)[1:], figures)) for row in rows]
        return match[1] + "\n".join([head, rule, *rows]) + match[4]

    return _TABLE.sub(table, page)


def row_with(row: str, cells: Callable[[str], list[str]]) -> str:
    """The row with other cells behind its first, which names an encoder or a server in backticks, or a peer."""
    title = _cells(row)[0]
    quoted = re.match(r"`([^`]+)`", title)
    if quoted:
        is_encoder = re.fullmatch(r"\w+", quoted[1]) and quoted[1] not in RAW
        systems = [f"tfnlp: {quoted[1]}" if is_encoder else quoted[1]]
    else:
        systems = [name for key, name in PEERS.items() if key in title]
    return f"| {' | '.join([title, *cells(systems[0])])} |" if systems else row


def accuracy_cells(system: str, headings: list[str], figures: Figures) -> list[str]:
    """Percent on each data set, the mean over seeds; empty where it was not run."""
    found = [results(figures, DATASETS[heading], system) for heading in headings]
    return [f"{mean(result['accuracy'] for result in runs):.1f}" if runs else "" for runs in found]


def speed_cells(system: str, headings: list[str], figures: Figures) -> list[str]:
    """Training texts a second of ours and of PyTorch, their ratio, and the percent that each reached."""
    ours = results(figures, SPEED_DATASET, system)
    theirs = results(figures, SPEED_DATASET, system.replace("tfnlp", "PyTorch"))
    speeds = [mean(result["texts_per_second"] for result in runs) for runs in (ours, theirs)]
    ratio = mean(result["speed_ratio"] for result in ours)
    percents = [mean(result["accuracy"] for result in runs) for runs in (ours, theirs)]
    return [*(f"{speed:,.0f}" for speed in speeds), f"{ratio:.2f}", *(f"{share:.1f}" for share in percents)]


def serving_cells(system: str, headings: list[str], figures: Figures) -> list[str]:
    """Answers a second at each number of clients, and of a server the median of one, the p99 of 32, and its memory."""
    clients = [heading.split()[0] for heading in headings[:-3]]
    if system in RAW:
        speeds = figures["serving"]["raw"][RAW[system]]
        one = (
            f"{figures['serving']['raw']['one_text_median_ms']:.2f}"
            if RAW[system] == "plain_function"
            else ""
        )
        return [*(f"{speeds[number]:,.0f}" for number in clients), one, "", ""]
    server = figures["serving"]["systems"][system]
    speeds = [f"{server['clients'][number]['answers_per_second']:,.0f}" for number in clients]
    one, many = server["clients"]["1"]["median_ms"], server["clients"]["32"]["p99_ms"]
    return [*speeds, f"{one:.2f}", f"{many:,.0f}", f"{server['memory_mb']:,.0f}"]


def vector_cells(system: str, headings: list[str], figures: Figures) -> list[str]:
    """Of the English text M words/s, their ratio to gensim's, MiB, scores; of the Chinese one speed, ratio, score."""
    name, title = system.split(" ", 1)
    cells: list[str] = []
    corpora = [corpus["results"] for corpus in figures["vectors"].values()]
    for chinese in (False, True):
        of_corpus = next(runs for runs in corpora if ("neighbour_tags" in runs[0]["scores"]) == chinese)
        runs = [run for run in of_corpus if (run["system"], run["method"]) == (name, METHODS[title])]
        theirs = {
            run["seed"]: run["words_per_second"]
            for run in of_corpus
            if (run["system"], run["method"]) == ("gensim", METHODS[title]) and name != "gensim"
        }
        ratios = [run["words_per_second"] / theirs[run["seed"]] for run in runs if run["seed"] in theirs]
        tests = ["neighbour_tags"] if chinese else ENGLISH_TESTS
        cells += [
            f"{median(run['words_per_second'] for run in runs) / 1e6:.2f}" if runs else "",
            f"{median(ratios):.2f}" if ratios else "",
            *([] if chinese else [f"{max(run['peak_mebibytes'] for run in runs):,.0f}" if runs else ""]),
            *(f"{mean(run['scores'][test]['score'] for run in runs):.3f}" if runs else "" for test in tests),
        ]
    return cells


def tagging_cells(system: str, headings: list[str], figures: Figures) -> list[str]:
    """Of a row `task/system`: percent, seconds of training, thousand tokens a second; the means over seeds."""
    task, key = system.split("/")
    runs = [run for run in figures["tagging"][task]["results"] if run["key"] == key]
    seconds = [run["train_seconds"] for run in runs if run.get("train_seconds") is not None]
    return [
        f"{mean(run['figure'] for run in runs):.1f}",
        f"{mean(seconds):,.0f}" if seconds else "",
        f"{mean(run['tokens_per_second'] for run in runs) / 1e3:,.1f}",
    ]


def perplexity_cells(system: str, headings: list[str], figures: Figures) -> list[str]:
    """Of a counting model, perplexity of the test part at each order, a heading each; seconds and MB of the last."""
    model = system.removeprefix("tfnlp: ")
    by_order = {
        str(run["order"]): run
        for run in figures["perplexity"]
        if run["model"] == model and not run.get("prune")
    }
    orders = [re.sub(r"\D.*", "", heading) for heading in headings[:-2]]
    cells = []
    for order in orders:
        found = by_order.get(order, {"perplexity": {"test": ""}})["perplexity"]["test"]
        cells.append("∞" if found is None else found and f"{found:,.1f}")
    last = by_order[max(by_order, key=int)]
    return [*cells, f"{last['train_seconds']:.1f}", f"{last['megabytes']:.1f}"]


def network_cells(system: str, headings: list[str], figures: Figures) -> list[str]:
    """Of a neural model, perplexity of the test part as one stream and of its sentences alone, minutes, MB.

    Behind them training words a second of ours and of PyTorch, and their ratio, where they were measured.
    """
    run = next(run for run in figures["perplexity"] if run["model"] == system)
    cells = [
        f"{run['perplexity']['test']:.1f}", f"{run['perplexity_of_sentences_alone']['test']:.1f}",
        f"{run['train_seconds'] / 60:.0f}", f"{run['megabytes']:.1f}",
    ]  # fmt: skip
    speeds = figures["learning"].get(system)
    if speeds is None:
        return [*cells, "", "", ""]
    sides = [speeds["sides"][name]["words_per_second"] for name in ("tfnlp", "PyTorch")]
    return [*cells, *(f"{speed:,.0f}" for speed in sides), f"{speeds['speed_ratio']:.2f}"]


def writing_cells(system: str, headings: list[str], figures: Figures) -> list[str]:
    """Tokens written a second, by how many are written."""
    network, way = system.removeprefix("tfnlp: ").split(", ")
    taken = figures["writing"][network][way]
    return [
        f"{1e3 * int(length) / taken[length]:,.0f}" for length in (heading.split()[0] for heading in headings)
    ]


def results(figures: Figures, dataset: str, system: str) -> list[dict]:
    """What the file holds of one system on one data set, a result a seed."""
    return [result for result in figures[dataset]["results"] if result["system"] == system]


CELLS = {
    "accuracy": accuracy_cells,
    "speed": speed_cells,
    "serving": serving_cells,
    "vectors": vector_cells,
    "tagging": tagging_cells,
    "perplexity": perplexity_cells,
    "networks": network_cells,
    "writing": writing_cells,
}


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("| ").split("|")]


if __name__ == "__main__":
    main()
