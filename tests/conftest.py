"""Settings of the whole suite."""

import logging
import os
from pathlib import Path

import pytest

# Rooms whose files share what is slow to make.
ONE_PROCESS = ("export",)
# What takes longest begins first, so that at the end no process waits for another.
LONG = ("export", "commands/test_compare.py", "docs", "commands", "training", "tasks", "encoders")

if "PYTEST_XDIST_WORKER" in os.environ:
    # The test processes share the cores; each at two threads a core would only wait for the others.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


@pytest.fixture(autouse=True)
def no_handler_outlives_its_test():
    """Takes away what the command line hung on the logger: its stream is closed by the time a thread says goodbye."""
    yield
    logger = logging.getLogger("tfnlp")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Deals out a file's tests, and some rooms' files, to one process: what they share is made once."""
    from xdist.scheduler import LoadFileScheduling

    class ByRoom(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = Path(nodeid.split("::", 1)[0]).relative_to("tests")
            return file.parts[0] if file.parts[0] in ONE_PROCESS else file.as_posix()

    return ByRoom(config, log)


def pytest_collection_modifyitems(items):
    """Sorts by `LONG`; what has one place there keeps its order."""
    items.sort(key=_turn)


def pytest_make_parametrize_id(val, argname):
    """Names a test by its argument where that is no readable bytes: gzip writes the time of day into them.

    Test processes that import a file in two different seconds would not agree on its tests' names.
    """
    return argname if isinstance(val, bytes) and not val.isascii() else None


def _turn(item):
    file = Path(item.path).relative_to(Path(__file__).parent)
    places = [place for place, path in enumerate(LONG) if file.is_relative_to(path)]
    return min(places, default=len(LONG))


@pytest.fixture(scope="session")
def build_tagger():
    """Makes a small tagger with random weights, large enough that it is not undecided."""
    sentences = ["Ada Lovelace lived in London .", "the USA and New York", "我 在 伦 敦 é"]
    tags = ["O", *(f"{letter}-{label}" for label in ("PER", "LOC") for letter in "BIES")]

    def build(
        encoder="bilstm",
        *,
        words=True,
        characters="cnn",
        casing_dim=2,
        head="crf",
        tags=tags,
        scheme="bioes",
        settings=None,
    ):
        import numpy as np

        from tfnlp.encoders.registry import encoder_class
        from tfnlp.layers import CharacterBiLSTM, CharacterCNN
        from tfnlp.tasks import TokenTagger
        from tfnlp.text import CharacterTokenizer, TaggingPreprocessor, WordTokenizer

        preprocessor = TaggingPreprocessor(
            WordTokenizer() if words else CharacterTokenizer(),
            max_tokens=24,
            max_characters=6 if characters else 0,
            casing=casing_dim > 0,
        )
        rows = [sentence.split() for sentence in sentences]
        preprocessor.adapt(rows if words else [list("".join(row)) for row in rows])
        spelling = {
            None: lambda _: None,
            "cnn": lambda count: CharacterCNN(count, embedding_dim=4, filters=5),
            "bilstm": lambda count: CharacterBiLSTM(count, embedding_dim=4, units=3),
        }[characters](preprocessor.character_count)
        options = {"embedding_dim": 8, **({"units": 6} if settings is None else settings)}
        task = TokenTagger(
            preprocessor,
            encoder_class(encoder)(preprocessor.vocabulary_size, **options),
            tags,
            scheme,
            head=head,
            character_encoder=spelling,
            casing_dim=casing_dim,
        )
        # Not `set_random_seed`: it empties TensorFlow's kernel cache.
        random = np.random.default_rng(1)
        for weight in task.trainable_variables:
            weight.assign(random.normal(scale=0.6, size=weight.shape))
        return task

    return build


@pytest.fixture(scope="session")
def build_language_model():
    """Makes a small language model with random weights, large enough that it is not undecided."""
    sentences = {
        "space": ["the cat sat on the mat .", "a dog ran to the <unk> and the cat ran", "我 爱 北京 天安门"],
        "word": ["The cat sat on the mat.", "a dog ran, and the cat ran", "我爱北京天安门。"],
        "char": ["the cat sat on the mat.", "a dog ran and the cat ran", "我爱北京天安门。"],
    }

    def build(encoder="gru", *, tokens="space", max_tokens=None, softmax=None, seed=1, **settings):
        import numpy as np

        from tfnlp.encoders.registry import encoder_class
        from tfnlp.layers.word_softmax import FullSoftmax
        from tfnlp.tasks.language_model import LanguageModel
        from tfnlp.text.registry import tokenizer_class
        from tfnlp.text.sentence_preprocessor import SentencePreprocessor

        preprocessor = SentencePreprocessor(tokenizer_class(tokens)(), max_tokens=max_tokens)
        preprocessor.adapt(sentences[tokens])
        size = preprocessor.vocabulary_size
        if encoder in ("transformer", "fixed_window"):
            settings = {"causal": True, **settings}
        if encoder == "transformer":
            settings = {"layers": 1, "heads": 2, "max_positions": 12, **settings}
        if encoder in ("simple_rnn", "gru", "lstm"):
            settings = {"units": 6, **settings}
        model = LanguageModel(
            preprocessor,
            encoder_class(encoder)(size, embedding_dim=8, **settings),
            FullSoftmax(size) if softmax is None else softmax(size),
            stream=False,
        )
        # Not `set_random_seed`: it empties TensorFlow's kernel cache.
        random = np.random.default_rng(seed)
        for weight in model.trainable_variables:
            weight.assign(random.normal(scale=0.6, size=weight.shape))
        return model

    return build
