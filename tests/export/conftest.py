import numpy as np
import pytest
import tensorflow as tf

from tfnlp.encoders.registry import encoder_class
from tfnlp.export import export
from tfnlp.tasks.text_classifier import TextClassifier
from tfnlp.text import TextPreprocessor
from tfnlp.text.registry import tokenizer_class

LABELS = ["negative", "positive", "中性"]
TEXTS = [
    "A fine film, with a heart of gold.",
    "dull, DULL, dull from the first minute to the last one of all",
    "这部电影很好看，值得推荐！",
    "房间太小，服务很差。",
    "neither good nor bad: it was a film",
    "",
    "I would see it again 😀",
    "一般般吧 not my cup of tea",
]
TRUTH = [LABELS[i % 3] for i in range(len(TEXTS))]
# Every encoder and every tokenizer, once.
KINDS = {
    "text_cnn": ("char", {"embedding_dim": 32, "filters": 16}, ("float32", "float16", "int8")),
    "wide_text_cnn": (
        "char",
        {"embedding_dim": 8, "filters": 8, "bag_buckets": 997, "ngrams": [2], "ngram_buckets": 499},
        ("float32", "int8"),
    ),
    "bag_of_words": ("word", {"embedding_dim": 16, "ngrams": [2], "ngram_buckets": 997}, ("float32", "int8")),
    "fixed_window": ("wordpiece", {"embedding_dim": 8}, ("float32",)),
    "transformer": (
        "word",
        {"embedding_dim": 16, "heads": 2, "feed_forward_dim": 32, "pooling": ["first", "attention"]},
        ("float32",),
    ),
    "simple_rnn": ("char", {"embedding_dim": 8, "units": 8, "activation": "relu"}, ("float32",)),
    "gru": ("space", {"embedding_dim": 8, "units": 8, "layers": 2, "layer_norm": True}, ("float32",)),
    "lstm": ("char", {"embedding_dim": 8, "units": 8, "pooling": "attention"}, ("float32",)),
    "cnn_rnn": ("word", {"embedding_dim": 8, "filters": 8, "cell": "gru", "units": 8}, ("float32",)),
    "bilstm": ("sentencepiece", {"embedding_dim": 8, "units": 8}, ("float32",)),
}


def build_task(encoder, tokenizer, settings, multi_label=False, max_tokens=24, seed=3):
    """A small classifier with random weights, large enough that it is not undecided."""
    sizes = {"max_size": 80} if tokenizer in ("wordpiece", "sentencepiece") else {}
    preprocessor = TextPreprocessor(tokenizer_class(tokenizer)(**sizes), max_tokens=max_tokens)
    preprocessor.adapt(TEXTS * 3)
    network = encoder_class(encoder)(vocabulary_size=preprocessor.vocabulary_size, **settings)
    task = TextClassifier(preprocessor, network, LABELS, multi_label=multi_label)
    # Not `set_random_seed`: it empties TensorFlow's kernel cache, and with it SentencePiece models.
    random = np.random.default_rng(seed)
    for weight in task.trainable_variables:
        weight.assign(random.normal(scale=0.3, size=weight.shape))
    return task


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The tests' networks are too small to share."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass  # another room's tests came first


@pytest.fixture(scope="session")
def build():
    """`build(encoder, tokenizer, settings, ...)` makes a task."""
    return build_task


class Tasks(dict):
    """Encoder name -> a task with it, made when first asked for; the bidirectional one is multi-label."""

    def __missing__(self, name):
        kind, settings, _ = KINDS[name]
        self[name] = build_task(name, kind, settings, multi_label=name == "bilstm")
        return self[name]


@pytest.fixture(scope="session")
def tasks():
    return Tasks()


@pytest.fixture(scope="session")
def exports(tasks, tmp_path_factory):
    """Encoder name -> its export, made when first asked for."""
    made = {}

    def get(name):
        if name not in made:
            truth = [[label] for label in TRUTH] if tasks[name].multi_label else TRUTH
            made[name] = export(
                tasks[name],
                tmp_path_factory.mktemp("saved_models") / name,
                lite=KINDS[name][2],
                texts=TEXTS,
                labels=truth,
                max_accuracy_drop=13,
                extra_files={"recipe.toml": b"[encoder]\n"},
            )
        return made[name]

    return get
