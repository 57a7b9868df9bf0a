"""Answers from a `.tflite` file with NumPy and `ai_edge_litert` alone; TensorFlow is never imported."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "EdgeClassifier": "classifier",
        "EdgeLanguageModel": "language_model",
        "EdgeTagger": "tagger",
        "ModelFile": "model_file",
    },
)
