import keras
import pytest

from tfnlp.encoders import TextCNN
from tfnlp.tasks import TextClassifier
from tfnlp.text import TextPreprocessor, WordTokenizer
from tfnlp.training import build_optimizer

TEXTS = [
    f"{word} {noun} {number}"
    for number in range(5)
    for word in ("fine", "dull")
    for noun in ("film", "story")
]
LABELS = ["good" if text.startswith("fine") else "bad" for text in TEXTS]


@pytest.fixture
def corpus():
    return list(TEXTS), list(LABELS)


@pytest.fixture
def compiled():
    """A function that makes the same small compiled classifier each time, dropout and all."""

    def make(average_weights=0.9, learning_rate=0.01):
        keras.utils.set_random_seed(11)
        preprocessor = TextPreprocessor(WordTokenizer(), max_tokens=6)
        preprocessor.adapt(TEXTS)
        encoder = TextCNN(
            preprocessor.vocabulary_size, embedding_dim=6, filter_sizes=[1, 2], filters=5, token_dropout=0.2
        )
        task = TextClassifier(preprocessor, encoder, ["bad", "good"], dropout=0.3)
        task.compile(optimizer=build_optimizer("adamw", learning_rate, average_weights=average_weights))
        return task

    return make
