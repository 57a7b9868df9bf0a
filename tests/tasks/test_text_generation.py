"""A language model writes: whole, piece by piece, alone and in a list, always the same."""

import logging

import keras
import numpy as np
import pytest

from tfnlp.errors import UserError

PROMPTS = ["the cat", "", "我 爱", "zebra the", "😀", "the cat", "a dog ran to the"]
ENCODERS = {
    "gru": {},
    "lstm": {"layers": 2},
    "fixed_window": {"window": 3},
    "transformer": {"positions": "sinusoidal", "max_positions": 40},
}


@pytest.fixture(scope="module")
def models(build_language_model):
    made = {}

    def model(encoder="gru", **settings):
        key = (encoder, *sorted(settings.items()))
        if key not in made:
            made[key] = build_language_model(encoder, **settings)
        return made[key]

    return model


def plainly(model, prompt, max_tokens):
    """The greedy text by asking the whole network for each token anew."""
    preprocessor = model.preprocessor
    ids = [2, *preprocessor([prompt] if prompt else ["x"]).numpy()[0]] if prompt else [2]
    added = []
    for _ in range(max_tokens):
        logs = keras.ops.convert_to_numpy(model(np.asarray([ids], np.int32)))[0, -1].copy()
        logs[[0, 1]] = -np.inf
        ids.append(int(logs.argmax()))
        added.append(ids[-1])
        if ids[-1] == 2:
            break
    return " ".join([prompt, *(preprocessor.vocabulary.tokens[i] for i in added if i != 2)]).strip()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_greedy_texts_are_those_of_the_whole_network_asked_each_time(models, encoder):
    model = models(encoder, **ENCODERS[encoder])
    assert model.generate(PROMPTS, top_k=1, max_tokens=9) == [plainly(model, p, 9) for p in PROMPTS]


@pytest.mark.parametrize(
    "options", [{}, {"temperature": 2.0, "top_k": 5}, {"top_p": 0.8, "repetition_penalty": 1.5}]
)
def test_a_text_depends_on_prompt_and_seed_alone(models, options):
    model = models()
    texts = model.generate(PROMPTS, seed=3, max_tokens=12, **options)
    for prompt, text in zip(PROMPTS[:5], texts):
        assert model.generate(prompt, seed=3, max_tokens=12, **options) == text
        assert text.startswith(prompt)
    assert model.generate(PROMPTS, seed=4, max_tokens=12, **options) != texts


def test_equal_prompts_have_texts_of_their_own_however_many_there_are(models, monkeypatch):
    model = models()
    whole = model.generate(["the"] * 5 + ["a"], seed=1, max_tokens=12, temperature=3.0)
    assert len(set(whole)) == 6
    assert whole[2] == model.generate("the", seed=3, max_tokens=12, temperature=3.0)
    monkeypatch.setattr("tfnlp.tasks.text_generation._PROMPTS_AT_ONCE", 2)
    assert model.generate(["the"] * 5 + ["a"], seed=1, max_tokens=12, temperature=3.0) == whole


@pytest.mark.parametrize(
    "options",
    [
        {"top_k": 1},
        {"seed": 5},
        {"seed": 2**70, "top_p": 0.9, "repetition_penalty": 2.0},
        {"seed": 1, "stop": ["at", "n t"]},
    ],
)
@pytest.mark.parametrize("prompt", ["the cat", "", "the dog ", "我 "])
def test_a_stream_is_the_text_in_pieces(models, options, prompt):
    model = models()
    pieces = list(model.stream_text(prompt, max_tokens=15, **options))
    assert all(pieces)
    assert prompt + "".join(pieces) == model.generate(prompt, max_tokens=15, **options)


@pytest.mark.parametrize("tokens", ["char", "word"])
def test_texts_are_joined_as_the_tokenizer_joins(models, tokens):
    model = models(tokens=tokens)
    for prompt in ("the ", "我爱", "The cat", "", "😀 "):
        text = model.generate(prompt, seed=1, max_tokens=10)
        assert text.startswith(prompt)
        assert "  " not in text or tokens == "char"
        assert "".join([prompt, *model.stream_text(prompt, seed=1, max_tokens=10)]) == text


def test_a_stop_text_ends_the_text_before_it(models):
    model = models()
    whole = model.generate(PROMPTS, seed=2, max_tokens=20)
    stop = whole[0].removeprefix("the cat ")[4:7]
    for text, cut, prompt in zip(whole, model.generate(PROMPTS, seed=2, max_tokens=20, stop=[stop]), PROMPTS):
        assert cut == prompt + text[len(prompt) :].partition(stop)[0]


def test_beams_find_a_text_at_least_as_likely_as_the_greedy(models):
    model = models()
    greedy, searched = (
        model.generate(PROMPTS, max_tokens=200, **options) for options in ({"top_k": 1}, {"beams": 6})
    )
    ended = [len(text.split()) < 150 for text in searched]
    assert any(ended)
    logs = [model.score(texts).log_probabilities for texts in (greedy, searched)]
    assert (logs[1] >= logs[0] - 1e-4)[ended].all()


def test_no_tokens_and_no_prompts(models):
    model = models()
    assert model.generate("the cat", max_tokens=0) == "the cat"
    assert model.generate([]) == []
    assert list(model.stream_text("the cat", max_tokens=0)) == []


def test_a_prompt_longer_than_the_context_keeps_its_end(models, caplog):
    model = models("transformer", positions="learned", max_positions=12)
    long = " ".join(["the cat sat on"] * 9)
    with caplog.at_level(logging.WARNING):
        text = model.generate(long, top_k=1, max_tokens=5)
    assert "12 tokens at once" in caplog.text
    # 8 of the prompt, and of the 5 that follow all but the last are read.
    assert (
        text
        == long
        + model.generate("cat sat on " + "the cat sat on", top_k=1, max_tokens=0)[:0]
        + text[len(long) :]
    )
    assert "".join([long, *model.stream_text(long, top_k=1, max_tokens=5)]) == text
    most = model.generate("the", seed=1, max_tokens=1000)
    assert len(most.split()) <= 12


def test_nonsense_is_refused(models):
    model = models()
    with pytest.raises(UserError, match="`top_k`"):
        model.generate("the", top_k=0)
    with pytest.raises(UserError, match="use `generate`"):
        model.stream_text("the", beams=2)


def test_a_saved_model_writes_the_same(models, tmp_path):
    model = models()
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras", compile=False)
    assert loaded.generate(PROMPTS, seed=3, max_tokens=12) == model.generate(PROMPTS, seed=3, max_tokens=12)
