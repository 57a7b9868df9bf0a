"""How fast a language model learns beside PyTorch's, and how fast it writes.

    python benchmarks/language_model_speed.py DATA_DIR

The network of a shipped recipe and PyTorch's of the same size train by turns on the same segments, each in a process of
its own on the same cores. Then untrained networks (`benchmarks/writing_session.py`) write texts of growing length, with
the state kept from token to token and with all of the text read anew for each. Prints tables, draws the growth and adds
the figures to a JSON file. `--only writing` needs no data.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

if __name__ in ("__main__", "__mp_main__"):  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import environment
from benchmarks.language_model_corpora import LAYOUTS, find_corpus
from benchmarks.scores import growth
from benchmarks.workers import Worker
from benchmarks.writing_session import NETWORKS

RESULTS = Path(__file__).resolve().parent / "results" / "language_model_speed.json"
PACKAGES = ["tfnlp", "tensorflow", "keras", "numpy", "torch"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    options = parse(arguments)
    machine = environment.describe(options.threads, PACKAGES)
    if "training" in options.only:
        results = measure_training(options)
        print_training(options, results)
        environment.merge_json(
            options.json, "training", {options.recipe: {"environment": machine, **results}}
        )
    if "writing" in options.only:
        times = measure_writing(options)
        print_writing(times)
        draw(times, options.json.with_name("writing.png"))
        environment.merge_json(options.json, "writing", {"environment": machine, "milliseconds": times})


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads and checks the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, help="folder of the data sets, or of the corpus")
    parser.add_argument("--only", default="training,writing", help="training or writing")
    parser.add_argument("--corpus", choices=LAYOUTS, default="ptb")
    parser.add_argument("--recipe", default="lm-ptb-small", help="of an LSTM, in pipelines/")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="of the recipe"
    )
    parser.add_argument("--rounds", type=int, default=7, help="turns of each side; the first is not counted")
    parser.add_argument("--segments", type=int, default=30, help="training steps a turn")
    parser.add_argument("--lengths", default="16,32,64,128,256,512", help="tokens to write, comma between")
    parser.add_argument("--threads", type=int, default=2, help="cores of either side")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    options = parser.parse_args(arguments)
    options.lengths = [int(length) for length in options.lengths.split(",")]
    if "training" in options.only and options.data is None:
        parser.error("training needs the folder of the data sets; `--only writing` does not")
    return options


def measure_training(options: argparse.Namespace) -> dict:
    """Words a second of both sides, and the median over the rounds of PyTorch's seconds by ours."""
    train = find_corpus(options.data, options.corpus)["train"]
    with Worker(
        "benchmarks.language_model_session:LanguageModelSession", threads=options.threads, recipe=options.recipe,
        train=train, changes=options.set,
    ) as ours:  # fmt: skip
        settings = ours.training()
        rate = settings.pop("learning_rate")
        with Worker(
            "benchmarks.peers.torch_language_model:TorchLanguageModelSession", threads=options.threads,
            network=ours.network(), **settings,
        ) as theirs:  # fmt: skip
            parameters = {"tfnlp": ours.parameters(), "PyTorch": theirs.parameters()}
            turns: dict[str, list[dict]] = {"tfnlp": [], "PyTorch": []}
            for turn in range(options.rounds):
                first = turn * options.segments
                # Who goes first changes, so that neither always finds the machine as the other left it.
                for name in sorted(turns, reverse=turn % 2 == 0):
                    if name == "tfnlp":
                        done = ours.train(first, options.segments)
                    else:
                        done = theirs.train(ours.segments(first, options.segments), rate)
                    turns[name].append(done)
    counted = {name: done[1:] or done for name, done in turns.items()}
    return {
        "sides": {
            name: {
                "words_per_second": median(turn["tokens"] / turn["seconds"] for turn in done),
                "parameters": parameters[name],
                "loss": done[-1]["loss"],
                "seconds": [round(turn["seconds"], 3) for turn in turns[name]],
            }
            for name, done in counted.items()
        },
        "speed_ratio": median(
            theirs["seconds"] / mine["seconds"]
            for mine, theirs in zip(counted["tfnlp"], counted["PyTorch"], strict=True)
        ),
        "segments_a_turn": options.segments,
    }


def measure_writing(options: argparse.Namespace) -> dict[str, dict[str, dict[int, float]]]:
    """Milliseconds of each network with and without its state kept, by the number of tokens."""
    times: dict[str, dict[str, dict[int, float]]] = {}
    for network in NETWORKS:
        with Worker(
            "benchmarks.writing_session:WritingSession", threads=options.threads, network=network,
            longest=max(options.lengths),
        ) as session:  # fmt: skip
            times[network] = {"kept": {}, "read anew": {}}
            for length in options.lengths:
                for name, taken in times[network].items():
                    taken[length] = session.milliseconds(length, cached=name == "kept", rounds=3)
    return times


def print_training(options: argparse.Namespace, results: dict) -> None:
    """One line a side."""
    from rich.table import Table

    table = Table(title=f"{options.recipe} on {options.corpus}: training, {options.threads} threads")
    for column in ("side", "words/s", "parameters", "loss of the last turn"):
        table.add_column(column, justify="left" if column == "side" else "right")
    for name, side in results["sides"].items():
        table.add_row(
            name, f"{side['words_per_second']:,.0f}", f"{side['parameters']:,}", f"{side['loss']:.3f}"
        )
    environment.print_table(table)
    print(f"tfnlp trains {results['speed_ratio']:.2f} times as fast")


def print_writing(times: dict[str, dict[str, dict[int, float]]]) -> None:
    """Tokens a second by the number of tokens, and the power by which the time grows."""
    from rich.table import Table

    lengths = next(iter(next(iter(times.values())).values()))
    table = Table(title="writing, one text at a time: tokens/s by the number of tokens")
    table.add_column("network, state")
    for length in lengths:
        table.add_column(f"{length}", justify="right")
    table.add_column("time grows as", justify="right")
    for network, ways in times.items():
        for way, taken in ways.items():
            speeds = [f"{1e3 * length / milliseconds:,.0f}" for length, milliseconds in taken.items()]
            table.add_row(f"{network}, {way}", *speeds, f"n^{growth(taken):.2f}")
    environment.print_table(table)


def draw(times: dict[str, dict[str, dict[int, float]]], path: Path) -> None:
    """Draws seconds by tokens, both axes logarithmic, each network a colour, without its state kept in dashes."""
    from tfnlp.plots.figure import new_figure, save_figure, style_axes

    figure = new_figure(6.5, 4.4)
    axes = figure.add_subplot()
    style_axes(axes, "writing one text", x_label="tokens", y_label="seconds")
    for number, (network, ways) in enumerate(times.items()):
        for way, taken in ways.items():
            style = "o-" if way == "kept" else "o--"
            seconds = [milliseconds / 1e3 for milliseconds in taken.values()]
            axes.plot(list(taken), seconds, style, ms=3, color=f"C{number}", label=f"{network}, state {way}")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.legend(frameon=False, fontsize=8)
    save_figure(figure, path)


if __name__ == "__main__":
    main()
