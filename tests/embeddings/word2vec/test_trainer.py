"""Training word2vec on toy corpora."""

import dataclasses

import numpy as np
import pytest

from tfnlp.embeddings.encoded_corpus import encode_corpus
from tfnlp.embeddings.word2vec import trainer as trainer_module
from tfnlp.embeddings.word2vec.settings import Word2VecSettings
from tfnlp.embeddings.word2vec.trainer import Word2VecTrainer
from tfnlp.errors import UserError

FRUIT, METAL = ["apple", "pear", "plum", "fig"], ["iron", "zinc", "lead", "tin"]
SETTINGS = Word2VecSettings(dimension=12, window=3, epochs=3, subsample=0, learning_rate=0.05)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Sentences about fruit and sentences about metals: no word of one stands beside one of the other."""
    random = np.random.default_rng(0)
    sentences = [list(random.choice(FRUIT if number % 2 else METAL, 6)) for number in range(500)]
    return encode_corpus(sentences, tmp_path_factory.mktemp("corpus"), min_count=1)


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer_module, "CHUNK_IDS", 1200)
        yield


def trained(corpus, settings=SETTINGS):
    trainer = Word2VecTrainer(corpus, settings)
    trainer.train()
    return trainer


@pytest.fixture(scope="module")
def whole(corpus, small_chunks):
    """Trained in one go."""
    return trained(corpus)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_words_of_a_topic_come_together(corpus, architecture):
    settings = dataclasses.replace(SETTINGS, architecture=architecture, epochs=20, learning_rate=0.05)
    trainer = trained(corpus, settings)
    vectors = trainer.vectors()
    assert (vectors.dtype, vectors.shape) == (np.float32, (8, 12))
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    fruit, metal = ([corpus.words.index(word) for word in topic] for topic in (FRUIT, METAL))
    similarity = vectors @ vectors.T
    assert similarity[np.ix_(fruit, fruit)].min() > similarity[np.ix_(fruit, metal)].max() + 0.3
    assert len(trainer.losses) == 20
    assert trainer.losses[-1] < trainer.losses[0]


def test_the_same_seed_gives_the_same_vectors(corpus, whole):
    first = whole.vectors()
    np.testing.assert_array_equal(first, trained(corpus).vectors())
    other = trained(corpus, dataclasses.replace(SETTINGS, seed=2)).vectors()
    assert np.abs(first - other).max() > 0.01


@pytest.mark.slow
def test_the_same_seed_gives_the_same_vectors_with_n_grams_on_several_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer_module, "CHUNK_IDS", 1 << 18)
    # Blocks that share many rows, so that two threads meet in a row again and again.
    random = np.random.default_rng(0)
    words = [f"{stem}{ending}" for stem in range(300) for ending in ("s", "ed", "ing")]
    sentences = [list(random.choice(words, 40)) for _ in range(4000)]
    corpus = encode_corpus(sentences, tmp_path, min_count=1)
    settings = Word2VecSettings(dimension=100, epochs=1, min_ngram=1, max_ngram=3)
    first = trained(corpus, settings).vectors()
    for _ in range(2):
        np.testing.assert_array_equal(first, trained(corpus, settings).vectors())


@pytest.mark.parametrize("stop_at", [1, 7])
def test_stopped_and_taken_up_again_is_as_if_never_stopped(corpus, whole, tmp_path, stop_at):
    stopped = Word2VecTrainer(corpus, SETTINGS)
    calls = 0

    def press_ctrl_c(progress):
        nonlocal calls
        calls += 1
        if calls == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.train(press_ctrl_c, checkpoint_folder=tmp_path)
    assert np.isfinite(stopped.vectors()).all()
    again = Word2VecTrainer(corpus, SETTINGS)
    again.train(checkpoint_folder=tmp_path, resume=True)
    np.testing.assert_array_equal(again.vectors(), whole.vectors())
    np.testing.assert_allclose(again.losses, whole.losses, rtol=1e-6)
    # The stopped trainer itself goes on too.
    stopped.train()
    np.testing.assert_array_equal(stopped.vectors(), whole.vectors())


def test_resuming_needs_the_same_training(corpus, tmp_path):
    with pytest.raises(UserError, match="without --resume"):
        Word2VecTrainer(corpus, SETTINGS).train(checkpoint_folder=tmp_path / "none", resume=True)
    Word2VecTrainer(corpus, SETTINGS).train(checkpoint_folder=tmp_path)
    other = Word2VecTrainer(corpus, dataclasses.replace(SETTINGS, window=2))
    with pytest.raises(UserError, match="window = 3, not 2"):
        other.train(checkpoint_folder=tmp_path, resume=True)


def test_progress_counts_the_corpus_words(corpus):
    seen = []
    Word2VecTrainer(corpus, SETTINGS).train(seen.append)
    assert [one.words_done for one in seen] == sorted(one.words_done for one in seen)
    assert seen[-1].words_done == seen[-1].words == 3 * 3000
    assert {one.epoch for one in seen} == {1, 2, 3}
    assert all(0 < one.loss < 5 for one in seen)


def test_the_loss_begins_at_six_coin_tosses(corpus):
    # All scores are 0 at first: a pair and its 5 noise words cost ln 2 each.
    settings = dataclasses.replace(SETTINGS, epochs=1, learning_rate=1e-6, final_learning_rate=1e-6)
    np.testing.assert_allclose(trained(corpus, settings).losses, [6 * np.log(2)], rtol=1e-4)


@pytest.mark.parametrize("blocks", [1, 8])
def test_the_mean_loss_does_not_hang_on_the_size_of_a_step(corpus, monkeypatch, blocks):
    monkeypatch.setattr(trainer_module, "STEPS_PER_EPOCH", 1)
    monkeypatch.setitem(trainer_module.BLOCKS, "skipgram", blocks)
    settings = dataclasses.replace(SETTINGS, epochs=1, learning_rate=1e-3)
    np.testing.assert_allclose(trained(corpus, settings).losses, [6 * np.log(2)], rtol=2e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": "glove"}, "'skipgram', 'cbow'"),
        ({"dimension": 0}, "at least 1"),
        ({"learning_rate": -1.0}, "above 0"),
        ({"max_ngram": 2}, "at least `min_ngram`, 3"),
    ],
)
def test_impossible_settings(change, message):
    with pytest.raises(UserError, match=message):
        Word2VecSettings(**change)


@pytest.mark.parametrize("loss", ["negative", "hierarchical", "full"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_what_stands_beyond_the_dimension_stays_zero(corpus, architecture, loss):
    trainer = trained(corpus, dataclasses.replace(SETTINGS, architecture=architecture, loss=loss, epochs=1))
    tables = [*trainer.input.variables, *trainer.objective.variables]
    assert all(table.shape[1] == 16 and not table.numpy()[:, 12:].any() for table in tables)
