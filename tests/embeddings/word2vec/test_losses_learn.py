"""Each loss, either architecture, and n-grams learn which words keep company."""

import functools

import numpy as np
import pytest

from tfnlp.embeddings.encoded_corpus import encode_corpus
from tfnlp.embeddings.word2vec.settings import Word2VecSettings
from tfnlp.embeddings.word2vec.trainer import Word2VecTrainer

TOPICS = [["stern", "bow", "keel", "mast", "sail", "rudder"], ["面粉", "酵母", "烤箱", "糖", "黄油", "盐"]]
CASES = [
    dict(architecture="skipgram", loss="hierarchical"),
    dict(architecture="cbow", loss="hierarchical"),
    dict(architecture="skipgram", loss="full"),
    dict(architecture="cbow", loss="full"),
    dict(architecture="skipgram", loss="negative", min_ngram=1, max_ngram=2, ngram_buckets=1000),
    dict(architecture="cbow", loss="hierarchical", min_ngram=1, max_ngram=2, ngram_buckets=1000),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    random = np.random.default_rng(0)
    sentences = [random.choice(TOPICS[number % 2], 8).tolist() for number in range(400)]
    return encode_corpus(sentences, tmp_path_factory.mktemp("corpus"), min_count=1)


@pytest.fixture(scope="module")
def trained(corpus):
    """Trains, once for the same settings."""
    return functools.cache(functools.partial(newly_trained, corpus))


def newly_trained(corpus, **settings):
    trainer = Word2VecTrainer(
        corpus,
        Word2VecSettings(dimension=8, window=3, epochs=5, subsample=0, learning_rate=0.1, seed=3, **settings),
    )
    trainer.train()
    return trainer


@pytest.mark.parametrize("settings", CASES, ids=lambda s: "-".join(map(str, s.values())))
def test_two_topics_part(corpus, trained, settings):
    trainer = trained(**settings)
    vectors = trainer.vectors()
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    topic = np.array([word in TOPICS[1] for word in corpus.words])
    alike = vectors @ vectors.T
    same = topic[:, None] == topic
    assert alike[same].min() > alike[~same].max() + 0.3
    assert trainer.losses[-1] < trainer.losses[0]


def test_losses_that_know_the_words_end_near_the_truth(trained):
    """A target is one of its topic's six words, evenly: log 6 nats, by the full softmax and by the tree."""
    for loss in ("hierarchical", "full"):
        assert trained(architecture="skipgram", loss=loss).losses[-1] == pytest.approx(np.log(6), abs=0.1)


@pytest.mark.parametrize("settings", [CASES[0], CASES[-1]], ids=["tree", "tree and n-grams"])
def test_the_same_seed_gives_the_same_vectors(corpus, trained, settings):
    again = newly_trained(corpus, **settings)
    np.testing.assert_array_equal(again.vectors(), trained(**settings).vectors())


def test_an_unseen_word_is_near_those_spelt_alike(corpus, trained):
    trainer = trained(**CASES[-2])
    unseen = trainer.input.unseen()("面糖")
    vectors = trainer.vectors()
    alike = vectors @ unseen / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(unseen))
    topic = np.array([word in TOPICS[1] for word in corpus.words])
    assert alike[topic].min() > alike[~topic].max()
