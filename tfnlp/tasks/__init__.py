"""Tasks: preprocessor, encoder and head in one Keras model that takes raw strings."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "TextClassifier": "text_classifier",
        "SmoothedCrossEntropy": "losses",
        "MulticlassHinge": "losses",
        "MultilabelHinge": "losses",
        "classification_loss": "losses",
    },
)
