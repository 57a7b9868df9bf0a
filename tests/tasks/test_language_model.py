"""The language model: what it foretells, how it is trained on a stream, and that nothing depends on batches."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.data.sentence_stream import encode_sentences
from tfnlp.encoders import GRU, LSTM, BiLSTM, FixedWindow, SimpleRNN
from tfnlp.errors import UserError
from tfnlp.evaluation.perplexity import perplexity_of
from tfnlp.layers.word_softmax import FullSoftmax
from tfnlp.tasks import LanguageModel
from tfnlp.tasks.carried_state import CarriedState
from tfnlp.tasks.sentence_scoring import StreamScorer, column_losses
from tfnlp.text import CharacterTokenizer, SentencePreprocessor, SpaceTokenizer
from tfnlp.training import Trainer, build_optimizer

SENTENCES = [
    "the cat sat on the mat",
    "the dog sat",
    "a cat ran",
    "",
    "the dog ran on and on and on and on",
    "zebra",
] * 3
ENCODERS = {
    "simple_rnn": lambda size: SimpleRNN(size, embedding_dim=6, units=5),
    "gru": lambda size: GRU(size, embedding_dim=6, units=5, layers=2),
    "lstm": lambda size: LSTM(size, embedding_dim=6, units=6, layers=2, residual=True),
    "window": lambda size: FixedWindow(
        size, embedding_dim=6, window=4, hidden_units=5, causal=True, direct=True
    ),
}
encoders = pytest.mark.parametrize("encoder", ENCODERS)


def make(encoder="lstm", *, tied=False, max_tokens=None, tokenizer=None, seed=5, rate=0.02, **settings):
    keras.utils.set_random_seed(seed)
    preprocessor = SentencePreprocessor(tokenizer or SpaceTokenizer(min_count=2), max_tokens=max_tokens)
    preprocessor.adapt(SENTENCES[:5] * 2 + ["<unk>"])
    size = preprocessor.vocabulary_size
    model = LanguageModel(
        preprocessor,
        ENCODERS[encoder](size),
        FullSoftmax(size, table_dim=6 if tied else None, initial_range=1.0),
        **settings,
    )
    model.compile(optimizer=build_optimizer("adam", rate))
    return model


def by_steps(model, texts, *, as_stream):
    """Log-probabilities of each sentence, one token at a time."""
    found, state, before = [], model.initial_state(1), 2
    for row in model.preprocessor.ragged_with_ends(texts).to_list():
        if not as_stream:
            state, before = model.initial_state(1), 2
        total = 0.0
        for token in row:
            logits, state = model.step(np.array([before], np.int32), state)
            total += float(logits[0, token])
            before = token
        found.append(total)
    return found


@encoders
@pytest.mark.parametrize("tied", [False, True])
def test_scores_are_the_chain_rule_alone_and_as_a_stream(encoder, tied):
    model = make(encoder, tied=tied)
    for as_stream in (False, True):
        scores = model.score(SENTENCES[:6], as_stream=as_stream)
        np.testing.assert_allclose(
            scores.log_probabilities, by_steps(model, SENTENCES[:6], as_stream=as_stream), rtol=1e-5
        )
    assert scores.tokens.tolist() == [7, 4, 4, 1, 11, 2]


def test_probabilities_sum_to_one_and_padding_has_none():
    model = make()
    logits, _ = model.step(np.array([2, 4], np.int32), model.initial_state(2))
    probabilities = np.exp(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (probabilities[:, 0] == 0).all()
    whole = model(np.array([[2, 4, 5], [2, 0, 0]], np.int32))
    assert whole.shape == (2, 3, model.preprocessor.vocabulary_size)
    np.testing.assert_allclose(whole[0, 0], logits[0], rtol=1e-5)


@encoders
def test_batches_and_padding_change_no_score(encoder):
    model = make(encoder)
    alone = [model.score([text]).log_probabilities[0] for text in SENTENCES[:6]]
    for batch_size in (1, 4, 64):
        together = model.score(SENTENCES, batch_size=batch_size).log_probabilities
        np.testing.assert_allclose(together, alone * 3, rtol=1e-5)


@encoders
def test_a_stream_is_one_however_it_is_handed_over(encoder):
    model = make(encoder)
    whole = model.score(SENTENCES, as_stream=True).log_probabilities
    scorer = StreamScorer(model)
    parts = [
        scorer.score(SENTENCES[a:b]).log_probabilities for a, b in ((0, 1), (1, 2), (2, 7), (7, 7), (7, 18))
    ]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-5)


@pytest.mark.parametrize("as_stream", [True, False])
def test_perplexity_adds_up_over_unequal_batches(as_stream):
    model = make("gru")
    logs = by_steps(model, SENTENCES[:9], as_stream=as_stream)
    tokens = sum(len(text.split()) + 1 for text in SENTENCES[:9])
    characters = sum(len(text) + 1 for text in SENTENCES[:9])
    for batch_size in (1, 4, 5, 1000):
        scorer = StreamScorer(model) if as_stream else model
        report = perplexity_of(scorer, SENTENCES[:9], batch_size=batch_size)
        assert report.tokens == tokens
        assert report.perplexity == pytest.approx(math.exp(-sum(logs) / tokens), rel=1e-5)
        assert report.bits_per_character == pytest.approx(-sum(logs) / math.log(2) / characters, rel=1e-5)


def test_unknown_words_are_counted_and_the_mark_for_them_is_none():
    scores = make().score(["the zebra", "<unk> cat", "</s>"])
    assert scores.unknown.tolist() == [1, 0, 1]
    known = make().score(["the zebra"])
    assert known.known_log_probabilities[0] > known.log_probabilities[0]


def test_no_text_has_no_score():
    model = make()
    assert len(model.score([])) == len(model.score([], as_stream=True)) == 0


# Training


def train_steps(model, first, then, *, begins):
    """What the second of two segments comes to, after the first."""
    model._carried = CarriedState(model.initial_state(2))
    model._training_vectors({"token_ids": first, "first": tf.constant(True)})
    return model._training_vectors({"token_ids": then, "first": tf.constant(begins)})


def test_the_state_crosses_segments_but_not_the_start_of_a_text():
    model = make()
    then = tf.constant([[3, 4], [5, 6]])
    one, other = tf.constant([[7, 8, 9], [3, 4, 5]]), tf.constant([[6, 5, 4], [8, 8, 8]])
    carried = [np.asarray(train_steps(model, first, then, begins=False)) for first in (one, other)]
    fresh = [np.asarray(train_steps(model, first, then, begins=True)) for first in (one, other)]
    assert np.abs(carried[0] - carried[1]).max() > 1e-3
    np.testing.assert_array_equal(fresh[0], fresh[1])
    whole, _ = model.read_on(tf.concat([one, then], axis=1), model.initial_state(2))
    np.testing.assert_allclose(carried[0], whole[:, 3:], atol=1e-5)


def test_the_gradient_does_not_cross_segments():
    model = make()
    table = model.encoder.embedding.tables[0].embeddings.value
    first, then = tf.constant([[7, 8, 7], [8, 7, 8]]), tf.constant([[3, 4], [5, 6]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(train_steps(model, first, then, begins=False)))
    gradient = tf.convert_to_tensor(tape.gradient(loss, table)).numpy()
    assert not gradient[[7, 8]].any(), "a token of the segment before was moved"
    assert gradient[[3, 4, 5, 6]].any(axis=1).all()


def test_full_backpropagation_goes_through_a_whole_sentence():
    model = make(stream=False)
    table = model.encoder.embedding.tables[0].embeddings.value
    ids = tf.constant([[2, 7, 3, 4, 5, 6, 8, 9]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model._training_vectors(ids)[:, -1]))
    assert tf.convert_to_tensor(tape.gradient(loss, table)).numpy()[7].any()


@pytest.mark.parametrize(("encoder", "stream"), [("gru", True), ("lstm", False), ("window", True)])
def test_the_loss_of_an_epoch_is_that_of_its_tokens(encoder, stream):
    texts = ["the cat sat on the mat", "the dog ran", "cat"] * 3  # 39 tokens with ends: three columns of 13
    model = make(encoder, rate=1e-12, stream=stream, segment_tokens=4)
    tokens, _ = encode_sentences(model.preprocessor, texts)
    history = model.fit(texts, batch_size=3, verbose=0, validation_data=texts).history
    report = model.perplexity(texts)
    trained = column_losses(model, tokens, 3).mean() if stream else report.nats_per_token
    assert history["loss"][0] == pytest.approx(trained, rel=1e-4)
    assert history["perplexity"][0] == pytest.approx(math.exp(trained), rel=1e-4)
    assert history["val_loss"][0] == pytest.approx(report.nats_per_token, rel=1e-5)
    assert history["val_perplexity"][0] == pytest.approx(report.perplexity, rel=1e-5)


@pytest.mark.parametrize("columns", [1, 2, 5, 7, 100])
def test_columns_judge_every_token_once(columns):
    model = make("window", tokenizer=SpaceTokenizer())
    tokens, _ = encode_sentences(model.preprocessor, SENTENCES)
    losses = column_losses(model, tokens, columns)
    assert losses.shape == tokens.shape
    assert (losses > 0).all()
    if columns == 1:
        np.testing.assert_allclose(
            losses.sum(), -model.score(SENTENCES, as_stream=True).log_probabilities.sum(), rtol=1e-6
        )


@pytest.mark.parametrize(("encoder", "stream"), [("lstm", True), ("simple_rnn", False), ("window", True)])
def test_it_learns_a_text_by_heart(encoder, stream):
    texts = ["the cat sat on the mat", "the dog ran on and on"] * 8
    model = make(encoder, stream=stream, segment_tokens=7, rate=0.1)
    before = model.evaluate(texts, return_dict=True)["perplexity"]
    model.fit(texts, batch_size=4, epochs=15, verbose=0)
    after = model.evaluate(texts, return_dict=True)["perplexity"]
    assert after < 3 < before


@pytest.mark.parametrize("stream", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_run_taken_up_again_ends_with_the_same_bits(stream, tmp_path):
    def model():
        encoder = "simple_rnn" if stream else "window"
        return make(encoder, stream=stream, segment_tokens=5, dropout=0.3, rate=0.05)

    def trainer(task, epochs, **kwargs):
        return Trainer(
            task,
            checkpoint=tmp_path / "state.npz",
            epochs=epochs,
            batch_size=4,
            seed=2,
            monitor="valid_perplexity",
            early_stopping=0,
            **kwargs,
        )

    whole = model()
    expected = trainer(whole, 3).fit(SENTENCES, None, (SENTENCES[:4], None))
    assert [row["valid_perplexity"] for row in expected.history] == sorted(
        (row["valid_perplexity"] for row in expected.history), reverse=True
    )

    class KilledError(Exception):
        pass

    def kill(progress):
        if progress.epoch == 1:
            raise KilledError

    with pytest.raises(KilledError):
        trainer(model(), 3, after_epoch=kill).fit(SENTENCES, None, (SENTENCES[:4], None))
    resumed = model()
    trainer(resumed, 3).fit(SENTENCES, None, (SENTENCES[:4], None), resume=True)
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(UserError, match="not those the run began with"):
        trainer(model(), 3).fit(SENTENCES[:-1], None, resume=True)


def test_it_is_saved_and_loaded(tmp_path):
    model = make("lstm", tied=True, dropout=0.2, stream=False, segment_tokens=9, max_tokens=20)
    model.fit(SENTENCES, batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert (loaded.stream, loaded.segment_tokens, loaded.max_tokens, loaded.kind) == (
        False,
        9,
        20,
        "language_model",
    )
    for as_stream in (True, False):
        np.testing.assert_allclose(
            loaded.score(SENTENCES, as_stream=as_stream).log_probabilities,
            model.score(SENTENCES, as_stream=as_stream).log_probabilities,
            rtol=1e-6,
        )


def test_a_tied_model_has_one_table():
    tied, own = make(tied=True), make()
    size = own.preprocessor.vocabulary_size
    assert own.count_params() - tied.count_params() == size * 6
    tied.fit(SENTENCES, batch_size=4, verbose=0)
    assert tied.table is tied.encoder.embedding.tables[0].embeddings


def test_characters_of_chinese():
    texts = ["我喜欢学习", "我喜欢你"] * 6
    preprocessor = SentencePreprocessor(CharacterTokenizer())
    preprocessor.adapt(texts)
    size = preprocessor.vocabulary_size
    model = LanguageModel(preprocessor, ENCODERS["gru"](size), FullSoftmax(size))
    model.compile(optimizer=build_optimizer("adam", 0.1))
    model.fit(texts, batch_size=2, epochs=10, verbose=0)
    scores = model.score(["我喜欢你", "你欢喜我"])
    assert scores.tokens.tolist() == [5, 5]
    assert scores.log_probabilities[0] > scores.log_probabilities[1] + 2


# A limited context


def test_long_sentences_are_read_in_pieces(caplog):
    model = make("gru", max_tokens=3, stream=False)
    text = "the dog ran on and on"
    expected, before = 0.0, 2
    for place, token in enumerate(model.preprocessor.ragged_with_ends([text]).to_list()[0]):
        if place % 3 == 0:
            state = model.initial_state(1)
        logits, state = model.step(np.array([before], np.int32), state)
        expected += float(logits[0, token])
        before = token
    for as_stream in (True, False):
        found = model.score([text], as_stream=as_stream).log_probabilities[0]
        assert found == pytest.approx(expected, rel=1e-5)
    with caplog.at_level("WARNING", "tfnlp"):
        model.fit([text] * 4, batch_size=2, verbose=0)
    assert "longer than the 3 tokens" in caplog.text


def test_a_stream_of_a_limited_context_begins_anew_with_each_segment():
    model = make("gru", max_tokens=4, segment_tokens=4)
    assert not model.carries_state
    model.fit(SENTENCES, batch_size=3, verbose=0)
    with pytest.raises(UserError, match="segments of 5 tokens are longer than the 4"):
        make("gru", max_tokens=4, segment_tokens=5)


# Mistakes


def test_parts_that_do_not_fit_are_refused():
    preprocessor = make().preprocessor
    size = preprocessor.vocabulary_size
    gru = ENCODERS["gru"]
    with pytest.raises(UserError, match="must not see what it foretells"):
        LanguageModel(preprocessor, BiLSTM(size, embedding_dim=4, units=3), FullSoftmax(size))
    with pytest.raises(UserError, match="encoder knows 9 ids"):
        LanguageModel(preprocessor, gru(9), FullSoftmax(size))
    with pytest.raises(UserError, match="softmax knows 9 ids"):
        LanguageModel(preprocessor, gru(size), FullSoftmax(9))
    with pytest.raises(UserError, match=r"table of width 7.*have 6"):
        LanguageModel(preprocessor, gru(size), FullSoftmax(size, table_dim=7))
    with pytest.raises(UserError, match='channels="tuned"'):
        static = GRU(size, embedding_dim=6, units=3, channels="static")
        LanguageModel(preprocessor, static, FullSoftmax(size, table_dim=6))
    with pytest.raises(UserError, match="segment_tokens"):
        LanguageModel(preprocessor, gru(size), FullSoftmax(size), segment_tokens=0)


def test_too_little_text_and_labels_are_refused():
    model = make()
    with pytest.raises(UserError, match="too few for 20 columns"):
        model.fit(["the cat"], verbose=0)
    with pytest.raises(UserError, match="no labels"):
        model.fit(SENTENCES, ["a"] * len(SENTENCES), verbose=0)
    with pytest.raises(UserError, match="no sentence to evaluate"):
        model.evaluate([])


def test_a_loss_that_is_no_number_stops_at_its_step(tmp_path):
    model = make("gru", segment_tokens=5)
    trainer = Trainer(model, checkpoint=tmp_path / "state.npz", epochs=3, batch_size=2, monitor="valid_loss")

    class Poison(keras.callbacks.Callback):
        steps = 0

        def on_train_batch_end(self, batch, logs=None):
            self.steps += 1

        def on_train_batch_begin(self, batch, logs=None):
            if self.steps == 9:  # an epoch has seven steps: the third of the second
                model.softmax.bias.assign(np.full(model.softmax.bias.shape, np.nan, np.float32))

    trainer.callbacks.append(Poison())
    with pytest.raises(UserError, match=r"step \d+ of epoch 2 is nan.*learning_rate.*checkpoint"):
        trainer.fit(SENTENCES, None)
    again = make("gru", segment_tokens=5)
    resumed = Trainer(again, checkpoint=tmp_path / "state.npz", epochs=2, batch_size=2, monitor="valid_loss")
    assert resumed.fit(SENTENCES, None, resume=True).epoch == 2
    assert all(np.isfinite(weight).all() for weight in again.get_weights())
