"""`tfnlp evaluate`, `predict`, `segment` and `explain`: ask a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfnlp.commands.quiet import load_tensorflow_quietly
from tfnlp.commands.terminal import console, print_json, print_line
from tfnlp.commands.verbs.options import Json, LabelColumn, LabelSeparator, Model, TextColumn


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
        load_tensorflow_quietly()
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
        load_tensorflow_quietly()
    segment_file(file, load_segmenter(path))


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
    load_tensorflow_quietly()
    from tfnlp.commands.explain import explain_text, explanation_view, write_files

    explanation = explain_text(model, text, label=label, steps=steps)
    files = write_files(explanation, out) if out else []
    if as_json:
        print_json({**explanation.as_dict(), **({"files": [str(file) for file in files]} if files else {})})
        return
    console().print(explanation_view(explanation))
    if files:
        print_line(f"wrote {', '.join(map(str, files))}")
