"""Attention as heat maps: for every layer and head, which token looks at which."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.evaluation.readable import spaced_text
from tfnlp.plots.figure import GREY, INK, new_figure, plain_text, save_figure, style_axes
from tfnlp.plots.fonts import use_readable_fonts

_MOST_NAMES = 40
_LONGEST_NAME = 12
_WIDEST = 24.0  # inches


def plot_attention(weights: Any, tokens: Sequence[str], path: str | os.PathLike[str]) -> Path:
    """Draws a heat map for every layer (row) and head (column).

    In each map a row is the token that looks, a column the token it looks at; a row adds up to 1. All maps share
    one scale. Up to 40 tokens bear their names at the left and the lower edge of the grid; more bear numbers. A token
    that no installed font can show appears as its number, `‹7›`.

    Args:
        weights: float array `[layers, heads, time, time]`, each row's weights over the tokens.
        tokens: what was typed for each of the `time` tokens.
        path: where to write the PNG.

    Returns:
        the path.

    Raises:
        ValueError: if the shape of the weights is another.
        UserError: if the disk is full or the place may not be written.
    """
    weights = np.asarray(weights, np.float64)
    time = len(tokens)
    if weights.ndim != 4 or weights.shape[2:] != (time, time) or not weights.size:
        raise ValueError(f"attention of the shape {weights.shape} for {time} tokens")
    shown = [spaced_text(token) for token in tokens]
    shown = [name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…" for name in shown]
    with use_readable_fonts(shown) as can_show:
        names = [name if can_show(name) else f"‹{i}›" for i, name in enumerate(shown, start=1)]
        return _draw(weights, names, path)


def _draw(weights: np.ndarray, names: list[str], path: str | os.PathLike[str]) -> Path:
    layers, heads, time, _ = weights.shape
    side = float(np.clip(0.17 * time, 1.3, 3.4))
    side = min(side, _WIDEST / heads, _WIDEST / layers)
    font_size = float(np.clip(side / time * 72 * 0.75, 0, 9))
    named = time <= _MOST_NAMES and font_size >= 4.5
    longest = max(len(name) * (2 if ord(name[0]) >= 0x2E80 else 1) for name in names)
    edge = longest * font_size * 0.6 / 72 if named else 0.3
    figure = new_figure(side * heads + edge + 1.4, (side + 0.25) * layers + edge + 0.9)
    grid = figure.subplots(layers, heads, squeeze=False, sharex=True, sharey=True)
    image: Any = None
    for layer, row in enumerate(grid):
        for head, axes in enumerate(row):
            style_axes(axes)
            axes.grid(False)
            axes.set_title(f"layer {layer + 1}, head {head + 1}", fontsize=8, color=GREY)
            image = axes.imshow(
                weights[layer, head],
                cmap="Blues",
                vmin=0,
                vmax=max(float(weights.max()), 1e-12),
                interpolation="nearest",
                extent=(0.5, time + 0.5, time + 0.5, 0.5),  # tokens are counted from 1
            )
            if named:
                axes.set_xticks(range(1, time + 1), names, rotation=90, fontsize=font_size, color=INK)
                axes.set_yticks(range(1, time + 1), names, fontsize=font_size, color=INK)
                for text in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
                    plain_text(text)
    figure.supxlabel("token looked at" + ("" if named else ", by number"), fontsize=9, color=GREY)
    figure.supylabel("token that looks" + ("" if named else ", by number"), fontsize=9, color=GREY)
    bar = figure.colorbar(image, ax=grid.ravel().tolist(), fraction=0.03, pad=0.02, aspect=20 * layers)
    bar.ax.tick_params(labelsize=8, colors=GREY, length=0)
    bar.outline.set_visible(False)
    return save_figure(figure, path)
