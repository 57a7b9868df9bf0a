import keras
import pytest

from tfnlp.encoders import TextCNN
from tfnlp.tasks import TextClassifier
from tfnlp.text import TextPreprocessor, WordTokenizer

TEXTS = [
    "a fine film",
    "a dull film",
    "fine and funny",
    "dull and slow",
    "funny story",
    "slow story",
    "好看的电影",
    "难看的电影",
]
LABELS = ["good", "bad"] * 4


@pytest.fixture
def texts():
    return list(TEXTS)


@pytest.fixture
def labels():
    return list(LABELS)


@pytest.fixture
def classifier():
    """A function that makes a small, untrained classifier, the same each time."""

    def make(labels=("bad", "good"), seed=1, encoder_settings=None, corpus=TEXTS, **settings):
        keras.utils.set_random_seed(seed)
        preprocessor = TextPreprocessor(WordTokenizer(), max_tokens=12)
        preprocessor.adapt(corpus)
        options = {"embedding_dim": 8, "filter_sizes": [1, 2], "filters": 8, **(encoder_settings or {})}
        encoder = TextCNN(preprocessor.vocabulary_size, **options)
        return TextClassifier(preprocessor, encoder, list(labels), **settings)

    return make
