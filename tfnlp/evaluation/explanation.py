"""All that can be said about why a classifier answered as it did, for one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tfnlp.evaluation.attribution import Attribution, integrated_gradients
from tfnlp.evaluation.segments import Segment, text_segments
from tfnlp.evaluation.winners import NgramWinner, has_ngram_winners, ngram_winners

if TYPE_CHECKING:
    from tfnlp.tasks.text_classifier import TextClassifier

MOST_POSITIONS = 256


@dataclass(frozen=True)
class Explanation:
    """What moved an answer.

    Attributes:
        labels: the model's labels.
        attribution: what each token adds to the label's margin.
        segments: the text in the pieces that a reader sees, with what each adds.
        ngrams: the n-grams that won the filters, those that moved most first; None unless the encoder is a TextCNN
            that pools by maximum.
        attention: float32 `[layers, heads, read tokens, read tokens]`, how much each token (row) looks at each
            other (column); one longer where the encoder puts a vector for the text before them; None unless it
            tells its `attention_weights`.
        positions: float32 `[positions, width]`, what the encoder adds to a token's vector for where it stands, at as
            many positions as a text may have tokens, 256 at most; None unless it tells its `position_table`.
    """

    labels: list[str]
    attribution: Attribution
    segments: list[Segment]
    ngrams: list[NgramWinner] | None
    attention: np.ndarray | None
    positions: np.ndarray | None

    @property
    def label(self) -> str:
        """The label that is explained."""
        return self.attribution.label

    @property
    def score(self) -> float:
        """Its score."""
        return float(self.attribution.scores[self.labels.index(self.label)])

    @property
    def greatest(self) -> float:
        """The absolute value of the strongest piece, above 0: what shades are measured by."""
        return max(*(abs(segment.value or 0.0) for segment in self.segments), 1e-12)

    def strongest(self, most: int) -> list[Segment]:
        """The pieces that moved the answer most, either way; the strongest first."""
        weighed = [segment for segment in self.segments if segment.value is not None]
        return sorted(weighed, key=lambda segment: -abs(segment.value or 0.0))[:most]

    def warning(self) -> str | None:
        """What to say when the parts do not add up; None when they do."""
        found = self.attribution
        if not found.gap_is_large:
            return None
        return (
            f"the words' parts add up to {found.values.sum():+.4f}, but the margin moved by "
            f"{found.margin - found.start:+.4f}: take them as rough. More steps than {found.steps} may help "
            f"(--steps {4 * found.steps}), though not where the answer jumps, as it does behind k-max pooling"
        )

    def as_dict(self, most_ngrams: int = 20) -> dict[str, Any]:
        """Plain JSON; the attention and the positions are left out, being too large for it."""
        found = self.attribution
        values = iter(found.values.tolist())
        text = found.reading.text
        result: dict[str, Any] = {
            "text": text,
            "label": self.label,
            "score": self.score,
            "scores": {label: float(score) for label, score in zip(self.labels, found.scores)},
            "method": "integrated_gradients",
            "steps": found.steps,
            "margin": found.margin,
            "margin_without_words": found.start,
            "gap": found.gap,
            "tokens": [
                {
                    "text": text[token.start : token.end],
                    "start": token.start,
                    "end": token.end,
                    "token": token.token,
                    "known": token.known,
                    "read": token.read,
                    "attribution": next(values) if token.read else None,
                }
                for token in found.reading.tokens
            ],
        }
        if (warning := self.warning()) is not None:
            result["warning"] = warning
        if self.ngrams is not None:
            result["ngrams"] = [vars(winner) for winner in self.ngrams[:most_ngrams]]
        return result


def explain(
    task: TextClassifier, text: str | bytes, *, label: str | None = None, steps: int = 64
) -> Explanation:
    """Explains an answer by all means that the model's encoder has.

    Args:
        task: a trained classifier.
        text: the text, as it was typed.
        label: the label to explain; None for the one that scores best.
        steps: int, at least 1. See `integrated_gradients`.

    Raises:
        UserError: if the text holds no token, the label is unknown, or `steps` is less than 1.
    """
    (attribution,) = integrated_gradients(task, [text], label=label, steps=steps)
    reading = attribution.reading
    attention = None
    if hasattr(task.encoder, "attention_weights"):
        weights = task.encoder.attention_weights(reading.token_ids[np.newaxis])
        attention = np.asarray(weights, np.float32)[0]
    positions = None
    if hasattr(task.encoder, "position_table"):
        positions = task.encoder.position_table(min(task.max_tokens, MOST_POSITIONS))
    return Explanation(
        labels=list(task.labels),
        attribution=attribution,
        segments=text_segments(reading, attribution.values.tolist()),
        ngrams=ngram_winners(task, reading, attribution.label) if has_ngram_winners(task) else None,
        attention=attention,
        positions=None if positions is None else np.asarray(positions, np.float32),
    )
