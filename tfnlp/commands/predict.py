"""`tfnlp predict`: any copy of a model asked about texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.commands.models import load_model

if TYPE_CHECKING:
    from rich.table import Table

# A score that a multi-label model needs to give a label.
THRESHOLD = 0.5


def answers(model: Path, texts: Sequence[str | bytes]) -> list[dict[str, Any]]:
    """Answers for each text.

    Returns:
        a dict a text: `text`, `label` (the best), `score` (its), `scores` (label -> score) and, from a
        multi-label model, `labels`: all that score 0.5 or more.
    """
    copy = load_model(model)
    rows = []
    for text, scores in zip(texts, copy.predict(list(texts))):
        best = int(scores.argmax())
        row: dict[str, Any] = {
            "text": text if isinstance(text, str) else text.decode("utf-8", "replace"),
            "label": copy.labels[best],
            "score": float(scores[best]),
            "scores": {label: float(score) for label, score in zip(copy.labels, scores)},
        }
        if copy.multi_label:
            row["labels"] = [label for label, score in row["scores"].items() if score >= THRESHOLD]
        rows.append(row)
    return rows


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
