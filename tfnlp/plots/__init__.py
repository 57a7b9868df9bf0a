"""Pictures of training and of mistakes, one kind a file; drawn without a display."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "ParetoPoint": "pareto",
        "plot_attention": "attention",
        "plot_calibration": "calibration",
        "plot_classification": "classification",
        "plot_confusion": "confusion",
        "plot_curves": "curves",
        "plot_pareto": "pareto",
        "plot_positions": "positions",
        "plot_seeds": "seeds",
        "plot_explanation": "explanation",
        "use_readable_fonts": "fonts",
    },
)
