"""A trained segmenter as the tokenizer of another task."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnlp.encoders import BagOfWords, TextCNN
from tfnlp.errors import UserError
from tfnlp.export import export
from tfnlp.export.tflite import convert_tflite
from tfnlp.tasks import SegmentingTokenizer, TextClassifier, TokenTagger
from tfnlp.text import CharacterTokenizer, TaggingPreprocessor, TextPreprocessor

WORDS = ["我们", "喜欢", "北京", "的", "大学", "学习", "。"]
TAGS = {1: ["S"], 2: ["B", "E"]}


@pytest.fixture(scope="module")
def tagger():
    """Knows the seven words, whatever their order."""
    keras.utils.set_random_seed(1)
    sentences = [[WORDS[(i * k) % 7] for k in range(1, 7)] for i in range(1, 100)]
    characters = [list("".join(sentence)) for sentence in sentences]
    tags = [[tag for word in sentence for tag in TAGS[len(word)]] for sentence in sentences]
    preprocessor = TaggingPreprocessor(CharacterTokenizer())
    preprocessor.adapt(characters)
    tagger = TokenTagger(
        preprocessor,
        TextCNN(preprocessor.vocabulary_size, embedding_dim=8, filter_sizes=[3], filters=16),
        ["B", "M", "E", "S"],
        "bmes",
    )
    tagger.compile(keras.optimizers.Adam(0.03))
    tagger.fit(characters, tags, batch_size=16, epochs=6, verbose=0)
    return tagger


@pytest.fixture(scope="module")
def tokenizer(tagger):
    tokenizer = SegmentingTokenizer(tagger)
    tokenizer.adapt(["我们喜欢北京的大学。", "我们学习"])
    return tokenizer


@pytest.fixture(scope="module")
def compiled(tokenizer):
    return tf.function(tokenizer.tokenize_with_offsets, input_signature=[tf.TensorSpec([None], tf.string)])


def words_of(tokenizer, texts):
    return [[word.decode() for word in row] for row in tokenizer.tokenize(texts).to_list()]


def test_words_come_as_the_segmenter_cuts_them(tokenizer):
    texts = ["我们喜欢北京。", "", " 我们\t北京 ", "北\u200b京的大学"]
    assert words_of(tokenizer, texts) == [
        ["我们", "喜欢", "北京", "。"],
        [],
        ["我们", "北京"],
        ["北京", "的", "大学"],
    ]
    assert [word.decode() for word in tokenizer.tokenize("我们学习").numpy()] == ["我们", "学习"]
    assert set(tokenizer.vocabulary.tokens[2:]) == set(WORDS)
    ids = tokenizer(["大学北京喂"]).to_list()[0]
    assert [tokenizer.vocabulary.tokens[number] for number in ids[:2]] == ["大学", "北京"]
    assert (
        tokenizer.encode("我们喜欢北京", max_tokens=2).numpy().tolist()
        == tokenizer("我们喜欢").numpy().tolist()
    )


def test_white_space_parts_words_whatever_the_tags_say(tokenizer):
    assert words_of(tokenizer, ["我 们"]) == [["我", "们"]]


def test_offsets_lead_back_to_the_text(tokenizer):
    text = " 我们 喜\u200b欢ABC"
    words, starts, ends = tokenizer.tokenize_with_offsets(text)
    pieces = [text.encode()[start:end].decode() for start, end in zip(starts.numpy(), ends.numpy())]
    assert pieces[:2] == ["我们", "喜\u200b欢"]
    assert [piece.replace("\u200b", "").lower() for piece in pieces] == [
        word.decode() for word in words.numpy()
    ]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(st.text("我们喜欢北京的大学。 \t\u200b\u0301👍Aｂ", max_size=20), st.text(max_size=20)),
        min_size=1,
        max_size=4,
    )
)
def test_any_text_is_cut_where_a_plain_loop_over_the_tags_cuts_it(compiled, tagger, texts):
    lines = [text.encode("utf-8", "surrogatepass") for text in texts]
    numbers, lengths, starts, ends = tagger.tag_numbers(lines)
    words, word_starts, word_ends = (part.to_list() for part in compiled(tf.constant(lines, tf.string)))
    place = 0
    for row, (line, length) in enumerate(zip(lines, lengths)):
        expected, before = [], ""
        for number, start, end in zip(*(part[place : place + length] for part in (numbers, starts, ends))):
            tag, space = tagger.tags[number], not len(CharacterTokenizer().tokenize(line[start:end]))
            if space:
                before = ""
                continue
            if tag in "ME" and before in "BM" and before:
                expected[-1][1] = end
            else:
                expected.append([start, end])
            before = tag
        assert [list(pair) for pair in zip(word_starts[row], word_ends[row])] == expected
        visible = [
            b"".join(CharacterTokenizer().tokenize(line[start:end]).numpy()) for start, end in expected
        ]
        assert words[row] == visible
        place += length


def test_a_text_is_cut_the_same_alone_and_among_long_ones(compiled):
    texts = ["我们喜欢北京", "的大学学习" * 300, "", "北京" * 40]
    together = compiled(texts)[0].to_list()
    assert together == [compiled([text])[0].to_list()[0] for text in texts]
    assert len(together[1]) >= 900  # a piece may end within a word


@pytest.fixture(scope="module")
def classifier(tagger):
    keras.utils.set_random_seed(2)
    tokenizer = SegmentingTokenizer(tagger)
    preprocessor = TextPreprocessor(tokenizer, max_tokens=8)
    texts = ["我们喜欢北京", "我们的大学", "喜欢北京的大学。", "学习学习"] * 4
    preprocessor.adapt(texts)
    task = TextClassifier(preprocessor, BagOfWords(preprocessor.vocabulary_size, embedding_dim=4), ["a", "b"])
    task.compile("adam")
    before = [np.array(weight) for weight in tokenizer.segmenter.weights]
    task.fit(texts, ["a", "b", "a", "b"] * 4, epochs=2, batch_size=4, verbose=0)
    for weight, then in zip(tokenizer.segmenter.weights, before):
        np.testing.assert_array_equal(weight, then)  # training leaves the segmenter as it is
    return task


def test_training_on_top_counts_none_of_the_segmenters_weights(classifier):
    assert len(classifier.trainable_variables) == 3  # vectors, kernel, bias


def test_saved_and_loaded_it_cuts_and_answers_the_same(classifier, tmp_path):
    classifier.save(tmp_path / "model.keras")
    code = (
        "import sys, keras, tfnlp.tasks\n"
        "task = keras.saving.load_model(sys.argv[1])\n"
        "print(task.preprocessor.tokenizer.tokenize('北京的大学').numpy().tolist())\n"
        "print(task.predict(['北京的大学', ''], verbose=0).tolist())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model.keras")],
        capture_output=True,
        text=True,
        check=True,
    )
    words, scores = map(eval, done.stdout.strip().splitlines())
    assert [word.decode() for word in words] == ["北京", "的", "大学"]
    np.testing.assert_allclose(scores, classifier.predict(["北京的大学", ""], verbose=0), atol=1e-6)


@pytest.mark.slow
def test_an_export_cuts_its_words_without_tfnlp(classifier, tmp_path):
    result = export(
        classifier, tmp_path / "cut", lite=[], texts=["我们喜欢北京", "学习"]
    )  # proves a fresh process too
    loaded = tf.saved_model.load(str(result.folder))
    texts = ["北京的大学", "", "我们 学习"]
    scores = loaded.signatures["serving_default"](text=tf.constant(texts))["scores"].numpy()
    np.testing.assert_allclose(scores, classifier.predict(texts, verbose=0), atol=1e-6)


def test_there_is_no_tflite_file(classifier):
    with pytest.raises(UserError, match="--lite none"):
        convert_tflite(classifier, "float32")


@pytest.fixture(scope="module")
def words(tagger):
    """A tagger of words."""
    keras.utils.set_random_seed(3)
    preprocessor = TaggingPreprocessor(SegmentingTokenizer(tagger), max_characters=2)
    sentences = [["我们", "喜欢", "北京"], ["我们", "学习"], ["大学", "的", "北京"]] * 8
    kinds = {"我们": "r", "喜欢": "v", "学习": "v", "的": "u"}
    preprocessor.adapt(sentences)
    words = TokenTagger(
        preprocessor,
        TextCNN(preprocessor.vocabulary_size, embedding_dim=8, filter_sizes=[1], filters=8),
        ["n", "r", "u", "v"],
        "plain",
        head="softmax",
    )
    words.compile(keras.optimizers.Adam(0.05))
    words.fit(sentences, [[kinds.get(word, "n") for word in row] for row in sentences], epochs=12, verbose=0)
    return words


def test_a_tagger_of_words_reads_raw_texts_as_the_segmenter_cuts_them(words, tmp_path):
    assert words.predict(["我们喜欢大学", ""]) == [["r", "v", "n"], []]
    words.save(tmp_path / "words.keras")
    [answer] = keras.saving.load_model(tmp_path / "words.keras", compile=False).tag(["我们喜欢 大学"])
    assert (answer.tokens, answer.tags) == (("我们", "喜欢", "大学"), ("r", "v", "n"))


@pytest.mark.slow
def test_an_export_of_a_tagger_of_words_cuts_them_in_the_graph(words, tmp_path):
    result = export(words, tmp_path / "words", lite=[], texts=["我们喜欢北京", ["我们", "学习"]])
    served = tf.saved_model.load(str(result.folder)).signatures["serving_default"](
        text=tf.constant(["我们喜欢大学"])
    )
    assert served["tags"].numpy().tolist() == [[b"r", b"v", b"n"]]


def test_what_is_no_segmenter_is_refused(tagger, tmp_path):
    with pytest.raises(UserError, match="no segmenter at"):
        SegmentingTokenizer(tmp_path / "model.keras")
    (tmp_path / "model.keras").write_bytes(b"no")
    with pytest.raises(UserError, match="no model that Keras can load"):
        SegmentingTokenizer(tmp_path / "model.keras")
    with pytest.raises(UserError, match="TokenTagger"):
        SegmentingTokenizer(TextCNN(5))
    names = TokenTagger(
        tagger.preprocessor, TextCNN(tagger.preprocessor.vocabulary_size), ["O", "B-X", "I-X"], "bio"
    )
    with pytest.raises(UserError, match="every token part of a word"):
        SegmentingTokenizer(names)
