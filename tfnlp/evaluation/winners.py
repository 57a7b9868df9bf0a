"""The n-gram that won each filter of a TextCNN, and what it added to the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfnlp.encoders.text_cnn import TextCNN
from tfnlp.evaluation.attribution import margin_direction
from tfnlp.evaluation.token_spans import Reading

if TYPE_CHECKING:
    from tfnlp.tasks.text_classifier import TextClassifier


@dataclass(frozen=True)
class NgramWinner:
    """A filter and the place of the text where it answers most.

    Attributes:
        ngram: what was typed there.
        first: the n-gram's first token among those that are read, counted from 0.
        end: one past its last.
        window: the filter's length in tokens; the n-gram is shorter at the text's ends.
        filter: the filter's number among those of its length, from 0.
        activation: the filter's value there, which max pooling keeps.
        contribution: activation times weight: what it adds to the label's margin (see `margin_direction`).
    """

    ngram: str
    first: int
    end: int
    window: int
    filter: int
    activation: float
    contribution: float


def has_ngram_winners(task: TextClassifier) -> bool:
    """Whether the model pools the filters of a TextCNN by their maximum, so that single n-grams win."""
    return isinstance(task.encoder, TextCNN) and "max" in task.encoder.poolings[0].mode


def ngram_winners(
    task: TextClassifier, reading: Reading, label: str, *, most: int | None = None
) -> list[NgramWinner]:
    """Lists the n-grams that won the filters, those first that moved the answer most.

    The contributions of all filters, the bias, and (where there is more than max pooling of filters) the rest of the
    pooled vector add up to the label's margin.

    Args:
        task: a classifier for which `has_ngram_winners` holds.
        reading: a text as `read_text` gives it, with a token at least.
        label: the label in question.
        most: how many to list; None for all.

    Returns:
        the winners by falling absolute contribution.

    Raises:
        ValueError: if the model has no such filters.

    Reference:
        Jacovi et al., 2018, section 3 (what the filters of a text CNN look for), https://aclanthology.org/W18-5408
    """
    if not has_ngram_winners(task):
        raise ValueError("Only a TextCNN that pools by `max` has winning n-grams; see `has_ngram_winners`.")
    encoder = task.encoder
    pooling = encoder.poolings[0]  # one a filter length, all of the same kind
    outputs = encoder(reading.token_ids[np.newaxis])
    maps = np.split(np.asarray(outputs["sequence"][0], np.float64), len(encoder.convolutions), axis=-1)
    weights = np.asarray(task.classifier.kernel, np.float64) @ margin_direction(task, label)
    # Of each filter length a part of the pooled vector; what a subclass joins to it comes behind.
    parts = np.split(weights[: len(maps) * pooling.output_dim(encoder.filters)], len(maps))
    found = []
    for convolution, values, part in zip(encoder.convolutions, maps, parts):
        counts = np.asarray(convolution.window_mask(outputs["mask"]))[0]
        places = np.where(counts[:, np.newaxis], values, -np.inf).argmax(axis=0)
        for number, (place, weight) in enumerate(zip(places, part[pooling.columns("max", encoder.filters)])):
            first, end = convolution.tokens_under(int(place), len(reading.token_ids))
            activation = float(values[place, number])
            found.append(
                NgramWinner(
                    reading.words(first, end),
                    first,
                    end,
                    convolution.window,
                    number,
                    activation,
                    activation * float(weight),
                )
            )
    found.sort(key=lambda winner: -abs(winner.contribution))
    return found[:most]
