"""`tfnlp generate`, for language models of every kind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfnlp.commands.language_models import LevelOption, ModelFile, load_language_model
from tfnlp.commands.terminal import print_json, print_line
from tfnlp.errors import UserError

if TYPE_CHECKING:
    from tfnlp.evaluation.perplexity import LanguageModel


def generate(
    model: ModelFile,
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="The beginning of the sentence.")] = "",
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many texts.")] = 1,
    max_tokens: Annotated[int, typer.Option(min=0, help="Tokens to add at most.")] = 100,
    temperature: Annotated[
        float, typer.Option(help="Below 1 the likely becomes likelier; 1 draws as the model says.")
    ] = 1.0,
    top_k: Annotated[
        int | None, typer.Option(min=1, help="Draw from the so many likeliest tokens; 1 is greedy.")
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest that together have this probability.")
    ] = None,
    repetition_penalty: Annotated[
        float | None,
        typer.Option(help="At least 1, e.g. 1.2: makes less of tokens that stand in the text already."),
    ] = None,
    beams: Annotated[
        int | None,
        typer.Option(min=1, help="Search for the likeliest text, so many at a time, instead of drawing."),
    ] = None,
    length_penalty: Annotated[
        float, typer.Option(help="Of the beams: the more, the longer the text that wins; 0 or more.")
    ] = 0.0,
    stop: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="End before this text; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same texts.")] = 1,
    level: LevelOption = "word",
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each text.")] = False,
) -> None:
    """Let a language model go on with a text; on a terminal it comes as it is written."""
    if beams is not None and number > 1:
        raise UserError(
            "--beams finds one text, the likeliest, whatever the seed: leave --number or --beams out."
        )
    loaded = load_language_model(model, level)
    options = {
        "max_tokens": max_tokens,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        **_of_networks(
            loaded,
            model,
            repetition_penalty=repetition_penalty,
            beams=beams,
            length_penalty=length_penalty or None,
            stop=stop or None,
        ),
    }
    as_it_comes = beams is None and not as_json and sys.stdout.isatty() and hasattr(loaded, "stream_text")
    for text_seed in range(seed, seed + number):
        if as_it_comes:
            _print_pieces(loaded, prompt, {**options, "seed": text_seed})
            continue
        text = loaded.generate(prompt, seed=text_seed, **options)
        if as_json:
            print_json({"prompt": prompt, "text": text, "seed": text_seed}, indent=None)
        else:
            print_line(text)


def _of_networks(loaded: LanguageModel, path: Path, **options: Any) -> dict[str, Any]:
    """Those of the options that were given.

    Raises:
        UserError: if there are any and the model counts n-grams.
    """
    from tfnlp.commands.models import is_language_model

    given = {name: value for name, value in options.items() if value is not None}
    if given and not is_language_model(loaded):
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UserError(
            f"{flags}: {path} is a model of n-grams, which knows --max-tokens, --temperature, --top-k, --top-p and "
            "--seed; leave the others out, or ask a network (`tfnlp train pipelines/lm-ptb-small.toml`)"
        )
    return given


def _print_pieces(loaded: Any, prompt: str, options: dict[str, Any]) -> None:
    pieces = loaded.stream_text(prompt, **options)  # what is refused is refused before anything is printed
    sys.stdout.write(prompt)
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")
