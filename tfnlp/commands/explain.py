"""`tfnlp explain`: what moved an answer, word by word, on the terminal, as a picture and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.commands.models import is_export, is_run, load_model, require_classifier
from tfnlp.errors import UserError
from tfnlp.evaluation.explanation import Explanation, explain
from tfnlp.evaluation.explanation_page import write_explanation
from tfnlp.evaluation.readable import spaced_text

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

_WORDS, _NGRAMS, _BAR = 10, 8, 24
_TEXT = "[text]"  # the name of the text's own vector among the tokens
_FOR, _AGAINST = (0, 158, 115), (213, 94, 0)  # as in the pictures
_FAINTEST = 0.05  # of the strongest; weaker ones stay without colour


def explain_text(model: Path, text: str, *, label: str | None = None, steps: int = 64) -> Explanation:
    """Explains a trained model's answer.

    Args:
        model: a run folder (or the folder of a recipe's runs, for the newest), or a `.keras` file.
        text: the text, as it was typed.
        label: the label to explain; None for the predicted one.
        steps: int, at least 1. See `integrated_gradients`.

    Raises:
        UserError: if there is no such model, it is an exported copy, the text holds no token, or the label is unknown.
    """
    if model.suffix == ".tflite" or (model.is_dir() and not is_run(model) and is_export(model)):
        raise UserError(
            f"{model} is an exported copy, which answers but has no gradients to follow. Explain the run, or "
            "the .keras file, that it was exported from: the answers are the same."
        )
    task: Any = load_model(model)
    require_classifier(task, "explain")
    return explain(task, text, label=label, steps=steps)


def write_files(explanation: Explanation, folder: Path) -> list[Path]:
    """Writes `explanation.html` and `explanation.png`, and what the model has of `attention.png` and `positions.png`.

    Raises:
        UserError: if the disk is full or the place may not be written.
    """
    from tfnlp.plots import plot_attention, plot_explanation, plot_positions

    label = explanation.label
    files = [
        plot_explanation(
            explanation.segments,
            folder / "explanation.png",
            title=f"{label} {explanation.score:.1%}",
            label=label,
        )
    ]
    attention = None
    if explanation.attention is not None:
        reading = explanation.attribution.reading
        names = [reading.words(i, i + 1) for i in range(len(reading.token_ids))]
        if explanation.attention.shape[-1] > len(names):
            names.insert(0, _TEXT)
        attention = plot_attention(explanation.attention, names, folder / "attention.png")
        files.append(attention)
    positions = None
    if explanation.positions is not None:
        positions = plot_positions(explanation.positions, folder / "positions.png")
        files.append(positions)
    page = folder / "explanation.html"
    return [*files, write_explanation(page, explanation, attention=attention, positions=positions)]


def explanation_view(explanation: Explanation) -> Group:
    """The explanation as something to print with rich; all but the shades reads without colour too."""
    from rich.console import Group
    from rich.text import Text

    found = explanation.attribution
    scores = sorted(zip(explanation.labels, found.scores.tolist()), key=lambda pair: -pair[1])[:5]
    others = ", ".join(f"{label} {score:.4f}" for label, score in scores if label != explanation.label)
    heading = Text(explanation.label, style="bold")
    heading.append(f" {explanation.score:.4f}").append(f"   {others}", style="dim")
    parts: list[Any] = [heading, Text(), _shaded(explanation), Text(), _words_table(explanation)]
    parts.append(
        Text(
            f"margin {found.margin:+.4f}; with every word's vector at zero {found.start:+.4f}; the words add "
            f"{found.values.sum():+.4f} (off by {abs(found.gap):.4f}; {found.steps} steps)",
            style="dim",
        )
    )
    if (warning := explanation.warning()) is not None:
        parts.append(Text(f"warning: {warning}", style="bold yellow"))
    if explanation.ngrams is not None:
        parts += [Text(), _ngrams_table(explanation)]
    if explanation.attention is not None:
        layers, heads = explanation.attention.shape[:2]
        parts.append(Text(f"attention: {layers} layers of {heads} heads; --out DIR draws them", style="dim"))
    if explanation.positions is not None:
        count, width = explanation.positions.shape
        parts.append(Text(f"positions: {count} of {width} units each; --out DIR draws them", style="dim"))
    return Group(*parts)


def _shaded(explanation: Explanation) -> Text:
    from rich.text import Text

    text = Text(overflow="fold")
    for segment in explanation.segments:
        if segment.value is None:
            text.append(segment.shown, style="" if segment.read else "dim italic")
        else:
            text.append(segment.shown, style=_style(segment.value / explanation.greatest))
    return text


def _style(strength: float) -> str:
    """Black on green or orange-red, paler for less, so that it reads on dark and light terminals alike."""
    if abs(strength) < _FAINTEST:
        return ""
    full = _FOR if strength > 0 else _AGAINST
    share = 0.15 + 0.7 * abs(strength)
    red, green, blue = (round(255 + share * (part - 255)) for part in full)
    return f"black on rgb({red},{green},{blue})"


def _bar(strength: float) -> Text:
    from rich.text import Text

    red, green, blue = _FOR if strength > 0 else _AGAINST
    return Text("█" * max(1, round(_BAR * abs(strength))), style=f"rgb({red},{green},{blue})")


def _table(*headings: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("word", "n-gram", "") else "right")
    return table


def _words_table(explanation: Explanation) -> Table:
    from rich.text import Text

    table = _table("word", "token", "adds", "")
    for segment in explanation.strongest(_WORDS):
        value = segment.value or 0.0
        table.add_row(
            Text(spaced_text(segment.text)),
            str(segment.number),
            f"{value:+.4f}",
            _bar(value / explanation.greatest),
        )
    return table


def _ngrams_table(explanation: Explanation) -> Table:
    from rich.text import Text

    table = _table("n-gram", "filter", "activation", "adds", "")
    winners = [winner for winner in explanation.ngrams or [] if winner.contribution][:_NGRAMS]
    for winner in winners:
        table.add_row(
            Text(spaced_text(winner.ngram)),
            f"{winner.window}-gram no. {winner.filter + 1}",
            f"{winner.activation:.3f}",
            f"{winner.contribution:+.4f}",
            _bar(winner.contribution / abs(winners[0].contribution)),
        )
    return table
