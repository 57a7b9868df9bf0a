"""Pictures of training and of mistakes, one kind a file; drawn without a display."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "ParetoPoint": "pareto",
        "plot_analogies": "analogies",
        "plot_attention": "attention",
        "plot_calibration": "calibration",
        "plot_classification": "classification",
        "plot_confusion": "confusion",
        "plot_curves": "curves",
        "plot_pareto": "pareto",
        "plot_positions": "positions",
        "plot_seeds": "seeds",
        "plot_span_outcomes": "span_outcomes",
        "plot_tagging": "tagging",
        "plot_training_loss": "training_loss",
        "plot_word_map": "word_map",
        "plot_explanation": "explanation",
        "use_readable_fonts": "fonts",
    },
)
