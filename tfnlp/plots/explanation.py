"""A text with its words shaded by what they add to an answer, and the strongest of them as bars."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.evaluation.readable import spaced_text
from tfnlp.plots.figure import (
    DOTS_PER_INCH,
    GREEN,
    GREY,
    INK,
    ORANGE,
    new_figure,
    plain_text,
    save_figure,
    style_axes,
)
from tfnlp.plots.fonts import use_readable_fonts

if TYPE_CHECKING:
    from tfnlp.evaluation.segments import Segment

_WIDTH, _MARGIN = 7.5, 0.25  # inches, as all lengths here
_TOP = 1.0  # of the running text's first baseline
_FONT, _LINE, _MOST_LINES = 12, 0.29, 30
_BARS, _BAR = 12, 0.26
_LONGEST_NAME = 24


def plot_explanation(
    segments: Sequence[Segment], path: str | os.PathLike[str], *, title: str, label: str
) -> Path:
    """Draws what moved an answer.

    Green speaks for the label, orange-red against it, deeper for more. What the model does not read is grey and
    shortened. A word that no installed font can show appears as its number among the tokens, `‹7›`.

    Args:
        segments: the text, as `text_segments` cuts it.
        path: where to write the PNG.
        title: heading of the picture.
        label: name of the label that is explained.

    Returns:
        the path.

    Raises:
        ValueError: if no segment has a value.
        UserError: if the disk is full or the place may not be written.
    """
    weighed = [segment for segment in segments if segment.value is not None]
    if not weighed:
        raise ValueError("No segment has a value to draw.")
    texts = [segment.shown for segment in segments]
    with use_readable_fonts([*texts, title, label]) as can_show:
        names = [_name(text, segment, can_show) for text, segment in zip(texts, segments)]
        title = title if can_show(title) else "What moved the answer"
        label = label if can_show(label) else "the label"
        return _draw(segments, names, path, title, label)


def _name(text: str, segment: Segment, can_show: Callable[[str], bool]) -> str:
    if can_show(text):
        return text
    if not segment.read:
        return "… [not read] …"
    return f"‹{segment.number}›" if segment.number else "…"


def _draw(
    segments: Sequence[Segment], names: list[str], path: str | os.PathLike[str], title: str, label: str
) -> Path:
    order = [i for i, segment in enumerate(segments) if segment.value is not None]
    order.sort(key=lambda i: -abs(segments[i].value or 0.0))
    strongest = order[:_BARS]
    most = max(abs(segments[order[0]].value or 0.0), 1e-12)
    width_of = _measure()
    lines, cut = _lines(segments, names, width_of)
    text_height = _LINE * (len(lines) + cut)
    bars_height = _BAR * len(strongest) + 0.5
    height = 0.85 + text_height + 0.25 + bars_height + 0.1
    figure = new_figure(_WIDTH, height)
    figure.set_layout_engine("none")

    def write(x: float, down: float, text: str, **style: Any) -> Any:
        """Writes at inches from the left and from the top."""
        return plain_text(figure.text(x / _WIDTH, 1 - down / height, text, va="baseline", **style))

    write(_MARGIN, 0.31, title, fontsize=12, fontweight="bold", color=INK)
    key = f"green: speaks for “{label}”   red: against it   deeper: more"
    write(_MARGIN, 0.56, key, fontsize=8.5, color=GREY)
    for row, line in enumerate(lines):
        for x, width, text, segment in line:
            down = _TOP + _LINE * row
            if segment.value is not None:
                _shade(figure, x, down, width, height, segment.value / most)
            write(x, down, text, fontsize=_FONT, color=INK if segment.read else "#9CA3AF")
    if cut:
        write(_MARGIN, _TOP + _LINE * len(lines), "… and more lines", fontsize=9, color=GREY)
    left = _MARGIN + max(width_of(_short(names[i])) for i in strongest) * 0.8 + 0.15
    axes = figure.add_axes(
        (
            left / _WIDTH,
            0.45 / height,
            (_WIDTH - left - _MARGIN - 0.35) / _WIDTH,
            (bars_height - 0.5) / height,
        )
    )
    style_axes(axes, x_label="added to the margin")
    axes.grid(False, axis="y")
    values = [segments[i].value or 0.0 for i in strongest]
    colors = [GREEN if value > 0 else ORANGE for value in values]
    axes.barh(range(len(values)), values, color=colors, height=0.7)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(values)), [_short(names[i]) for i in strongest], fontsize=10, color=INK)
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.margins(x=0.12)
    for place, value in enumerate(values):
        axes.annotate(
            f"{value:+.2g}",
            (value, place),
            xytext=(3 if value >= 0 else -3, 0),
            textcoords="offset points",
            ha="left" if value >= 0 else "right",
            va="center",
            fontsize=8,
            color=GREY,
        )
    for name in axes.get_yticklabels():
        plain_text(name)
    return save_figure(figure, path)


def _shade(figure: Any, x: float, down: float, width: float, height: float, strength: float) -> None:
    from matplotlib.patches import Rectangle

    figure.patches.append(
        Rectangle(
            (x / _WIDTH, 1 - (down + 0.07) / height),
            width / _WIDTH,
            0.24 / height,
            transform=figure.transFigure,
            facecolor=GREEN if strength > 0 else ORANGE,
            alpha=0.75 * abs(strength),
            linewidth=0,
        )
    )


Placed = tuple[float, float, str, "Segment"]  # from the left, width, text, the segment it is of


def _lines(
    segments: Sequence[Segment], names: Sequence[str], width_of: Callable[[str], float]
) -> tuple[list[list[Placed]], bool]:
    """Sets the text in lines, broken at spaces and beside Chinese characters; and whether lines were left out."""
    lines: list[list[Placed]] = [[]]
    x = _MARGIN
    for word in _words(segments, names):
        widths = [width_of(text) for text, _ in word]
        if x + sum(widths) > _WIDTH - _MARGIN and x > _MARGIN:
            if len(lines) == _MOST_LINES:
                return lines, True
            lines.append([])
            x = _MARGIN
            if word[0][0].isspace():
                continue
        for (text, segment), width in zip(word, widths):
            lines[-1].append((x, width, text, segment))
            x += width
    return lines, False


def _words(segments: Sequence[Segment], names: Sequence[str]) -> Iterator[list[tuple[str, Segment]]]:
    """The pieces that a line may not part, a long one cut up; white space is a word of its own."""
    word: list[tuple[str, Segment]] = []
    last = " "
    for segment, name in zip(segments, names):
        for part in _parts(name):
            for start in range(0, len(part), 40):
                piece = part[start : start + 40]
                if word and (start or piece.isspace() or last.isspace() or _wide(last) or _wide(piece[0])):
                    yield word
                    word = []
                word.append((piece, segment))
                last = piece[-1]
    if word:
        yield word


def _parts(text: str) -> Iterator[str]:
    """A text in runs of white space and of anything else; Chinese by the character."""
    run = ""
    for character in text:
        if run and (character.isspace() != run[-1].isspace() or (_wide(character) and _wide(run[-1]))):
            yield run
            run = ""
        run += character
    if run:
        yield run


def _measure() -> Callable[[str], float]:
    """A function that says how wide a text of the running size is, by the fonts in use."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.font_manager import FontProperties

    renderer = FigureCanvasAgg(new_figure(1, 1)).get_renderer()
    font = FontProperties(size=_FONT)
    space = 0.32 * _FONT / 72

    def width(text: str) -> float:
        if text.isspace():
            return space * len(text)
        return renderer.get_text_width_height_descent(text, font, ismath=False)[0] / DOTS_PER_INCH

    return width


def _short(name: str) -> str:
    name = spaced_text(name)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _wide(character: str) -> bool:
    return ord(character) >= 0x2E80
