"""Metrics that add up, the baseline to beat, and the report of a run."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BaselineResult": "baseline",
        "ClassFigures": "classification",
        "ClassificationCounts": "counts",
        "ClassificationReport": "classification",
        "Comparison": "comparison",
        "EncoderFigures": "comparison",
        "Serving": "comparison",
        "Spread": "comparison",
        "Training": "comparison",
        "WrongAnswer": "counts",
        "classification_report": "classification",
        "readable_text": "readable",
        "write_comparison": "comparison_page",
        "tfidf_logistic_regression": "baseline",
        "write_report": "report",
    },
)
