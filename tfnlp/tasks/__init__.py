"""Tasks: preprocessor, encoder and head in one Keras model that takes raw strings.

Importing this room makes its classes known to Keras: `keras.saving.load_model` then loads what they saved.
"""

from tfnlp.tasks.language_model import LanguageModel
from tfnlp.tasks.losses import MulticlassHinge, MultilabelHinge, SmoothedCrossEntropy, classification_loss
from tfnlp.tasks.segmenting_tokenizer import SegmentingTokenizer
from tfnlp.tasks.text_classifier import TextClassifier
from tfnlp.tasks.token_tagger import TokenTagger

__all__ = [
    "LanguageModel",
    "MulticlassHinge",
    "MultilabelHinge",
    "SegmentingTokenizer",
    "SmoothedCrossEntropy",
    "TextClassifier",
    "TokenTagger",
    "classification_loss",
]
