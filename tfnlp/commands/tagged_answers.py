"""A tagger's answers on a terminal: spans in colour, words apart, or a tag behind each token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from tfnlp.evaluation.readable import visible_text

# Dark on light, so that they are told apart and read on any ground; a label keeps its colour in all answers.
_GROUNDS = ("#ffd8a8", "#a5d8ff", "#b2f2bb", "#eebefa", "#ffec99", "#ffc9c9", "#99e9f2", "#d8f5a2")


def is_tagged(row: dict[str, Any]) -> bool:
    """Whether an answer is a tagger's."""
    return "tags" in row


def tagged_view(rows: Sequence[dict[str, Any]]) -> Group:
    """The answers as something to print with rich.

    Args:
        rows: a dict for each text, as `TaggedText.as_dict` gives it.
    """
    labels = sorted({span["label"] for row in rows for span in row["spans"]})
    colours = {label: _GROUNDS[place % len(_GROUNDS)] for place, label in enumerate(labels)}
    return Group(*(_line(row, colours) for row in rows))


def _line(row: dict[str, Any], colours: dict[str, str]) -> Text:
    if any(span["label"] for span in row["spans"]):
        return _marked(row, colours)
    if row["spans"]:
        words = (span["text"].strip() for span in row["spans"])  # white space may be a token, too
        return Text(" ".join(visible_text(word) for word in words if word))
    if not row["tags"] or set(row["tags"]) == {"O"}:
        return Text(visible_text(row["text"]))
    line = Text()
    for token, tag in zip(row["tokens"], row["tags"]):
        line.append(" " if line else "")
        line.append(visible_text(token))
        line.append(f"/{tag}", style="dim")
    return line


def _marked(row: dict[str, Any], colours: dict[str, str]) -> Text:
    """The text with its spans in brackets, which stay where there are no colours."""
    line, place = Text(), 0
    for span in row["spans"]:
        line.append(visible_text(row["text"][place : span["start"]]))
        style = f"black on {colours[span['label']]}"
        line.append(f"[{visible_text(span['text'])} ", style=style)
        line.append(span["label"], style=f"bold {style}")
        line.append("]", style=style)
        place = span["end"]
    line.append(visible_text(row["text"][place:]))
    return line
