"""The command line: one command a verb. Nothing heavy is imported until a verb runs."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tfnlp.commands.deploy import deploy
from tfnlp.commands.language_models import generate, perplexity
from tfnlp.commands.ngram import ngram_app
from tfnlp.commands.serve import ServerCommand, serve
from tfnlp.commands.terminal import Commands, console, print_json, print_line
from tfnlp.commands.word_vectors import vectors_app
from tfnlp.encoders.registry import ENCODERS
from tfnlp.version import __version__

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Text in, a served model out, and every copy of the model agrees.",
)

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A run, a .keras file, an export folder or a .tflite file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")]
Sets = Annotated[
    list[str],
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Change a setting of the recipe; repeatable."),
]
TextColumn = Annotated[str, typer.Option(help="Name of the column or key that holds the text.")]
LabelColumn = Annotated[str, typer.Option(help="Name of the column or key that holds the label.")]
LabelSeparator = Annotated[
    str | None, typer.Option(help="Splits a label cell into several labels, e.g. '|' (multi-label).")
]


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")] = False,
) -> None:
    """Text in, a served model out, and every copy of the model agrees."""
    if version:
        print(__version__)  # noqa: T201
        raise typer.Exit()
    # TensorFlow's notes on the processor's features and missing GPUs drown what the user asked for.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("tfnlp")
    logger.handlers[:] = [handler]  # one, however often a program runs the command line
    logger.propagate = False  # what a library hung on the root logger would say it all twice
    logger.setLevel(logging.WARNING if quiet else logging.INFO)


@app.command()
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


@app.command()
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
    _load_tensorflow()
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


@app.command()
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
    _load_tensorflow()
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


@app.command()
def evaluate(
    model: Model,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Labelled texts.")],
    text_column: TextColumn = "text",
    label_column: LabelColumn = "label",
    label_separator: LabelSeparator = None,
    sets: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Of a tagger: a key of [corpus] that says how FILE is written, e.g. tag_column=3; as in the run's "
            "recipe by default.",
        ),
    ] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Score a model on labelled texts, or a tagger on tagged sentences."""
    if model.suffix != ".tflite":  # those need the small interpreter alone
        _load_tensorflow()
    from tfnlp.commands.evaluate import evaluate as run_evaluation

    report = run_evaluation(
        model,
        file,
        text_column=text_column,
        label_column=label_column,
        label_separator=label_separator,
        reading=sets,
    )
    if as_json:
        print_json(report.as_dict())
    else:
        console().print(report.table())


@app.command()
def predict(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL|TEXT",
            help="A run, a .keras file, an export folder or a .tflite file (none with --server); "
            "then texts, or - for a line each.",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Ask a server: HOST:PORT, or http://HOST:PORT for REST."),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="The model's name on the server.")] = None,
    version: Annotated[int | None, typer.Option(min=0, help="Its version; else the newest.")] = None,
    label: Annotated[str | None, typer.Option(help="Its version's label, instead of a number.")] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds to wait for the server; 10 by default.")
    ] = None,
    multi_label: Annotated[
        bool, typer.Option("--multi-label", help="Its labels are scored each for itself; no server tells.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Answer for each text: its label and score, or its tags and spans."""
    from tfnlp.commands.predict import answerer, answers_view, texts_to_ask

    answer, texts = answerer(
        words or [],
        server,
        model=model,
        version=version,
        label=label,
        timeout=timeout,
        multi_label=multi_label,
    )
    rows = answer(texts_to_ask(texts))
    if as_json:
        for row in rows:
            print_json(row, indent=None)
    else:
        console().print(answers_view(rows))


@app.command()
def segment(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A UTF-8 text, a line for a line; - for standard input.")
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="A run, a .keras file, an export folder or a .tflite file that tags characters as words; by default "
            "the newest run or export of pipelines/segment-zh.toml.",
        ),
    ] = None,
) -> None:
    """Put spaces between the words of a Chinese text."""
    from tfnlp.commands.segment import find_model, load_segmenter, open_source, segment_file

    path = find_model(model)
    with open_source(file):  # before the seconds that a model takes to load
        pass
    if path.suffix != ".tflite":  # those need the small interpreter alone
        _load_tensorflow()
    segment_file(file, load_segmenter(path))


@app.command()
def explain(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A run or a .keras file.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text to answer for.")],
    label: Annotated[str | None, typer.Option(help="Label to explain; else the predicted one.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Gradients to take; more are more exact.")] = 64,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the pictures and explanation.html there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what moved an answer, word by word."""
    _load_tensorflow()
    from tfnlp.commands.explain import explain_text, explanation_view, write_files

    explanation = explain_text(model, text, label=label, steps=steps)
    files = write_files(explanation, out) if out else []
    if as_json:
        print_json({**explanation.as_dict(), **({"files": [str(file) for file in files]} if files else {})})
        return
    console().print(explanation_view(explanation))
    if files:
        print_line(f"wrote {', '.join(map(str, files))}")


@app.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run, or a .keras file.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The model's folder, e.g. saved_models/reviews.")],
    lite: Annotated[
        list[str] | None,
        typer.Option(help="float32, float16 or int8; repeatable, or joined by commas; none for none."),
    ] = None,
    max_accuracy_drop: Annotated[float | None, typer.Option(min=0, help="Points int8 may lose.")] = None,
    as_json: Json = False,
) -> None:
    """Write a version for TensorFlow Serving and files for phones, and prove that they agree."""
    _load_tensorflow()
    from tfnlp.commands.export import export_model

    precisions = [name for part in lite for name in part.split(",")] if lite else None
    result = export_model(run, out, lite=precisions, max_accuracy_drop=max_accuracy_drop)
    _show_agreement(result.agreement, as_json, folder=result.folder)


@app.command()
def verify(
    export_folder: Annotated[
        Path, typer.Argument(metavar="EXPORT", help="An export folder or one version of it.")
    ],
    as_json: Json = False,
) -> None:
    """Ask every copy in an export again and hold the answers against the trained model's."""
    _load_tensorflow()
    from tfnlp.commands.export import verify_export

    agreement = verify_export(export_folder)
    _show_agreement(agreement, as_json)
    agreement.require()


def _show_agreement(agreement: Any, as_json: bool, folder: Path | None = None) -> None:
    from tfnlp.export.agreement import agreement_table

    if as_json:
        print_json({**agreement.as_dict(), **({"folder": str(folder)} if folder else {})})
        return
    console().print(agreement_table(agreement))
    if folder:
        print_line(f"exported to {folder}")


@app.command()
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


app.command(cls=ServerCommand)(serve)
app.command()(deploy)
app.command()(perplexity)
app.command()(generate)
app.add_typer(ngram_app, name="ngram")
app.add_typer(vectors_app, name="vectors")


def _load_tensorflow() -> None:
    from tfnlp.commands.quiet import load_tensorflow_quietly

    load_tensorflow_quietly()


def main() -> None:
    """Runs the command line."""
    # Whatever the locale says, what is printed is UTF-8: texts and labels are in any script.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
