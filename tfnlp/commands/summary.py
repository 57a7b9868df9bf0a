"""What a training says when it is done."""

from __future__ import annotations

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from tfnlp.commands.vectors import vectors_in_words


def training_summary(metrics: dict[str, Any]) -> Group:
    """The end of a training as something to print with rich.

    Args:
        metrics: what `tfnlp.commands.train.train` returns.
    """
    held_out = next((name for name in ("test", "valid") if name in metrics), None)
    parts: list[Any] = []
    if held_out and metrics["task"] == "token_tagger":
        parts.append(_tagger_table(metrics, held_out))
    elif held_out and metrics["task"] == "language_model":
        parts.append(_language_model_table(metrics, held_out))
    elif held_out:
        table = Table(title=f"{metrics['name']}: {metrics['rows'][held_out]:,} {held_out} texts")
        for heading in ("model", "accuracy", "macro F1", "seconds"):
            table.add_column(heading, justify="left" if heading == "model" else "right")
        figures = metrics[held_out]
        table.add_row(
            *_row(f"tfnlp ({metrics['parameters']:,} parameters)", figures, metrics["training_seconds"])
        )
        if metrics["baseline"]:
            baseline = metrics["baseline"]
            table.add_row(*_row(baseline["name"], baseline, baseline["seconds"]))
        parts.append(table)
    if metrics["vectors"]:
        parts.append(Text(vectors_in_words(metrics["vectors"])))
    trained = f"best epoch {metrics['best_epoch']} of {metrics['epochs']} on {metrics['device']}"
    if "padded_share" in metrics:
        trained += (
            f"; {metrics['padded_share']:.1%} of the positions were padding "
            f"({metrics['padded_share_without_buckets']:.1%} without length buckets)"
        )
    parts.append(Text(trained))
    parts.append(Text(f"run: {metrics['run']} (open report.html in it)"))
    return Group(*parts)


def _tagger_table(metrics: dict[str, Any], held_out: str) -> Table:
    figures = metrics[held_out]
    shown = {"token accuracy": figures["accuracy"], "exact sentences": figures["exact"]}
    if figures["scheme"] != "plain":
        shown = {"F1": figures["f1"], "precision": figures["precision"], "recall": figures["recall"], **shown}
    table = Table(title=f"{metrics['name']}: {metrics['rows'][held_out]:,} {held_out} sentences")
    for heading in ("model", *shown, "seconds"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    cells = [f"{value:.2%}" for value in shown.values()]
    table.add_row(
        f"tfnlp ({metrics['parameters']:,} parameters)", *cells, f"{metrics['training_seconds']:.1f}"
    )
    return table


def _figure(value: float | None, digits: int) -> str:
    """A measure of a language model; JSON has no infinity, so None stands for it."""
    return "–" if value is None else f"{value:,.{digits}f}"


def _language_model_table(metrics: dict[str, Any], held_out: str) -> Table:
    figures = metrics[held_out]
    shown = {
        "perplexity": _figure(figures["perplexity"], 2),
        "without unknown": _figure(figures["perplexity_without_unknown"], 2),
        "bits a character": _figure(figures["bits_per_character"], 4),
        "tokens": f"{figures['tokens']:,}",
        "unknown": f"{figures['unknown'] / figures['tokens']:.2%}",
    }
    how = "as one stream" if metrics["as_stream"] else "each by itself"
    table = Table(title=f"{metrics['name']}: {metrics['rows'][held_out]:,} {held_out} sentences, {how}")
    for heading in ("model", *shown, "seconds"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    table.add_row(
        f"tfnlp ({metrics['parameters']:,} parameters)",
        *shown.values(),
        f"{metrics['training_seconds']:.1f}",
    )
    return table


def _row(name: str, figures: dict[str, Any], seconds: float) -> tuple[str, str, str, str]:
    return name, f"{figures['accuracy']:.2%}", f"{figures['macro_f1']:.2%}", f"{seconds:.1f}"
