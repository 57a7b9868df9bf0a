"""`tfnlp train`, `fit`, `compare` and `data`: from texts to trained models."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from tfnlp.commands.quiet import load_tensorflow_quietly
from tfnlp.commands.terminal import console, print_json, print_line
from tfnlp.commands.verbs.options import Json, LabelColumn, LabelSeparator, Sets, TextColumn
from tfnlp.encoders.registry import ENCODERS


def train(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A TOML file, e.g. pipelines/reviews-cnn.toml.")
    ],
    sets: Sets = [],  # noqa: B006  (typer copies it)
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with a run that was stopped.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder for new runs.")] = Path("runs"),
    as_json: Json = False,
) -> None:
    """Train a recipe; the run holds the model, figures, plots and a report."""
    from tfnlp.recipe import load_recipe

    _train(load_recipe(recipe, sets), as_json, resume=resume, runs=runs)


def fit(
    train: Annotated[
        str, typer.Option(metavar="FILE", help="Training texts: a file, a folder, tfds:… or package:….")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run's folder.")],
    valid: Annotated[
        str | None, typer.Option(metavar="FILE", help="Validation texts; else 10 % of --train.")
    ] = None,
    test: Annotated[str | None, typer.Option(metavar="FILE", help="Test texts.")] = None,
    encoder: Annotated[str, typer.Option(help=f"One of {', '.join(ENCODERS)}.")] = "text_cnn",
    tokenizer: Annotated[str, typer.Option(help="word, char, wordpiece or sentencepiece.")] = "word",
    text_column: TextColumn = "text",
    label_column: LabelColumn = "label",
    label_separator: LabelSeparator = None,
    epochs: Annotated[int, typer.Option(min=1)] = 10,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    sets: Sets = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Train without a recipe: name the files, get a run."""
    from tfnlp.recipe import apply_override, parse_recipe

    corpus = {
        "train": train,
        "valid": valid,
        "test": test,
        "text_column": text_column,
        "label_column": label_column,
        "label_separator": label_separator,
        "test_fraction": 0.0,
    }
    table: dict[str, Any] = {
        "name": out.resolve().name,
        "seed": seed,
        "corpus": {key: value for key, value in corpus.items() if value is not None},
        "preprocessor": {"tokenizer": tokenizer},
        "encoder": {"type": encoder},
        "task": {"dropout": 0.5},
        "training": {"epochs": epochs},
    }
    for override in sets:
        apply_override(table, override)
    _train(parse_recipe(table, "fit"), as_json, folder=out)


def _train(recipe: Any, as_json: bool, **where: Any) -> None:
    load_tensorflow_quietly()
    from tfnlp.commands.progress import ProgressBar
    from tfnlp.commands.train import train as run_training

    bar = ProgressBar(console(stderr=True))
    try:
        metrics = run_training(recipe, callbacks=[bar], **where)
    finally:
        bar.close()
    if as_json:
        print_json(metrics)
    else:
        from tfnlp.commands.summary import training_summary

        console().print(training_summary(metrics))


def compare(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A TOML file; its own encoder may be among them or not.")
    ],
    encoders: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C",
            help=f"Of {', '.join(ENCODERS)}, and of the recipe's variants; all for all encoders. By default the "
            "recipe's own encoder and those that have a table under `compare` in it.",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="How often each is trained, from the recipe's seed on.")
    ] = 3,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The comparison's folder; comparisons/NAME by default.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the comparison in DIR; add encoders or seeds.")
    ] = False,
    sets: Sets = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Train several encoders, or variants of one, on the same data and show what each costs and gives."""
    from tfnlp.commands.comparison_plan import names_to_compare
    from tfnlp.recipe import load_recipe

    loaded = load_recipe(recipe, sets)
    names = names_to_compare(loaded, encoders)
    folder = out or Path("comparisons") / loaded.name
    load_tensorflow_quietly()
    from tfnlp.commands.compare import compare as run_comparison
    from tfnlp.commands.progress import ProgressBars

    quiet = not logging.getLogger("tfnlp").isEnabledFor(logging.INFO)
    bars = ProgressBars(None if quiet else console(stderr=True))
    words = ["tfnlp", "compare", recipe, *(["--encoders", encoders] if encoders is not None else [])]
    words += ["--seeds", seeds, "--out", folder]
    words += [word for override in sets for word in ("--set", override)]
    try:
        comparison = run_comparison(
            loaded,
            names,
            out=folder,
            seeds=seeds,
            resume=resume,
            go_on_with=shlex.join(map(str, [*words, "--resume"])),
            callbacks=bars.next,
        )
    finally:
        bars.close()
    if as_json:
        print_json({**comparison.as_dict(), "folder": str(folder)})
    else:
        from tfnlp.evaluation.comparison_table import remarks, terminal_table

        console().print(terminal_table(comparison))
        for line in (comparison.verdict, *remarks(comparison, loaded.export.max_accuracy_drop)):
            print_line(line)
        print_line(f"{folder}: open comparison.html in it")
    if comparison.failed:
        raise typer.Exit(1)


def data(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, a folder, tfds:… or package:….")],
    valid: Annotated[
        str | None, typer.Option(metavar="FILE", help="Validation texts to hold against it.")
    ] = None,
    test: Annotated[str | None, typer.Option(metavar="FILE", help="Test texts to hold against it.")] = None,
    text_column: TextColumn = "text",
    label_column: LabelColumn = "label",
    label_separator: LabelSeparator = None,
    as_json: Json = False,
) -> None:
    """Show what a corpus holds: rows, labels, lengths, repeats, broken lines."""
    from tfnlp.data.inspection import inspect_corpus, inspection_table
    from tfnlp.data.readers import read_corpus

    options: dict[str, Any] = {
        "text_column": text_column,
        "label_column": label_column,
        "label_separator": label_separator,
    }
    sources = {"train": file, "valid": valid, "test": test}
    corpora = {
        name: read_corpus(source, on_undecodable="replace", **options)
        for name, source in sources.items()
        if source is not None
    }
    report = inspect_corpus(corpora)
    if as_json:
        print_json(report.as_dict())
    else:
        console().print(inspection_table(report))
