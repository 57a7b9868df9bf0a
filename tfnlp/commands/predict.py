"""`tfnlp predict`: any copy of a model asked about texts, on this machine or on a server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.errors import UserError, WorkError

if TYPE_CHECKING:
    from rich.table import Table

    from tfnlp.serving import Client, ServingError
    from tfnlp.text.tagged_text import TaggedText

# A score that a multi-label model needs to give a label.
THRESHOLD = 0.5
Answerer = Callable[[Sequence[str | bytes]], list[dict[str, Any]]]


def answerer(
    words: Sequence[str], server: str | None, *, model: str | None, **options: Any
) -> tuple[Answerer, list[str]]:
    """Who answers, and the texts to ask about.

    Args:
        words: the command's words: a model's path and texts, or with a server texts alone.
        server: its address, or `None` for a model on this machine.
        model: the model's name on the server.
        options: further ones of `answers_from_server`.

    Raises:
        UserError: if there is no model, or options for a server without one.
    """
    if server is not None:
        if model is None:
            raise UserError(f"which model on {server}? Name it: `--model NAME`.")
        return partial(answers_from_server, server, model, **options), list(words)
    given = [name for name, value in {"model": model, **options}.items() if value not in (None, False)]
    if given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UserError(f"{flags}: only for a model on a server. Name it: `--server HOST:PORT`.")
    if not words:
        raise UserError(
            "no model: give a run, a .keras file, an export folder or a .tflite file, "
            "or `--server HOST:PORT --model NAME`."
        )
    return partial(answers, Path(words[0])), list(words[1:])


def texts_to_ask(words: Sequence[str]) -> list[str | bytes]:
    """The words themselves, or standard input's lines as bytes if there are none or `-` is the only one.

    Raises:
        UserError: if that is a terminal, and none were given.
    """
    if not words and sys.stdin.isatty():
        raise UserError("nothing to answer: give texts, or - and a line each on standard input")
    if words and list(words) != ["-"]:
        return list(words)
    return [line.rstrip(b"\r\n") for line in sys.stdin.buffer]


def answers(model: Path, texts: Sequence[str | bytes]) -> list[dict[str, Any]]:
    """Answers for each text.

    Returns:
        a dict a text: `text`, `label` (the best), `score` (its), `scores` (label -> score) and, from a
        multi-label model, `labels`: all that score 0.5 or more. From a tagger, what `TaggedText.as_dict` gives.
    """
    from tfnlp.commands.models import is_tagger, load_model, refuse_language_model

    if model.suffix != ".tflite":  # those need the small interpreter alone
        from tfnlp.commands.quiet import load_tensorflow_quietly

        load_tensorflow_quietly()
    copy = load_model(model)
    refuse_language_model(copy, "predict")
    if is_tagger(copy):
        return [answer.as_dict() for answer in copy.tag(list(texts))]
    rows = []
    for text, scores in zip(texts, copy.predict(list(texts))):
        best = int(scores.argmax())
        answer = {
            "label": copy.labels[best],
            "score": float(scores[best]),
            "scores": {label: float(score) for label, score in zip(copy.labels, scores)},
        }
        rows.append(_row(text, answer, copy.multi_label))
    return rows


def answers_from_server(
    server: str,
    model: str,
    texts: Sequence[str | bytes],
    *,
    version: int | None = None,
    label: str | None = None,
    timeout: float | None = None,
    multi_label: bool = False,
) -> list[dict[str, Any]]:
    """Answers for each text, from a server.

    Args:
        server: `host:port`, or `http://host:port` for REST.
        model: the model's name there.
        texts: as for `answers`.
        version: its version, or
        label: its version's label; else the newest.
        timeout: seconds for all the texts together; 10 if `None`.
        multi_label: whether its labels are scored each for itself.

    Returns:
        as `answers` does.

    Raises:
        WorkError: what the server, or the lack of one, came back with.
    """
    from tfnlp.serving import Client, ServingError
    from tfnlp.serving.errors import Code

    limit = {} if timeout is None else {"timeout": timeout}
    with Client(server, model, version=version, label=label, **limit) as client:
        try:
            try:
                found = client.predict(texts)
            except ServingError as error:
                if error.code is not Code.FAILED_PRECONDITION:
                    raise
                return [answer.as_dict() for answer in _tagged(client, texts, error)]
        except ServingError as error:
            raise WorkError(f"{error.code.name}: {error}") from error
    return [_row(text, answer, multi_label) for text, answer in zip(texts, found, strict=True)]


def _tagged(client: Client, texts: Sequence[str | bytes], refused: ServingError) -> list[TaggedText]:
    """A tagger's answers; what is no classifier may be one. If it is not, raises what it said at first."""
    from tfnlp.serving import ServingError
    from tfnlp.serving.errors import Code

    try:
        return client.tag(texts)
    except ServingError as error:
        raise (refused if error.code is Code.FAILED_PRECONDITION else error) from None


def _row(text: str | bytes, answer: dict[str, Any], multi_label: bool) -> dict[str, Any]:
    row = {"text": text if isinstance(text, str) else text.decode("utf-8", "replace"), **answer}
    if multi_label:
        row["labels"] = [label for label, score in row["scores"].items() if score >= THRESHOLD]
    return row


def answers_view(rows: Sequence[dict[str, Any]]) -> Any:
    """The answers as something to print with rich."""
    from tfnlp.commands.tagged_answers import is_tagged, tagged_view

    return tagged_view(rows) if rows and is_tagged(rows[0]) else answers_table(rows)


def answers_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The answers as a table to print with rich."""
    from rich.table import Table
    from rich.text import Text

    from tfnlp.evaluation.readable import readable_text

    table = Table(box=None, pad_edge=False)
    table.add_column("label")
    table.add_column("score", justify="right")
    table.add_column("text", overflow="fold")
    for row in rows:
        label = ", ".join(row["labels"]) if "labels" in row else row["label"]
        table.add_row(Text(label), f"{row['score']:.4f}", Text(readable_text(row["text"], limit=200)))
    return table
