"""Metrics that add up, the baseline to beat, and the report of a run."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Attribution": "attribution",
        "BaselineResult": "baseline",
        "ClassFigures": "classification",
        "ClassificationCounts": "counts",
        "ClassificationReport": "classification",
        "Comparison": "comparison",
        "EncoderFigures": "comparison",
        "Serving": "comparison",
        "Spread": "comparison",
        "Training": "comparison",
        "Explanation": "explanation",
        "NgramWinner": "winners",
        "WrongAnswer": "counts",
        "classification_report": "classification",
        "explain": "explanation",
        "integrated_gradients": "attribution",
        "ngram_winners": "winners",
        "read_text": "token_spans",
        "readable_text": "readable",
        "write_comparison": "comparison_page",
        "text_segments": "segments",
        "tfidf_logistic_regression": "baseline",
        "write_explanation": "explanation_page",
        "write_report": "report",
    },
)
