"""What a conditional random field costs: beside a softmax head, beside PyTorch, by length and by number of tags.

    python benchmarks/crf.py

Trains the same BiLSTM tagger with a softmax head and with a conditional random field, in tfnlp and in PyTorch, by
turns: the least step counts, and the median over the rounds of one head's time by the other's. Then the field alone: a
log-likelihood with its gradients ("learn"), and a Viterbi decoding ("decode"), at each length and at each number of
tags, the least of some calls. "learn far apart" has scores and transitions that a product of probabilities cannot
hold, so that tfnlp falls back on log-sum-exps. The growth exponent is the slope of log time by log length or log tags
over the larger half: 1 is linear, 2 quadratic. Prints tables, draws the growth, and adds the figures to a JSON file.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

if __name__ == "__main__":  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np

from benchmarks import environment
from benchmarks.crf_session import field_inputs
from benchmarks.scores import growth
from benchmarks.workers import Worker

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ["tensorflow", "keras", "torch"]
SIDES = {
    "tfnlp": "benchmarks.crf_session:CRFSession",
    "PyTorch": "benchmarks.peers.torch_crf:TorchCRFSession",
}
KINDS = {"learn": ("tfnlp", "PyTorch"), "learn far apart": ("tfnlp",), "decode": ("tfnlp", "PyTorch")}
SAME = 1e-3  # nats by which the two sides may differ on the same rows


def check_agreement(workers: dict[str, Worker]) -> None:
    """Raises RuntimeError unless both sides find the same log-likelihood."""
    scores, tags, weights = field_inputs(4, 40, 17)
    values = [worker.log_likelihood(scores, tags, weights) for worker in workers.values()]
    gap = max(float(np.abs(value - values[0]).max()) for value in values)
    if gap > SAME:
        raise RuntimeError(f"the two fields are not the same: their log-likelihoods differ by {gap:.2g}")


def steps(workers: dict[str, Worker], rounds: int) -> dict[str, dict]:
    """Milliseconds of a training step, `[side][head]`, the least; and the median over rounds of crf / softmax."""
    seconds: dict[str, dict[str, list[float]]] = {side: {"softmax": [], "crf": []} for side in workers}
    for number in range(rounds + 3):
        for side, worker in workers.items():
            for head in ("softmax", "crf") if number % 2 else ("crf", "softmax"):
                value = worker.step(head)
                if number >= 3:  # the rounds before trace and warm up
                    seconds[side][head].append(value)
    return {
        side: {
            **{head: 1e3 * min(values) for head, values in heads.items()},
            "ratio": median(crf / softmax for crf, softmax in zip(heads["crf"], heads["softmax"])),
        }
        for side, heads in seconds.items()
    }


def growths(
    workers: dict[str, Worker], shapes: dict[int, tuple[int, int, int]], rounds: int
) -> dict[str, dict[int, float]]:
    """Milliseconds of the field alone: `["side: kind"][number]` for each number's (rows, tokens, tags).

    The least of the rounds: a call is short, and whatever else the machine does only adds.
    """
    found = {f"{side}: {kind}": dict.fromkeys(shapes, math.inf) for kind in KINDS for side in KINDS[kind]}
    for turn in range(rounds + 1):
        for number, shape in shapes.items():
            for kind, sides in KINDS.items():
                for side in sides:
                    milliseconds = 1e3 * workers[side].field(kind, *shape)
                    if turn:  # the turn before traces
                        label = f"{side}: {kind}"
                        found[label][number] = min(found[label][number], milliseconds)
        print(f"turn {turn} of {rounds} done", flush=True)
    return found


def draw(by: dict[str, dict[str, dict[int, float]]], path: Path) -> None:
    """Draws both growths, each side and kind a line, both axes logarithmic."""
    from tfnlp.plots.figure import new_figure, save_figure, style_axes

    figure = new_figure(11, 4.4)
    for place, (name, found) in enumerate(by.items(), start=1):
        axes = figure.add_subplot(1, 2, place)
        style_axes(axes, f"the field alone, by {name}", x_label=name, y_label="milliseconds")
        for label, kinds in found.items():
            style = "--" if label.startswith("PyTorch") else "-"
            axes.plot(
                sorted(kinds),
                [kinds[number] for number in sorted(kinds)],
                style,
                marker="o",
                ms=3,
                label=label,
            )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    save_figure(figure, path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--units", type=int, default=100, help="of an LSTM's direction, and of a token's vector"
    )
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=40)
    parser.add_argument("--tags", type=int, default=17)
    parser.add_argument("--vocabulary", type=int, default=5000)
    parser.add_argument("--lengths", default="10,20,40,80,160,320,640")
    parser.add_argument("--tag-counts", default="4,8,16,32,64,128,256")
    parser.add_argument("--rounds", type=int, default=60, help="training steps of each tagger")
    parser.add_argument("--field-rounds", type=int, default=15, help="calls of the field alone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON file and the picture")
    options = parser.parse_args(arguments)
    settings = {
        name: getattr(options, name) for name in ("units", "batch_size", "tokens", "tags", "vocabulary")
    }
    workers = {
        side: Worker(target, threads=options.threads, shape=settings) for side, target in SIDES.items()
    }
    try:
        check_agreement(workers)
        trained = steps(workers, options.rounds)
        print_steps(trained)
        rows, tokens, tags = options.batch_size, options.tokens, options.tags
        lengths = {int(n): (rows, int(n), tags) for n in options.lengths.split(",")}
        tag_counts = {int(n): (rows, tokens, int(n)) for n in options.tag_counts.split(",")}
        by = {
            "tokens": growths(workers, lengths, options.field_rounds),
            "tags": growths(workers, tag_counts, options.field_rounds),
        }
    finally:
        for worker in workers.values():
            worker.close()
    for name, found in by.items():
        print_growth(name, found)
    options.out.mkdir(parents=True, exist_ok=True)
    entry = {
        "environment": environment.describe(options.threads, PACKAGES),
        "settings": {**settings, "rounds": options.rounds, "field_rounds": options.field_rounds},
        "training_step_milliseconds": trained,
        "field_milliseconds": by,
    }
    environment.merge_json(options.out / "crf.json", "crf", entry)
    draw(by, options.out / "crf.png")


def print_steps(trained: dict[str, dict]) -> None:
    """A line a side."""
    from rich.table import Table

    table = Table(
        title="milliseconds of a training step, the least; ratio: median over the rounds of crf / softmax"
    )
    for column in ("", "softmax", "crf", "ratio"):
        table.add_column(column, justify="right" if column else "left")
    for side, figures in trained.items():
        cells = (f"{figures['softmax']:.1f}", f"{figures['crf']:.1f}", f"{figures['ratio']:.2f}")
        table.add_row(side, *cells)
    environment.print_table(table)


def print_growth(name: str, found: dict[str, dict[int, float]]) -> None:
    """A line a side and kind: milliseconds at each number, and the exponent."""
    from rich.table import Table

    table = Table(title=f"the field alone: milliseconds by {name}; growth: 1 = linear, 2 = quadratic")
    table.add_column("")
    numbers = sorted(next(iter(found.values())))
    for number in numbers:
        table.add_column(str(number), justify="right")
    table.add_column("growth", justify="right")
    for label, kinds in found.items():
        table.add_row(label, *(f"{kinds[number]:.1f}" for number in numbers), f"{growth(kinds):.2f}")
    environment.print_table(table)


if __name__ == "__main__":
    main()
