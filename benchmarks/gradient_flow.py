"""Gradient flow: how much of the loss's gradient reaches a token many steps back, in each recurrent network?

    python benchmarks/gradient_flow.py --cells simple_rnn,gru,lstm

The loss reads the last state alone. For random texts, the norm of its gradient by each token's vector is taken, divided
by the norm at the last token, and averaged over texts (geometric mean) and seeds. Untrained networks, each with the
usual start; GRU and LSTM once more with gates that start with a memory of the text's length. Prints a table,
draws the curves, and adds them to a JSON file.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np

from benchmarks import environment

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ["tensorflow", "keras"]
VOCABULARY = 1000
SHOWN = (1, 10, 25, 50, 100)  # distances in the table


def norms(cell: str, memory_steps: int, options: argparse.Namespace) -> np.ndarray:
    """Norm of the gradient at distance 0, 1, ... from the last token, relative to the last token's."""
    import keras
    import tensorflow as tf

    from tfnlp.encoders import encoder_class

    logs = []
    for seed in range(1, options.seeds + 1):
        keras.utils.set_random_seed(seed)
        settings = {"memory_steps": memory_steps} if memory_steps else {}
        encoder = encoder_class(cell)(
            VOCABULARY, embedding_dim=options.units, units=options.units, pooling="last", **settings
        )
        encoder.build((None, None))
        # Vectors of unit variance: the start of training differs by encoder, the comparison must not.
        table = encoder.embedding.tables[0].embeddings
        table.assign(keras.random.normal(table.shape, seed=seed))
        ids = (
            np.random.default_rng(seed)
            .integers(2, VOCABULARY, (options.texts, options.length))
            .astype("int32")
        )
        mask = ids != 0
        vectors = tf.convert_to_tensor(encoder.embedding(ids))
        direction = keras.random.normal((1, options.units), seed=seed)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            _, pooled = encoder.encode(ids, vectors, mask, True)
            loss = tf.reduce_sum(pooled * direction)
        found = tf.norm(tape.gradient(loss, vectors), axis=-1).numpy()[:, ::-1]
        logs.append(np.log(np.maximum(found / found[:, :1], 1e-38)))
    return np.exp(np.mean(np.concatenate(logs), axis=0))


def draw(curves: dict[str, np.ndarray], path: Path) -> None:
    """Draws each network's curve, the gradient on a logarithmic scale."""
    from tfnlp.plots.figure import new_figure, save_figure, style_axes

    figure = new_figure(7.5, 4.2)
    axes = figure.add_subplot()
    style_axes(axes, "gradient by distance, untrained networks", x_label="steps before the last token")
    axes.set_ylabel("norm / norm at the last token")
    for name, curve in curves.items():
        axes.plot(np.arange(len(curve)), curve, label=name)
    axes.set_yscale("log")
    axes.set_ylim(bottom=1e-10)
    axes.legend(frameon=False)
    save_figure(figure, path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", default="simple_rnn,gru,lstm")
    parser.add_argument("--length", type=int, default=101, help="tokens of a text")
    parser.add_argument("--texts", type=int, default=32)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON file and the picture")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    curves = {}
    for cell in options.cells.split(","):
        curves[cell] = norms(cell, 0, options)
        if cell != "simple_rnn":
            curves[f"{cell}, memory_steps = {options.length}"] = norms(cell, options.length, options)
    print_table(curves)
    options.out.mkdir(parents=True, exist_ok=True)
    draw(curves, options.out / "gradient_flow.png")
    settings = {name: getattr(options, name) for name in ("length", "texts", "units", "seeds")}
    entry = {
        "environment": environment.describe(os.cpu_count() or 1, PACKAGES),
        "settings": settings,
        "curves": {name: curve.tolist() for name, curve in curves.items()},
    }
    environment.merge_json(options.out / "gradient_flow.json", "gradient_flow", entry)


def _shown(share: float) -> str:
    """Below 1e-30 single precision has little left to say."""
    return f"{share:.1e}" if share > 1e-30 else "< 1e-30"


def print_table(curves: dict[str, np.ndarray]) -> None:
    """A line a network, a column a distance."""
    from rich.table import Table

    shown = [distance for distance in SHOWN if distance < min(map(len, curves.values()))]
    table = Table(title="norm of the gradient, relative to the last token's")
    table.add_column("network")
    for distance in shown:
        table.add_column(f"{distance} back", justify="right")
    for name, curve in curves.items():
        table.add_row(name, *(_shown(curve[distance]) for distance in shown))
    environment.print_table(table)


if __name__ == "__main__":
    main()
