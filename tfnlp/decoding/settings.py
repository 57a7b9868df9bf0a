"""How a language model is to go on with a text: what a user may ask, checked once for every kind of copy."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from tfnlp.errors import UserError
from tfnlp.ngram.sampling import Sampling


@dataclasses.dataclass(frozen=True)
class DecodingSettings:
    """What is asked of a generation.

    Attributes:
        max_tokens: tokens to add at most; 0 adds none.
        temperature: above 0; below 1 the likely becomes likelier, above 1 all become more alike.
        top_k: draw from the so many likeliest tokens; 1 is greedy. None for all.
        top_p: draw from the likeliest tokens that together have this probability, above 0, at most 1 (nucleus
            sampling, Holtzman et al., 2020, https://arxiv.org/abs/1904.09751). None for all.
        repetition_penalty: at least 1; how much less is thought of a token that stands in the text already (Keskar et
            al., 2019, section 4.1, https://arxiv.org/abs/1909.05858, who like 1.2). None for 1.
        beams: search for the likeliest continuation with so many at a time, instead of drawing. None to draw.
        length_penalty: a beam's score is its log-probability divided by its tokens to the power of this; 0 or more: 0
            looks for the likeliest text, which is short; 1 for the one of the likeliest tokens.
        stop: the text ends before the first of these; none may be empty.
        seed: the same seed says the same; None for another text each time.

    Raises:
        UserError: if one is out of range, or beams are asked to draw.
    """

    max_tokens: int = 100
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None
    beams: int | None = None
    length_penalty: float = 0.0
    stop: Sequence[str] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        Sampling(self.temperature, self.top_k, self.top_p)  # checks these three
        if self.max_tokens < 0:
            raise UserError(f"`max_tokens` must be 0 or more. Received: {self.max_tokens}")
        penalty = self.repetition_penalty
        if penalty is not None and not (penalty >= 1 and math.isfinite(penalty)):
            raise UserError(f"`repetition_penalty` must be at least 1, which is none. Received: {penalty}")
        if self.beams is not None and self.beams < 1:
            raise UserError(f"`beams` must be at least 1. Received: {self.beams}")
        if not (self.length_penalty >= 0 and math.isfinite(self.length_penalty)):
            raise UserError(f"`length_penalty` must be 0 or more. Received: {self.length_penalty}")
        if isinstance(self.stop, str):
            raise UserError(
                f"`stop` must be a list of texts. Received one, {self.stop!r}: put it in brackets."
            )
        if not all(self.stop):
            raise UserError("`stop` has an empty text in it: every text would end before it began.")
        if self.beams is None and self.length_penalty:
            raise UserError("`length_penalty` weighs beams: ask for `beams` too, or leave it out.")
        if self.beams is not None and (
            self.temperature != 1 or self.top_k is not None or self.top_p is not None
        ):
            raise UserError(
                "`beams` search for the likeliest text and draw nothing: leave `temperature`, `top_k` and `top_p` out."
            )

    @property
    def draws(self) -> bool:
        """Whether chance has a part in it."""
        return self.beams is None and self.top_k != 1
