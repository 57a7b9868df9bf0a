"""A batch of each task and its loss, taken apart by place."""

import numpy as np
import pytest

from tfnlp.encoders import GRU
from tfnlp.errors import UserError
from tfnlp.layers.word_softmax import AdaptiveSoftmax, FullSoftmax, SampledSoftmax
from tfnlp.tasks import LanguageModel
from tfnlp.tasks.probes import probe_of
from tfnlp.text import SentencePreprocessor, SpaceTokenizer

SENTENCES = [
    "the cat sat on the mat",
    "the dog sat",
    "a cat ran",
    "the dog ran on and on and on",
    "zebra",
] * 2
SOFTMAXES = {
    "full": lambda size: FullSoftmax(size, initial_range=1.0),
    "sampled": lambda size: SampledSoftmax(size, samples=4, initial_range=1.0),
    "adaptive": lambda size: AdaptiveSoftmax(size, cutoffs=[5], initial_range=1.0),
}


def language_model(softmax="full", stream=True):
    preprocessor = SentencePreprocessor(SpaceTokenizer())
    preprocessor.adapt(SENTENCES)
    size = preprocessor.vocabulary_size
    task = LanguageModel(
        preprocessor, GRU(size, embedding_dim=4, units=4), SOFTMAXES[softmax](size), stream=stream
    )
    task.compile("adamw")
    return task


def test_a_classifier_s_loss_arises_at_each_text_s_end(classifier, texts, labels):
    task = classifier()
    task.compile("adamw")
    probe = probe_of(task, texts, labels, rows=4)
    assert probe.token_ids.shape[0] == 4
    np.testing.assert_array_equal(probe.places.sum(axis=1), 1)
    at = np.asarray(probe.losses_at(probe.look_up()))
    assert (at[~probe.places] == 0).all()
    assert at.sum() / 4 == pytest.approx(float(probe.loss()), rel=1e-5)
    # The same as `fit` lowers, dropout aside.
    chosen = np.linspace(0, len(texts) - 1, 4).astype(int)
    loss = task.evaluate([texts[i] for i in chosen], [labels[i] for i in chosen], verbose=0)[0]
    assert float(probe.loss()) == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_a_tagger_s_at_every_token(build_tagger, head):
    task = build_tagger(head=head)
    task.compile("adamw")
    rows = [["Ada", "lived", "in", "London"], ["New", "York", "."], ["the"] * 7]
    tags = [["S-PER", "O", "O", "S-LOC"], ["B-LOC", "E-LOC", "O"], ["O"] * 7]
    probe = probe_of(task, rows, tags)
    np.testing.assert_array_equal(probe.places, probe.mask)
    np.testing.assert_array_equal(probe.places.sum(axis=1), [4, 3, 7])
    of_sentences = np.asarray(probe.losses_at(probe.look_up())).sum(axis=1)
    if head == "softmax":
        assert of_sentences.mean() == pytest.approx(float(probe.loss()), rel=1e-5)
    # cut at a tiny length no tag is left against the scheme
    short = probe_of(task, rows, tags, max_tokens=2)
    assert short.token_ids.shape[1] == 2
    assert np.isfinite(float(short.loss()))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("softmax", ["full", "sampled", "adaptive"])
def test_a_language_model_s_wherever_something_is_foretold(softmax, stream):
    task, sentences = language_model(softmax, stream), SENTENCES
    probe = probe_of(task, sentences, rows=3, max_tokens=5)
    assert probe.token_ids.shape[0] == 3
    assert probe.token_ids.shape[1] <= 5
    assert (probe.token_ids[:, 0] != 0).all()
    losses = np.asarray(probe.losses_at(probe.look_up()))
    assert (losses[~probe.places] == 0).all()
    assert losses.sum() / probe.places.sum() == pytest.approx(float(probe.loss()), rel=1e-5)
    logs = np.asarray(task(probe.token_ids))
    assert logs.shape[:2] == losses.shape
    if softmax != "sampled":
        return
    # Sampled as in training it is another loss, the same each time.
    estimate = probe_of(task, sentences, rows=3, max_tokens=5, estimate=True)
    assert float(estimate.loss()) == float(estimate.loss()) != float(probe.loss())


def test_a_look_draws_nothing():
    task = language_model("sampled")
    before = np.asarray(task.softmax.draws.state)
    float(probe_of(task, SENTENCES, rows=3).loss())
    np.testing.assert_array_equal(task.softmax.draws.state, before)


def test_nothing_to_take():
    task = language_model()
    with pytest.raises(UserError, match="no text"):
        probe_of(task, [])
