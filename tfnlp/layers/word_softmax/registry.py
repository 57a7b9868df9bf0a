"""Which output layers of language models there are, by the names that a recipe calls them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfnlp.layers.word_softmax.word_softmax import WordSoftmax

SOFTMAXES = {
    "full": "tfnlp.layers.word_softmax.full_softmax:FullSoftmax",
    "sampled": "tfnlp.layers.word_softmax.sampled_softmax:SampledSoftmax",
    "adaptive": "tfnlp.layers.word_softmax.adaptive_softmax:AdaptiveSoftmax",
}


def softmax_class(name: str) -> type[WordSoftmax]:
    """Returns the output layer of one of the names."""
    module, class_name = SOFTMAXES[name].split(":")
    return getattr(importlib.import_module(module), class_name)
