"""An explanation as one HTML file that holds all it shows and needs nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfnlp.evaluation.page import picture, render_page
from tfnlp.files import write_text_atomically

if TYPE_CHECKING:
    from tfnlp.evaluation.explanation import Explanation

_MOST_WORDS, _MOST_NGRAMS = 30, 20
_ATTENTION = "Every layer and head. A row is the token that looks, a column the token it looks at."
_POSITIONS = (
    "What is added to a token's vector for where it stands, whatever the text. Positions count from 0."
)


def write_explanation(
    path: str | os.PathLike[str],
    explanation: Explanation,
    *,
    attention: str | os.PathLike[str] | None = None,
    positions: str | os.PathLike[str] | None = None,
) -> Path:
    """Writes an explanation as a single self-contained page, whole or not at all.

    It fetches nothing and runs no script; texts are escaped and stripped of control characters. What the model does
    not read is shortened.

    Args:
        path: where to write, by custom `explanation.html`.
        explanation: what moved the answer.
        attention: a PNG to embed, as `tfnlp.plots.plot_attention` draws it; None for none.
        positions: a PNG to embed, as `tfnlp.plots.plot_positions` draws it; None for none.

    Returns:
        the path.

    Raises:
        UserError: if the disk is full or the place may not be written.
    """
    found = explanation.attribution
    ranked = sorted(zip(explanation.labels, found.scores.tolist()), key=lambda pair: -pair[1])
    page = render_page(
        "explanation.html",
        title=f"{explanation.label}: what moved the answer",
        explanation=explanation,
        found=found,
        total=float(found.values.sum()),
        warning=explanation.warning(),
        scores=ranked[:10],
        pieces=explanation.segments,
        strongest=explanation.strongest(_MOST_WORDS),
        most=explanation.greatest,
        ngrams=[winner for winner in (explanation.ngrams or []) if winner.contribution][:_MOST_NGRAMS],
        attention=picture("attention", Path(attention).read_bytes(), _ATTENTION) if attention else None,
        positions=picture("positions", Path(positions).read_bytes(), _POSITIONS) if positions else None,
    )
    return write_text_atomically(path, page)
