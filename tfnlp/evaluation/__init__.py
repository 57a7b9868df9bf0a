"""Metrics that add up, the baseline to beat, and the report of a run."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BaselineResult": "baseline",
        "ClassFigures": "classification",
        "ClassificationCounts": "counts",
        "ClassificationReport": "classification",
        "WrongAnswer": "counts",
        "classification_report": "classification",
        "readable_text": "readable",
        "tfidf_logistic_regression": "baseline",
        "write_report": "report",
    },
)
