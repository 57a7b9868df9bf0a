"""`tfnlp perplexity`, for language models of every kind, and how they are loaded."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfnlp.commands.terminal import console, print_json, print_line
from tfnlp.errors import UserError

if TYPE_CHECKING:
    from tfnlp.evaluation.perplexity import LanguageModel, Perplexity

logger = logging.getLogger(__name__)

ModelFile = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A run, a .keras file, an export folder or a .tflite file of a language model, a model of `tfnlp ngram "
        "train`, or ARPA.",
    ),
]
LevelOption = Annotated[
    str, typer.Option(help="Of an ARPA file, which does not say: what its tokens are, word or char.")
]


def perplexity(
    model: ModelFile,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A UTF-8 text (.gz too), a sentence a line, or package:….",
            show_default=False,
        ),
    ],
    alone: Annotated[
        bool,
        typer.Option(
            "--alone",
            help="Foretell each line by itself. A network that was trained on a stream reads the lines as one text "
            "otherwise; models of n-grams never do.",
        ),
    ] = False,
    blank_lines: Annotated[
        bool,
        typer.Option(
            "--blank-lines",
            help="Count a blank line as a sentence without a word, as WikiText does; else left out.",
        ),
    ] = False,
    level: LevelOption = "word",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")] = False,
) -> None:
    """Measure how well a language model foretells a text: one sentence a line, an end-of-sentence token each."""
    from tfnlp.commands.vector_progress import VectorProgress
    from tfnlp.evaluation.perplexity import perplexity_of

    loaded = load_language_model(model, level)
    reader, as_stream = _reader(loaded, alone)
    talkative = logging.getLogger("tfnlp").isEnabledFor(logging.INFO)
    progress = VectorProgress(console(stderr=True) if talkative else None)
    progress.stage("scoring")
    try:
        report = perplexity_of(reader, _told(sentences_of(file, loaded, blank_lines=blank_lines), progress))
    finally:
        progress.close()
    if not report.sentences:
        raise UserError(f"{file} is empty: there is not one sentence in it")
    _warn_of_mismatch(report)
    if as_json:
        print_json({"model": str(model), "file": file, "as_stream": as_stream, **report.as_dict()})
        return
    for line in report_lines(report, as_stream=as_stream):
        print_line(line)


def load_language_model(path: Path, level: str = "word") -> LanguageModel:
    """The model in a run, an export, or a file, whose kind is told by its content.

    Raises:
        UserError: if there is none, it is broken, or of no kind that is known.
    """
    if path.suffix in (".keras", ".tflite") or path.is_dir():
        return _load_network(path)
    from tfnlp.ngram.model_loading import load_ngram_model

    return load_ngram_model(path, level=level)


def _load_network(path: Path) -> Any:
    """A language model that `tfnlp train` made, or a copy of it."""
    if path.suffix != ".tflite":  # those need the small interpreter alone
        from tfnlp.commands.quiet import load_tensorflow_quietly

        load_tensorflow_quietly()
    from tfnlp.commands.models import is_export, is_language_model, is_run, load_model

    if path.is_dir() and not is_run(path) and not is_export(path):
        raise UserError(
            f"{path} is a folder, and no run or export of a language model; name one of these, or the file of a model, "
            "such as `tfnlp ngram train` writes"
        )
    model = load_model(path)
    if not is_language_model(model):
        raise UserError(
            f"{path} is no language model; `tfnlp train pipelines/lm-ptb-small.toml` makes one of a text, `tfnlp ngram "
            "train` another"
        )
    return model


def _reader(model: Any, alone: bool) -> tuple[Any, bool]:
    """What scores the lines, and whether it reads them as one text."""
    if alone or not getattr(model, "stream", False):
        return model, False
    from tfnlp.tasks.sentence_scoring import StreamScorer

    return StreamScorer(model), True


def sentences_of(source: str, model: Any, *, blank_lines: bool = False) -> Iterator[str]:
    """The lines of a text, blank ones only where they count; of a package cut by hand without the cuts, unless the
    model has them.

    Raises:
        UserError: if the text is missing or no UTF-8, with its line.
    """
    from tfnlp.data.sentence_corpus import sentence_lines

    level = getattr(model, "level", None)  # models of n-grams have one
    joins = model.preprocessor.joins_cut_words if level is None else level.name == "char"
    return sentence_lines(source, join_cut_words=joins, blank_lines=blank_lines)


def report_lines(report: Perplexity, *, as_stream: bool = False) -> list[str]:
    """The report for people."""
    lines = [
        *(
            ["read                as one text, line after line; --alone reads each by itself"]
            if as_stream
            else []
        ),
        f"perplexity          {_figure(report.perplexity)}",
        f"  without unknown   {_figure(report.perplexity_without_unknown)}",
        f"nats a token        {_figure(report.nats_per_token, 4)}",
        f"bits a character    {_figure(report.bits_per_character, 4)}",
        f"sentences           {report.sentences:,}",
        f"tokens              {report.tokens:,} (with an end for each sentence)",
        f"unknown words       {report.unknown:,} ({report.unknown / report.tokens:.2%})",
    ]
    if report.impossible:
        lines.append(
            f"impossible tokens   {report.impossible:,}, {report.known_impossible:,} of them known words: the model "
            "gives them the probability 0, so the perplexity is infinite; no smoothing but mle has such tokens"
        )
    return lines


def _figure(value: float, digits: int = 2) -> str:
    if math.isnan(value):
        return "none: every token is unknown"
    return "infinite" if math.isinf(value) else f"{value:,.{digits}f}"


def _warn_of_mismatch(report: Perplexity) -> None:
    words = report.tokens - report.sentences
    if 2 * report.unknown > words:
        logger.warning(
            "%s of the tokens are unknown to the model: is the text cut as that was which it was trained on, into "
            "words or characters, upper or lower case?",
            f"{report.unknown / words:.0%}",
        )


def _told(sentences: Iterator[str], progress: Any) -> Iterator[str]:
    words = 0
    for number, sentence in enumerate(sentences, 1):
        words += len(sentence.split())
        if number % 1024 == 0:
            progress.update(words)
        yield sentence
