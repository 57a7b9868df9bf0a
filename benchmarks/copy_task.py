"""The copy task: can a recurrent network still say what it read a gap of many steps ago?

    python benchmarks/copy_task.py --gaps 10,50,100 --cells simple_rnn,gru,lstm

Each row shows a few symbols out of eight, then blanks for the length of the gap, then as many signs to answer: at the
first sign the first symbol is due, and so on (after Arjovsky et al., 2016, https://arxiv.org/abs/1511.06464). Guessing
gives 12.5 %. All cells see the same rows, for at most the same number of steps; training ends early once it answers
perfectly. Gates start with a memory of the row's length. Prints a table and adds it to a JSON file.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":  # run as a file: import from the root
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np

from benchmarks import environment

RESULTS = Path(__file__).resolve().parent / "results" / "copy_task.json"
PACKAGES = ["tensorflow", "keras"]
SYMBOLS = 8
BLANK, SIGN = SYMBOLS + 1, SYMBOLS + 2  # ids; 0 is padding, 1 to 8 are the symbols


def rows(
    generator: np.random.Generator, number: int, symbols: int, gap: int
) -> tuple[np.ndarray, np.ndarray]:
    """Makes rows `[number, 2 * symbols + gap]` and what is due at the signs, `[number, symbols]` from 0 on."""
    shown = generator.integers(1, SYMBOLS + 1, (number, symbols))
    ids = np.full((number, 2 * symbols + gap), BLANK, "int32")
    ids[:, :symbols] = shown
    ids[:, symbols + gap :] = SIGN
    return ids, (shown - 1).astype("int32")


def learn(cell: str, gap: int, seed: int, options: argparse.Namespace) -> dict:
    """Trains one network and tests it on rows it has not seen."""
    import keras
    import tensorflow as tf

    from tfnlp.encoders import encoder_class

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    # Gates start with a memory of the task's length; a network without gates has no such choice.
    memory = {} if cell == "simple_rnn" else {"memory_steps": 2 * options.symbols + gap}
    encoder = encoder_class(cell)(SIGN + 1, embedding_dim=options.units, units=options.units, **memory)
    head = keras.layers.Dense(SYMBOLS)
    encoder.build((None, None))
    head.build((None, options.units))
    optimizer = keras.optimizers.Adam(options.learning_rate, global_clipnorm=1.0)
    weights = encoder.trainable_variables + head.trainable_variables
    optimizer.build(weights)

    def answers(ids, training):
        return head(encoder(ids, training=training)["sequence"][:, -options.symbols :])

    @tf.function
    def step(ids, due):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                keras.losses.sparse_categorical_crossentropy(due, answers(ids, True), from_logits=True)
            )
        optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)

    @tf.function
    def share(ids, due):
        hits = tf.argmax(answers(ids, False), axis=-1, output_type="int32") == due
        return tf.reduce_mean(tf.cast(hits, "float32"))

    generator = np.random.default_rng(seed)
    held_out = rows(np.random.default_rng(10_000 + seed), 512, options.symbols, gap)
    start, history = time.perf_counter(), []
    for number in range(1, options.steps + 1):
        step(*rows(generator, options.batch_size, options.symbols, gap))
        if number % options.every == 0:
            history.append((number, 100.0 * float(share(*held_out))))
            if history[-1][1] == 100.0:
                break
    tested = rows(np.random.default_rng(20_000 + seed), 2048, options.symbols, gap)
    return {
        "cell": cell, "gap": gap, "seed": seed, "accuracy": 100.0 * float(share(*tested)), "steps": number,
        "seconds": time.perf_counter() - start, "history": history,
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", default="simple_rnn,gru,lstm")
    parser.add_argument("--gaps", default="10,50,100", help="blanks between symbols and answers")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--symbols", type=int, default=3, help="how many are shown")
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--steps", type=int, default=4000, help="at most")
    parser.add_argument("--every", type=int, default=100, help="steps between two tests on held-out rows")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=RESULTS, help="file that the figures are added to")
    options = parser.parse_args(arguments)
    environment.use_threads(options.threads)
    results = []
    for gap in (int(gap) for gap in options.gaps.split(",")):
        for cell in options.cells.split(","):
            for seed in (int(seed) for seed in options.seeds.split(",")):
                results.append(learn(cell, gap, seed, options))
                last = results[-1]
                print(
                    f"gap {gap}, {cell}, seed {seed}: {last['accuracy']:.1f} % after {last['steps']} steps, "
                    f"{last['seconds']:.0f} s",
                    flush=True,
                )
    print_table(results)
    settings = {
        name: getattr(options, name) for name in ("symbols", "units", "steps", "batch_size", "learning_rate")
    }
    entry = {
        "environment": environment.describe(options.threads, PACKAGES), "settings": settings, "results": results,
    }  # fmt: skip
    environment.merge_json(options.json, "copy_task", entry)


def print_table(results: list[dict]) -> None:
    """A line a cell, a column a gap: the accuracy of each seed."""
    from rich.table import Table

    gaps = list(dict.fromkeys(result["gap"] for result in results))
    table = Table(title="copy task: accuracy % at the answers, a figure a seed (guessing: 12.5)")
    table.add_column("cell")
    for gap in gaps:
        table.add_column(f"gap {gap}", justify="right")
    for cell in dict.fromkeys(result["cell"] for result in results):
        figures = [
            ", ".join(f"{r['accuracy']:.1f}" for r in results if r["cell"] == cell and r["gap"] == gap)
            for gap in gaps
        ]
        table.add_row(cell, *figures)
    environment.print_table(table)


if __name__ == "__main__":
    main()
