"""What is saved loads again: Keras archives here, SavedModels in a process of their own."""

import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.text import TextPreprocessor, tokenizer_class
from tfnlp.text.registry import TOKENIZERS

CORPUS = ["我喜欢 tea and cake.", "the tea, the cake", "好的！very good tea", "I like the 茶"] * 8
TEXTS = ["", "tea", "zzz", "我喜欢 Tea，好！", "😀", "İ the\u200bΣ", "the cake and tea again and again"]

LOADER = """
import json, sys
blocked, folder, texts = json.loads(sys.argv[1])
for name in blocked:
    sys.modules[name] = None
import tensorflow as tf
if "tensorflow_text" not in blocked:
    import tensorflow_text
answers = [tf.saved_model.load(f"{folder}/{kind}").ids(tf.constant(texts)).numpy().tolist() for kind in sys.argv[2:]]
print(json.dumps(answers))
"""


@keras.saving.register_keras_serializable(package="tfnlp_tests")
class Averager(keras.Model):
    """Texts to the mean of their token vectors."""

    def __init__(self, preprocessor, **kwargs):
        super().__init__(**kwargs)
        self.preprocessor = preprocessor
        self.embedding = keras.layers.Embedding(100, 3)
        self.embedding.build((None, None))
        self.built = True

    def call(self, texts):
        return tf.reduce_mean(self.embedding(self.preprocessor(texts)), 1)

    def get_config(self):
        return {"preprocessor": keras.saving.serialize_keras_object(self.preprocessor)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["preprocessor"]))


def make(kind):
    preprocessor = TextPreprocessor(tokenizer_class(kind)(max_size=70), max_tokens=6, truncate="middle")
    preprocessor.adapt(CORPUS)
    return preprocessor


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_keras_archive(kind, tmp_path):
    model = Averager(make(kind))
    expected = model(tf.constant(TEXTS)).numpy()
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        vocabularies = [name for name in archive.namelist() if name.endswith("vocab.txt")]
        assert len(vocabularies) == 1
        lines = archive.read(vocabularies[0]).decode().split("\n")
        config = archive.read("config.json").decode()
    assert lines[:-1] == model.preprocessor.vocabulary.tokens
    assert "tfnlp-vocabulary-" not in config, "a temporary path got into the configuration"
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.preprocessor.vocabulary == model.preprocessor.vocabulary
    assert loaded.preprocessor.truncate == "middle"
    np.testing.assert_array_equal(loaded(tf.constant(TEXTS)).numpy(), expected)


def test_an_unadapted_preprocessor_is_saved_too(tmp_path):
    model = Averager(TextPreprocessor(tokenizer_class("word")()))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.preprocessor.adapt(CORPUS)
    assert loaded.preprocessor.vocabulary_size > 2


@pytest.mark.parametrize(
    ("kinds", "blocked"),
    [
        (["word", "char", "space"], ["tfnlp", "keras", "tensorflow_text"]),
        (["wordpiece", "sentencepiece"], ["tfnlp", "sentencepiece"]),
    ],
)
def test_saved_model_in_a_moved_folder_and_a_new_process(kinds, blocked, tmp_path):
    expected = []
    (tmp_path / "moved").mkdir()
    for kind in kinds:
        module = tf.Module()
        module.preprocessor = make(kind)
        module.ids = tf.function(module.preprocessor.call, input_signature=[tf.TensorSpec([None], tf.string)])
        expected.append(module.ids(tf.constant(TEXTS)).numpy().tolist())
        assert expected[-1] == module.preprocessor(TEXTS).numpy().tolist()
        tf.saved_model.save(module, str(tmp_path / kind), signatures=module.ids)
        saved = (tmp_path / kind / "assets" / "vocab.txt").read_text("utf-8")
        assert saved.split("\n")[:-1] == module.preprocessor.vocabulary.tokens
        assert len(list((tmp_path / kind / "assets").iterdir())) == 1
        (tmp_path / kind).rename(tmp_path / "moved" / kind)
        del module
    arguments = json.dumps([blocked, str(tmp_path / "moved"), TEXTS])
    done = subprocess.run(
        [sys.executable, "-c", LOADER, arguments, *kinds],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == expected


@pytest.mark.parametrize("kind", ["word", "char", "space"])
def test_saved_graph_holds_core_ops_alone(kind):
    preprocessor = make(kind)
    function = tf.function(preprocessor.call, input_signature=[tf.TensorSpec([None], tf.string)])
    definition = function.get_concrete_function().graph.as_graph_def()
    nodes = [*definition.node, *(node for inner in definition.library.function for node in inner.node_def)]
    ops = {node.op for node in nodes} - {inner.signature.name for inner in definition.library.function}
    assert "UnicodeDecode" in ops and "LookupTableFindV2" in ops
    outside = {op for op in ops if not hasattr(tf.raw_ops, op) and not op.startswith("_")}
    assert not outside
    assert not {op for op in ops if "Regex" in op or op in ("PyFunc", "EagerPyFunc", "StringLower")}


def test_two_vocabularies_in_one_saved_model(tmp_path):
    module = tf.Module()
    module.source, module.target = make("word"), make("char")
    module.ids = tf.function(
        lambda texts: (module.source(texts), module.target(texts)),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    expected = [part.numpy().tolist() for part in module.ids(tf.constant(TEXTS))]
    tf.saved_model.save(module, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    assert [part.numpy().tolist() for part in loaded.ids(tf.constant(TEXTS))] == expected
