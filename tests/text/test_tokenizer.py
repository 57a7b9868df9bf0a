"""What all four tokenizers share."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text import Vocabulary, tokenizer_class
from tfnlp.text.registry import TOKENIZERS
from tfnlp.text.tokenizer import Tokenizer

CORPUS = ["我喜欢 tea and cake.", "the tea, the cake", "好的！very good tea", "I like the 茶"] * 8
TEXTS = ["", "tea", "zzz qqq", "我喜欢 tea，好！", "😀👍🏽", "   ", b"\xe4tea\xff", "tea and cake " * 400]


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokenizer(request):
    tokenizer = tokenizer_class(request.param)(max_size=70)
    tokenizer.adapt(CORPUS)
    return tokenizer


def test_one_text_a_batch_and_tf_data_agree(tokenizer):
    alone = [tokenizer(text).numpy().tolist() for text in TEXTS]
    assert tokenizer(TEXTS).to_list() == alone
    assert tokenizer(tf.constant(TEXTS)).to_list() == alone
    assert tokenizer(np.array(TEXTS, object)).to_list() == alone
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(3).map(tokenizer, num_parallel_calls=4)
    assert [row for batch in dataset for row in batch.to_list()] == alone
    single = tf.data.Dataset.from_tensor_slices(TEXTS).map(tokenizer, num_parallel_calls=4)
    assert [row.numpy().tolist() for row in single] == alone


def test_ids_are_the_places_of_the_tokens(tokenizer):
    tokens = tokenizer.tokenize(TEXTS).to_list()
    expected = [[tokenizer.vocabulary.index(token.decode()) for token in row] for row in tokens]
    ids = tokenizer(TEXTS)
    assert ids.to_list() == expected
    assert ids.dtype == tf.int32 and ids.shape.rank == 2
    assert 0 not in ids.flat_values.numpy()


def test_offsets_come_with_the_same_tokens(tokenizer):
    tokens, starts, ends = tokenizer.tokenize_with_offsets(TEXTS)
    assert tokens.to_list() == tokenizer.tokenize(TEXTS).to_list()
    assert starts.dtype == ends.dtype == tf.int64
    for text, row_starts, row_ends in zip(TEXTS, starts.to_list(), ends.to_list()):
        size = len(text.encode() if isinstance(text, str) else text)
        assert all(0 <= a <= b <= size for a, b in zip(row_starts, row_ends))
        assert row_starts == sorted(row_starts)
    one = tokenizer.tokenize_with_offsets(TEXTS[1])
    assert [part.shape.rank for part in one] == [1, 1, 1]


def test_an_empty_batch(tokenizer):
    assert tokenizer([]).to_list() == []
    assert [part.to_list() for part in tokenizer.tokenize_with_offsets([])] == [[], [], []]


def test_config_round_trip(tokenizer):
    config = json.loads(json.dumps(tokenizer.get_config()))
    assert type(tokenizer).from_config(config).get_config() == tokenizer.get_config()
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(tokenizer))
    assert restored.max_size == 70 and restored.lowercase is tokenizer.lowercase


def test_settings_are_json(tokenizer):
    settings = json.loads(json.dumps(tokenizer.settings()))
    assert settings["kind"] == tokenizer.kind and settings["lowercase"] is (tokenizer.kind != "space")


def test_assets_round_trip(tokenizer, tmp_path):
    tokenizer.save_assets(str(tmp_path))
    restored = type(tokenizer).from_config(tokenizer.get_config())
    restored.load_assets(str(tmp_path))
    assert (tmp_path / "vocab.txt").read_text("utf-8").startswith("[PAD]\n[UNK]\n")
    assert restored.vocabulary == tokenizer.vocabulary
    assert restored(TEXTS).to_list() == tokenizer(TEXTS).to_list()


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_adapting_in_any_form_gives_one_vocabulary(kind):
    forms = [
        CORPUS,
        (text.encode() for text in CORPUS),
        np.array(CORPUS, object),
        tf.data.Dataset.from_tensor_slices(CORPUS).batch(5),
    ]
    vocabularies = []
    for form in forms:
        tokenizer = tokenizer_class(kind)(max_size=70)
        tokenizer.adapt(form)
        vocabularies.append(tokenizer.vocabulary.tokens)
    assert all(tokens == vocabularies[0] for tokens in vocabularies)
    assert len(vocabularies[0]) <= 70


@pytest.mark.parametrize("kind", ["word", "char"])
def test_the_order_of_the_corpus_does_not_matter(kind):
    first, second = (
        tokenizer_class(kind)(min_count=2, max_size=12),
        tokenizer_class(kind)(min_count=2, max_size=12),
    )
    first.adapt(CORPUS)
    second.adapt(CORPUS[::-1])
    assert first.vocabulary == second.vocabulary
    assert first.vocabulary_size == 12


@pytest.mark.parametrize("kind", ["word", "char", "space"])
def test_adapting_again_replaces_the_vocabulary(kind):
    tokenizer = tokenizer_class(kind)()
    tokenizer.adapt(["a b"])
    tokenizer.adapt(["c"])
    assert tokenizer.vocabulary.tokens == ["[PAD]", "[UNK]", "c"]
    assert tokenizer("c a").numpy().tolist()[0] == 2


@pytest.mark.parametrize("kind", ["word", "char", "space", "wordpiece"])
@pytest.mark.parametrize("corpus", [[], ["", " \u200b"], [b"\xff"]])
def test_a_corpus_without_tokens_is_refused(kind, corpus):
    with pytest.raises(UserError, match="no token to learn"):
        tokenizer_class(kind)().adapt(corpus)


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_use_before_a_vocabulary_names_the_cure(kind):
    tokenizer = tokenizer_class(kind)()
    for use in (lambda: tokenizer(["a"]), lambda: tokenizer.vocabulary, lambda: tokenizer.vocabulary_size):
        with pytest.raises(UserError, match=r"adapt\(corpus\)"):
            use()


def test_a_ready_vocabulary_and_its_temporary_file():
    tokenizer = tokenizer_class("word")()
    tokenizer.set_vocabulary(Vocabulary(["[PAD]", "[UNK]", "a"]))
    path = tokenizer.table.asset.asset_path.numpy()
    assert tf.io.gfile.exists(path)
    cleanup = tokenizer.table._cleanup
    assert cleanup.alive and cleanup.atexit


def test_the_base_class_is_not_for_use():
    with pytest.raises(TypeError, match="base class"):
        Tokenizer().tokenize(["a"])


@pytest.mark.parametrize("kwargs", [{"min_count": 0}, {"max_size": 1}])
def test_bad_limits_are_refused(kwargs):
    with pytest.raises(UserError, match="must be at least"):
        tokenizer_class("word")(**kwargs)
