"""From a vector to a distribution over the words: whole, sampled or adaptive."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AdaptiveSoftmax": "adaptive_softmax",
        "FullSoftmax": "full_softmax",
        "SampledSoftmax": "sampled_softmax",
        "WordSoftmax": "word_softmax",
    },
)
