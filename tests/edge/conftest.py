import keras
import pytest

from tfnlp.encoders.text_cnn import TextCNN
from tfnlp.export import convert_tflite
from tfnlp.tasks.text_classifier import TextClassifier
from tfnlp.text import CharacterTokenizer, TextPreprocessor, WordTokenizer

LABELS = ["bad", "good", "一般"]
TEXTS = ["a fine film", "dull, dull, dull", "这部电影很好看！", "so so 😀"]
TOKENIZERS = {"char": CharacterTokenizer, "word": WordTokenizer}


def build(tokenizer, multi_label=False, truncate="tail"):
    keras.utils.set_random_seed(5)
    preprocessor = TextPreprocessor(TOKENIZERS[tokenizer](), max_tokens=12, truncate=truncate)
    preprocessor.adapt(TEXTS)
    network = TextCNN(vocabulary_size=preprocessor.vocabulary_size, embedding_dim=8, filters=4)
    task = TextClassifier(preprocessor, network, LABELS, multi_label=multi_label)
    task.classifier.kernel.assign(20.0 * task.classifier.kernel)
    return task


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """(tokenizer, multi_label, truncate) -> (task, path of its float32 file)."""
    made = {}

    def get(tokenizer="char", multi_label=False, truncate="tail"):
        key = (tokenizer, multi_label, truncate)
        if key not in made:
            task = build(*key)
            path = tmp_path_factory.mktemp("edge") / "model.tflite"
            path.write_bytes(convert_tflite(task, name="a model"))
            made[key] = (task, path)
        return made[key]

    return get
