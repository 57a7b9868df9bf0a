"""The output layers that a language model's recipe names: built, trained, saved, and read again."""

import keras
import numpy as np
import pytest

from tfnlp.commands.language_modeling import build_softmax, build_task, compile_task
from tfnlp.data.sentence_corpus import SentenceCorpus
from tfnlp.errors import UserError
from tfnlp.layers.word_softmax import AdaptiveSoftmax, FullSoftmax, SampledSoftmax
from tfnlp.recipe import parse_recipe

SENTENCES = [f"the {size} {animal} {verb}" for size in "abc" for animal in "defgh" for verb in "ijk"]
CHOICES = {
    "full": (FullSoftmax, {}),
    "sampled": (SampledSoftmax, {"softmax_samples": 4}),
    "adaptive": (AdaptiveSoftmax, {"softmax_cutoffs": [5, 9], "softmax_factor": 2}),
}


def recipe_of(softmax, encoder=None, **task):
    return parse_recipe(
        {
            "corpus": {"train": "nowhere.txt"},
            "encoder": encoder or {"type": "gru", "embedding_dim": 8, "units": 8},
            "task": {"type": "language_model", "softmax": softmax, "segment_tokens": 6, **task},
            "training": {"batch_size": 4, "learning_rate": 0.02},
        }
    )


@pytest.mark.parametrize("softmax", CHOICES)
def test_each_learns_and_comes_back_from_its_file(softmax, tmp_path):
    cls, settings = CHOICES[softmax]
    recipe = recipe_of(softmax, **settings)
    corpus = SentenceCorpus("here", SENTENCES)
    keras.utils.set_random_seed(1)
    task = build_task(recipe, corpus)
    assert type(task.softmax) is cls
    compile_task(task, recipe, corpus)
    task.fit(SENTENCES, batch_size=4, epochs=4, verbose=0)
    after = task.score(SENTENCES)
    assert after.log_probabilities.sum() > -0.8 * np.log(15) * after.tokens.sum()  # fewer nats than by chance
    task.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.softmax.get_config() == task.softmax.get_config()
    np.testing.assert_allclose(again.score(SENTENCES).log_probabilities, after.log_probabilities, rtol=1e-5)


@pytest.mark.slow
def test_a_transformer_writes_with_any_of_them():
    encoder = {
        "type": "transformer",
        "embedding_dim": 8,
        "heads": 2,
        "feed_forward_dim": 8,
        "causal": True,
        "max_positions": 6,
    }
    task = build_task(recipe_of("sampled", encoder, tied=True), SentenceCorpus("here", SENTENCES))
    assert task.softmax.tied
    assert not task.carries_state  # waves were learnt as far as a segment reaches
    task.compile("adamw")
    task.fit(SENTENCES, batch_size=4, epochs=1, verbose=0)
    assert np.isfinite(task.score(SENTENCES).log_probabilities).all()


def test_settings_reach_the_layer():
    sampled, adaptive = (
        build_softmax(recipe_of(name, **CHOICES[name][1]), 20) for name in ("sampled", "adaptive")
    )
    assert sampled.samples == 4
    assert (adaptive.cutoffs, adaptive.factor) == ([5, 9], 2)
    assert build_softmax(recipe_of("sampled", tied=True), 20).table_dim == 8
    assert build_softmax(recipe_of("adaptive"), 200).cutoffs == [20, 100]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"softmax": "adaptive", "tied": True}, "cannot be tied"),
        ({"softmax": "adaptive", "softmax_cutoffs": [500]}, "cutoffs"),
        ({"softmax": "adaptve"}, "full"),
        ({"softmax": "sampled", "softmax_samples": 0}, "softmax_samples"),
    ],
)
def test_a_wrong_setting_is_named(task, message):
    with pytest.raises(UserError, match=message):
        build_task(recipe_of(**task), SentenceCorpus("here", SENTENCES))
