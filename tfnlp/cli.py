"""The command line: one command a verb. Nothing heavy is imported until a verb runs."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from tfnlp.commands.deploy import deploy
from tfnlp.commands.generate import generate
from tfnlp.commands.language_models import perplexity
from tfnlp.commands.ngram import ngram_app
from tfnlp.commands.serve import ServerCommand, serve
from tfnlp.commands.terminal import Commands
from tfnlp.commands.verbs.asking import evaluate, explain, predict, segment
from tfnlp.commands.verbs.checking import check_gradients
from tfnlp.commands.verbs.exporting import export, verify
from tfnlp.commands.verbs.learning import compare, data, fit, train
from tfnlp.commands.word_vectors import vectors_app
from tfnlp.version import __version__

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Text in, a served model out, and every copy of the model agrees.",
)


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


for verb in (train, fit, compare, evaluate, predict, segment, explain, export, verify, data):
    app.command()(verb)
app.command()(check_gradients)
app.command(cls=ServerCommand)(serve)
app.command()(deploy)
app.command()(perplexity)
app.command()(generate)
app.add_typer(ngram_app, name="ngram")
app.add_typer(vectors_app, name="vectors")


def main() -> None:
    """Runs the command line."""
    # Whatever the locale says, what is printed is UTF-8: texts and labels are in any script.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
