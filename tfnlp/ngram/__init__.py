"""Counting language models: n-grams, smoothed, in arrays."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "SMOOTHINGS": "smoothing",
        "NgramModel": "model",
        "Smoothing": "smoothing",
        "load_ngram_model": "model_loading",
        "read_arpa": "arpa_reader",
        "train_ngram_model": "training",
        "write_arpa": "arpa_writer",
    },
)
