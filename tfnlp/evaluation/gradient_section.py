"""The part of a run's report that tells of its gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfnlp.evaluation.page import picture

if TYPE_CHECKING:
    from tfnlp.training.gradient_health import GradientHealth

_CAPTION = (
    "Left: each layer's gradient beside its weights, before training and after the last epoch. Right: how much of the "
    "nearest token's gradient reaches a token further back; below the dotted line, a thousandth, next to nothing "
    "is learnt."
)


@dataclass(frozen=True)
class GradientSection:
    """What was measured.

    Attributes:
        records: in the order of the epochs.
        warnings: what ails the gradients, and what helps.
        file: the picture, a PNG.
    """

    records: Sequence[GradientHealth]
    warnings: Sequence[str]
    file: Path

    def for_page(self) -> dict[str, Any]:
        """What `run_page.html` shows."""
        first = {layer.name: layer.gradient for layer in self.records[0].layers}
        last = self.records[-1]
        return {
            "warnings": list(self.warnings),
            "picture": picture("gradient_health", self.file.read_bytes(), _CAPTION),
            "first": self.records[0],
            "last": last,
            "reach": last.reach(),
            "layers": [
                (layer.name, layer.weights, first.get(layer.name), layer.gradient) for layer in last.layers
            ],
        }
