"""Cost in sequence length: milliseconds at 16 ... 1024 tokens, and how they grow.

    python benchmarks/sequence_cost.py --encoders text_cnn,lstm,transformer

For each encoder with its usual settings: one text answered (batch of 1) and one training step (batch of 16), compiled,
at each length. Encoders go by turns within each length; the median counts. The growth exponent is the slope of log
milliseconds by log tokens over the longer half of the lengths: 1 is linear, 2 quadratic. Prints a table, draws it,
and adds it to a JSON file.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

if __name__ == "__main__":  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np

from benchmarks import environment
from benchmarks.scores import growth

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ["tensorflow", "keras"]
VOCABULARY = 5000


def calls(name: str, batch_size: int) -> tuple[Callable, Callable]:
    """Two compiled functions of ids: the answer, and the gradients of a training step."""
    import tensorflow as tf

    from tfnlp.encoders import encoder_class

    encoder = encoder_class(name)(VOCABULARY)
    encoder.build((None, None))
    weights = [weight.value for weight in encoder.trainable_variables]

    @tf.function(reduce_retracing=False)
    def answer(ids):
        return encoder(ids)["pooled"]

    @tf.function(reduce_retracing=False)
    def step(ids):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(encoder(ids, training=True)["pooled"]))
        return tape.gradient(loss, weights)

    return answer, step


def measure(options: argparse.Namespace) -> dict[str, dict[str, dict[int, float]]]:
    """Median milliseconds: `[encoder]["answer" | "step"][tokens]`."""
    encoders = options.encoders.split(",")
    functions = {name: calls(name, options.batch_size) for name in encoders}
    times: dict[str, dict[str, dict[int, float]]] = {name: {"answer": {}, "step": {}} for name in encoders}
    for tokens in (int(tokens) for tokens in options.lengths.split(",")):
        generator = np.random.default_rng(tokens)
        for place, (kind, rows) in enumerate((("answer", 1), ("step", options.batch_size))):
            ids = generator.integers(1, VOCABULARY, (rows, tokens)).astype("int32")
            seconds: dict[str, list[float]] = {name: [] for name in encoders}
            for round_number in range(options.rounds + 1):
                for name in encoders:
                    start = time.perf_counter()
                    functions[name][place](ids)
                    if round_number:  # the round before traces
                        seconds[name].append(time.perf_counter() - start)
            for name in encoders:
                times[name][kind][tokens] = 1e3 * median(seconds[name])
        print(f"{tokens} tokens done", flush=True)
    return times


def draw(times: dict[str, dict[str, dict[int, float]]], path: Path) -> None:
    """Draws both costs, each encoder a line, both axes logarithmic."""
    from tfnlp.plots.figure import new_figure, save_figure, style_axes

    figure = new_figure(11, 4.4)
    for place, (kind, title) in enumerate((("answer", "one answer"), ("step", "one training step")), start=1):
        axes = figure.add_subplot(1, 2, place)
        style_axes(axes, title, x_label="tokens", y_label="milliseconds")
        for number, (name, kinds) in enumerate(times.items()):
            lengths = sorted(kinds[kind])
            style = ("-", "--", ":")[number // 10 % 3]
            axes.plot(
                lengths, [kinds[kind][length] for length in lengths], style, marker="o", ms=3, label=name
            )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    save_figure(figure, path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    from tfnlp.encoders.registry import ENCODERS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoders", default=",".join(ENCODERS))
    parser.add_argument("--lengths", default="16,32,64,128,256,512,1024")
    parser.add_argument("--batch-size", type=int, default=16, help="of a training step")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON file and the picture")
    options = parser.parse_args(arguments)
    environment.use_threads(options.threads)
    times = measure(options)
    print_table(times)
    options.out.mkdir(parents=True, exist_ok=True)
    entry = {
        "environment": environment.describe(options.threads, PACKAGES),
        "settings": {"batch_size": options.batch_size, "rounds": options.rounds},
        "milliseconds": times,
    }
    environment.merge_json(options.out / "sequence_cost.json", "sequence_cost", entry)
    draw(times, options.out / "sequence_cost.png")


def print_table(times: dict[str, dict[str, dict[int, float]]]) -> None:
    """A line an encoder: milliseconds at the shortest, middle and longest length, and the exponents."""
    from rich.table import Table

    lengths = sorted(next(iter(times.values()))["answer"])
    shown = [lengths[0], lengths[len(lengths) // 2], lengths[-1]]
    table = Table(title="milliseconds by number of tokens; growth: 1 = linear, 2 = quadratic")
    table.add_column("encoder")
    for kind in ("answer", "step"):
        for length in shown:
            table.add_column(f"{kind} {length}", justify="right")
        table.add_column("growth", justify="right")
    for name, kinds in times.items():
        cells = []
        for kind in ("answer", "step"):
            cells += [f"{kinds[kind][length]:.2f}" for length in shown] + [f"{growth(kinds[kind]):.2f}"]
        table.add_row(name, *cells)
    environment.print_table(table)


if __name__ == "__main__":
    main()
