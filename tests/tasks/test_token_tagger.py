"""One checker takes a tagger on every encoder through training, padding and saving; the rest is of the task itself."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.data.tagging import TaggedCorpus, TaggedSentence, spans_of, tag_inventory
from tfnlp.data.tagging.tagged_rows import tagged_rows
from tfnlp.encoders.registry import ENCODERS, encoder_class
from tfnlp.errors import UserError
from tfnlp.evaluation.tagging import evaluate_tags
from tfnlp.layers import CharacterBiLSTM, CharacterCNN
from tfnlp.tasks import TokenTagger
from tfnlp.tasks.tag_figures import quick_scores
from tfnlp.text import CharacterTokenizer, TaggingPreprocessor, WordTokenizer

# A name is one or two capitalised words; the tags follow from the words alone, so every network can learn them.
SENTENCES = [
    ("Ada Lovelace went home", "B-PER E-PER O O"),
    ("we met Alan Turing in Rome", "O O B-PER E-PER O S-LOC"),
    ("Ada went", "S-PER O"),
    ("home in Rome !", "O O S-LOC O"),
    ("Alan Turing met Ada Lovelace", "B-PER E-PER O B-PER E-PER"),
    ("we went home", "O O O"),
]
SMALL = {
    "bag_of_words": {"embedding_dim": 8},
    "fixed_window": {"embedding_dim": 8, "window": 3, "hidden_units": 12},
    "text_cnn": {"embedding_dim": 8, "filter_sizes": [3], "filters": 12},
    "wide_text_cnn": {"embedding_dim": 8, "filter_sizes": [3], "filters": 12, "bag_buckets": 90},
    "simple_rnn": {"embedding_dim": 8, "units": 8, "bidirectional": True},
    "gru": {"embedding_dim": 8, "units": 8, "bidirectional": True},
    "lstm": {"embedding_dim": 8, "units": 8, "bidirectional": True},
    "bilstm": {"embedding_dim": 8, "units": 8},
    "cnn_rnn": {"embedding_dim": 8, "filters": 8, "units": 8, "bidirectional": True},
    "transformer": {"embedding_dim": 8, "heads": 2, "feed_forward_dim": 16, "layers": 1},
}
AWKWARD = [
    "",
    "Ada",
    "zzz qqq",
    "🙂 Ada\u0301 Lovelace!",
    "Ada went home " * 60,
    "我在 Rome。",
    b"\xff\xfe Ada",
]


def corpus(times=4, scheme="bioes"):
    sentences = [TaggedSentence(tuple(words.split()), tuple(tags.split())) for words, tags in SENTENCES]
    found = TaggedCorpus(sentences * times, "six sentences", "bioes")
    return found if scheme == "bioes" else found.converted(scheme)


def make(
    encoder="bilstm", *, characters="cnn", casing_dim=2, seed=1, max_tokens=16, settings=None, **options
):
    keras.utils.set_random_seed(seed)
    sentences = corpus(1)
    preprocessor = TaggingPreprocessor(
        WordTokenizer(), max_tokens=max_tokens, max_characters=8 if characters else 0, casing=casing_dim > 0
    )
    preprocessor.adapt(sentence.tokens for sentence in sentences.sentences)
    layer = {
        None: lambda _: None,
        "cnn": lambda count: CharacterCNN(count, embedding_dim=4, filters=5),
        "bilstm": lambda count: CharacterBiLSTM(count, embedding_dim=4, units=3),
    }[characters](preprocessor.character_count)
    network = encoder_class(encoder)(preprocessor.vocabulary_size, **(settings or SMALL[encoder]))
    return TokenTagger(
        preprocessor,
        network,
        tag_inventory(sentences),
        "bioes",
        character_encoder=layer,
        casing_dim=casing_dim,
        **options,
    )


def trained(tagger, epochs=1, rate=0.03, eagerly=False, **options):
    # Eagerly for a few steps: tracing the graph takes longer than these.
    tagger.compile(optimizer=keras.optimizers.AdamW(rate), run_eagerly=eagerly)
    history = tagger.fit(corpus(), epochs=epochs, batch_size=8, verbose=0, **options)
    return history.history


def test_every_encoder_is_checked():
    assert set(SMALL) == set(ENCODERS)


def logits_of(tagger, rows):
    """Of sentences of tokens, without a graph: tracing one costs more than the arithmetic."""
    batch = tagger.preprocessor(tf.ragged.constant([list(row) for row in rows], dtype=tf.string))
    return np.asarray(tagger(batch))


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("bilstm", "transformer") else pytest.param(name, marks=pytest.mark.slow)
        for name in SMALL
    ],
)
def test_a_tagger_on_every_encoder(name, tmp_path):
    tagger = make(name, head="softmax")
    losses = trained(tagger, epochs=2, eagerly=True)["loss"]
    assert losses[-1] < losses[0]
    rows = [["Ada", "went"], ["we", "met", "Alan", "Turing", "in", "extraordinary", "Rome", "!"], ["home"]]
    together = logits_of(tagger, rows)
    for row, tokens in enumerate(rows):  # neither padding nor company changes an answer
        np.testing.assert_allclose(logits_of(tagger, [tokens])[0], together[row, : len(tokens)], atol=1e-5)
    tagger.save(tmp_path / "t.keras")
    again = keras.saving.load_model(tmp_path / "t.keras")
    np.testing.assert_array_equal(logits_of(again, rows), together)


@pytest.fixture(scope="module")
def learned():
    """A tagger that has learnt the six sentences, and its history; no test may train it further."""
    tagger = make(input_dropout=0.1, dropout=0.1)
    return tagger, trained(tagger, epochs=15, validation_data=corpus(1))


def check_answers(tagger):
    [answer] = tagger.tag(["We met Ada  Lovelace in Rome!"])
    assert [(span.label, span.text, span.start, span.end) for span in answer.spans] == [
        ("PER", "Ada  Lovelace", 7, 20),
        ("LOC", "Rome", 24, 28),
    ]
    assert answer.tokens == ("We", "met", "Ada", "Lovelace", "in", "Rome", "!")
    assert tagger.predict([["Ada", "Lovelace"], []]) == [["B-PER", "E-PER"], []]
    assert tagger.predict_spans([]) == []


def test_learns_sentences_and_answers_texts(learned):
    tagger, history = learned
    assert history["val_f1"][-1] == history["val_accuracy"][-1] == 1.0
    check_answers(tagger)


def test_a_softmax_head_and_a_bilstm_on_characters():
    tagger = make(head="softmax", characters="bilstm")
    trained(tagger, epochs=15)
    check_answers(tagger)


def test_answers_do_not_depend_on_the_company(learned):
    tagger, _ = learned
    together = tagger.tag(AWKWARD)
    for row, text in enumerate(AWKWARD):
        [alone] = tagger.tag([text])
        assert alone.tags == together[row].tags
        np.testing.assert_allclose(alone.scores, together[row].scores, atol=1e-4)


def test_offsets_are_into_the_very_string(learned):
    text = "🙂 Ada\u0301 met 我 in Rome"
    tagger, _ = learned
    [answer] = tagger.tag([text])
    assert [text[start:end] for start, end in zip(answer.starts, answer.ends)] == list(answer.tokens)
    for span in answer.spans:
        assert text.encode()[span.byte_start : span.byte_end].decode() == span.text
        assert text[span.start : span.end] == span.text


def test_no_illegal_sequence_comes_from_a_crf():
    tagger = make()  # untrained: its scores mean nothing
    tagger.classifier.set_weights(
        [
            weight + 5 * np.random.default_rng(0).normal(size=weight.shape)
            for weight in tagger.classifier.get_weights()
        ]
    )
    for tags in tagger.predict([["Ada", "went", "Turing", "x", "home", "!"]] * 3 + [["one"]]):
        assert spans_of(tags, "bioes", strict=True) == spans_of(tags, "bioes")


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_the_loss_is_a_mean_over_sentences_and_adds_up(head):
    tagger = make(head=head)
    tagger.compile()
    sentences = corpus(1)
    whole = tagger.evaluate(sentences, batch_size=6, return_dict=True)
    parts = tagger.evaluate(sentences, batch_size=4, return_dict=True)
    assert parts == pytest.approx(whole, rel=1e-5)
    each = [tagger.evaluate([sentence], return_dict=True)["loss"] for sentence in sentences.sentences]
    assert whole["loss"] == pytest.approx(np.mean(each), rel=1e-5)


def test_the_softmax_loss_by_hand():
    tagger = make(head="softmax")
    sentence = corpus(1).sentences[0]
    logits = logits_of(tagger, [sentence.tokens])[0]
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    expected = -sum(log_p[place, tagger.tags.index(tag)] for place, tag in enumerate(sentence.tags))
    assert tagger.evaluate([sentence], return_dict=True)["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_tag_unseen_in_training_counts_as_missed(learned):
    tagger, _ = learned
    strange = TaggedSentence(("Ada", "went", "Rome"), ("S-PER", "O", "S-GPE"))
    figures = tagger.evaluate([strange], return_dict=True)
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert figures["loss"] == 0.0  # it has no likelihood
    with pytest.raises(UserError, match="no tag `S-GPE`"):
        tagger.fit([strange], verbose=0)


def test_long_sentences_are_trained_on_in_pieces(caplog):
    tagger = make(max_tokens=3)
    _, tags, source = tagger._training_data(tagged_rows(corpus()))
    assert "16 of 24 training sentences are longer than 3 tokens" in caplog.text
    assert tags.row_lengths().numpy().max() == 3
    assert sorted(set(source.tolist())) == list(range(24))
    tokens = tuple("abcdefg")
    rows, source = tagged_rows([TaggedSentence(tokens, ("O", "O", "B-X", "I-X", "E-X", "O", "O"))]).cut(
        3, "bioes"
    )
    assert [list(piece) for piece in rows.tokens] == [["a", "b"], ["c", "d", "e"], ["f", "g"]]
    assert [list(piece) for piece in rows.tags] == [["O", "O"], ["B-X", "I-X", "E-X"], ["O", "O"]]
    assert source.tolist() == [0, 0, 0]
    rows, _ = tagged_rows([TaggedSentence(tokens, ("B-X", *["I-X"] * 5, "E-X"))]).cut(3, "bioes")
    assert [list(piece) for piece in rows.tags] == [["B-X", "I-X", "E-X"], ["B-X", "I-X", "E-X"], ["S-X"]]


def test_a_text_longer_than_the_encoder_reads_is_answered_whole():
    tagger = make(
        "transformer", settings={**SMALL["transformer"], "positions": "learned", "max_positions": 16}
    )
    [tags] = tagger.predict(["Ada went home " * 20])
    assert len(tags) == 60
    assert tagger.evaluate([TaggedSentence(("Ada",) * 40, ("O",) * 40)], return_dict=True)["loss"] == 0.0


def test_quick_figures_are_those_of_the_evaluation():
    random = np.random.default_rng(0)
    tags = ["O", "B-A", "I-A", "E-A", "S-A", "S-B"]
    gold, answers = ([[tags[i] for i in random.integers(6, size=9)] for _ in range(40)] for _ in range(2))
    scores = evaluate_tags(gold, answers, "bioes")
    assert quick_scores(gold, answers, "bioes") == pytest.approx(
        {"accuracy": scores.accuracy, "f1": scores.f1}
    )
    assert quick_scores(gold, answers, "plain").keys() == {"accuracy"}


def test_five_thousand_tokens_and_none(learned):
    tagger, _ = learned
    many, none = tagger.predict(["Ada went " * 2500, ""])
    assert (len(many), none) == (5000, [])


def test_same_seed_same_model():
    found = []
    for seed in (4, 4, 5):
        tagger = make(seed=seed, dropout=0.3, characters=None)
        trained(tagger, epochs=1, seed=seed, eagerly=True)
        found.append(logits_of(tagger, [["Ada", "went", "home"]]).tolist())
    assert found[0] == found[1] != found[2]


def test_free_tags():
    sentences = corpus(1)
    plain = TaggedCorpus(
        [
            TaggedSentence(s.tokens, tuple("NNP" if t[0].isupper() else "X" for t in s.tokens))
            for s in sentences.sentences
        ],
        "free",
        "plain",
    )
    tagger = make()
    tagger = TokenTagger(
        tagger.preprocessor,
        encoder_class("bilstm")(tagger.preprocessor.vocabulary_size, **SMALL["bilstm"]),
        tag_inventory(plain),
        "plain",
    )
    tagger.compile(optimizer=keras.optimizers.AdamW(0.05), run_eagerly=True)
    history = tagger.fit(plain, epochs=12, validation_data=plain, verbose=0).history
    assert "val_f1" not in history
    assert history["val_accuracy"][-1] == 1.0
    [answer] = tagger.tag(["Ada went"])
    assert (answer.tags, answer.spans) == (("NNP", "X"), ())


def test_characters_and_words_without_types():
    keras.utils.set_random_seed(1)
    preprocessor = TaggingPreprocessor(CharacterTokenizer())
    words = TaggedCorpus([TaggedSentence(tuple("我喜欢你"), tuple("SBES"))] * 8, "words", "bmes")
    preprocessor.adapt(sentence.tokens for sentence in words.sentences)
    encoder = encoder_class("bilstm")(preprocessor.vocabulary_size, **SMALL["bilstm"])
    tagger = TokenTagger(preprocessor, encoder, tag_inventory(words), "bmes")
    tagger.compile(optimizer=keras.optimizers.AdamW(0.05), run_eagerly=True)
    tagger.fit(words, epochs=10, verbose=0)
    assert [span.text for span in tagger.predict_spans(["我喜欢你"])[0]] == ["我", "喜欢", "你"]


@pytest.mark.slow
def test_saved_moved_and_loaded_in_a_new_process(learned, tmp_path):
    tagger, _ = learned
    tagger.save(tmp_path / "a.keras")
    (tmp_path / "moved").mkdir()
    (tmp_path / "a.keras").rename(tmp_path / "moved" / "b.keras")
    code = (
        "import sys, keras, tfnlp.tasks\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "assert model.predict(eval(sys.argv[2])) == eval(sys.argv[3])\n"
    )
    command = [
        sys.executable,
        "-c",
        code,
        tmp_path / "moved" / "b.keras",
        repr(AWKWARD),
        repr(tagger.predict(AWKWARD)),
    ]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"}
    )
    assert ran.returncode == 0, ran.stderr


def test_mistakes_are_named():
    tagger = make()
    tagger.compile()
    with pytest.raises(UserError, match=r"pass \[text\]"):
        tagger.predict("a text")
    with pytest.raises(UserError, match="2 tokens, but 1 tags"):
        tagger.fit([["a", "b"]], [["O"]], verbose=0)
    with pytest.raises(UserError, match=r"against the scheme bioes.*sentence 2: O E-PER"):
        tagger.fit([["a", "b"], ["a", "b"]], [["O", "O"], ["O", "E-PER"]], verbose=0)
    with pytest.raises(UserError, match="need tags"):
        tagger.fit([["a", "b"]], verbose=0)
    with pytest.raises(UserError, match="no class weights"):
        tagger.fit(corpus(), class_weight={"O": 0.1}, verbose=0)
    with pytest.raises(UserError, match="`head` must be one of"):
        make(head="hmm")
    plain = TaggingPreprocessor(WordTokenizer())
    plain.adapt([["a"]])
    encoder = encoder_class("bilstm")(plain.vocabulary_size, **SMALL["bilstm"])
    with pytest.raises(UserError, match="max_characters=20"):
        TokenTagger(plain, encoder, ["O"], "bio", character_encoder=CharacterCNN(4))
    with pytest.raises(UserError, match="casing=True"):
        TokenTagger(plain, encoder, ["O"], "bio", casing_dim=2)
    with pytest.raises(UserError, match=r"vocabulary_size=preprocessor\.vocabulary_size"):
        TokenTagger(tagger.preprocessor, encoder, ["O"], "bio")
    with pytest.raises(UserError, match="no other task has built"):
        TokenTagger(tagger.preprocessor, tagger.encoder, ["O"], "bio")
