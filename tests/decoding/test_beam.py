"""Beams find what trying every text finds."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.decoding import Choice, beam_search, generate_ids

END = 2


def searcher(model, beams, choice=None, **options):
    """A graph that searches: `(ids, lengths, max_tokens) -> Beams`."""

    def run(ids, lengths, max_tokens):
        state = model.initial_state(tf.shape(ids)[0])
        return beam_search(
            model.step,
            state,
            ids,
            lengths,
            beams=beams,
            end_id=END,
            max_tokens=max_tokens,
            choice=choice or Choice(),
            **options,
        )

    signature = [
        tf.TensorSpec([None, None], tf.int32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec(None, tf.int32),
    ]
    return tf.function(run, input_signature=signature, autograph=False)


def searched(model, ids, lengths, beams, max_tokens, choice=None, **options):
    return searcher(model, beams, choice, **options)(ids, lengths, max_tokens)


def texts_of(found, row):
    return [
        tuple(ids[:length].tolist())
        for ids, length, score in zip(
            found.token_ids[row].numpy(), found.lengths[row].numpy(), found.scores[row]
        )
        if np.isfinite(score)
    ]


def every_text(model, prompt, max_tokens, length_penalty=0.0, forbidden=()):
    """All texts that end, or are as long as may be, with their scores; best first."""
    scored = {}
    tokens = [token for token in range(1, model.vocabulary) if token not in forbidden]
    for text in itertools.product(tokens, repeat=max_tokens):
        text = text[: text.index(END) + 1] if END in text else text
        if text not in scored:
            logs = model.log_probabilities([*prompt, *text[:-1]])[len(prompt) - 1 :]
            total = sum(row[token] for row, token in zip(logs, text, strict=True))
            scored[text] = total / len(text) ** length_penalty
    return sorted(scored.items(), key=lambda pair: -pair[1])


@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("seed", [1, 2])
def test_wide_beams_find_the_best_of_all_texts(toy, padded, length_penalty, seed):
    model = toy(vocabulary=5, seed=seed)
    prompts = [[2], [2, 3, 4, 1]]
    found = searched(model, *padded(prompts), 80, 4, length_penalty=length_penalty)
    for row, prompt in enumerate(prompts):
        expected = every_text(model, prompt, 4, length_penalty)[:20]
        assert texts_of(found, row)[:20] == [text for text, _ in expected]
        np.testing.assert_allclose(found.scores[row, :20], [score for _, score in expected], rtol=1e-4)


@pytest.mark.parametrize("forbidden", [(), (1, 3)])
def test_scores_are_the_sums_of_the_log_probabilities(toy, prompts, padded, forbidden):
    model = toy()
    found = searched(model, *padded(prompts), 3, 6, Choice(forbidden=forbidden))
    np.testing.assert_allclose(found.scores, tf.reduce_sum(found.log_probabilities, axis=-1), rtol=1e-5)
    assert (np.diff(found.scores, axis=1) <= 0).all()
    for row, prompt in enumerate(prompts):
        for beam, text in enumerate(texts_of(found, row)):
            assert not {*forbidden, 0} & {*text}
            logs = model.log_probabilities([*prompt, *text[:-1]])[len(prompt) - 1 :]
            expected = [line[token] for line, token in zip(logs, text, strict=True)]
            np.testing.assert_allclose(
                found.log_probabilities[row, beam, : len(text)], expected, rtol=1e-4, atol=1e-5
            )


def test_one_beam_is_greedy(toy, prompts, padded):
    model = toy()
    ids, lengths = padded(prompts)
    greedy = generate_ids(
        model.step, model.initial_state(4), ids, lengths, end_id=END, max_tokens=8, choice=Choice(greedy=True)
    )
    found = searched(model, ids, lengths, 1, 8)
    for row in range(4):
        assert texts_of(found, row) == [tuple(greedy.token_ids[row, : greedy.lengths[row]].numpy().tolist())]


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
@pytest.mark.parametrize("penalty", [None, 2.0])
def test_a_row_is_the_same_alone_and_in_a_batch(toy, prompts, padded, length_penalty, penalty):
    model = toy(seed=5)
    options = {"choice": Choice(repetition_penalty=penalty), "length_penalty": length_penalty}
    search = searcher(model, 4, **options)
    found = search(*padded(prompts), 7)
    for row, prompt in enumerate(prompts):
        alone = search(*padded([prompt]), 7)
        assert texts_of(alone, 0) == texts_of(found, row)
        np.testing.assert_allclose(alone.scores[0], found.scores[row], rtol=1e-5)


def test_a_repeated_token_is_shunned(toy, padded):
    model = toy(seed=5)
    ids = padded([[2, 3]])
    options = {"length_penalty": 2.0}  # long texts
    free = texts_of(searched(model, *ids, 4, 7, **options), 0)[0]
    penalised = texts_of(searched(model, *ids, 4, 7, Choice(repetition_penalty=20.0), **options), 0)[0]
    repeats = [len(text) - len({*text}) for text in (free, penalised)]
    assert repeats[1] < repeats[0]


def test_a_stop_ends_a_beam(toy, padded):
    model = toy()
    found = searched(
        model,
        *padded([[2, 3], [2]]),
        4,
        6,
        is_stopped=lambda ids: tf.reduce_any(tf.equal(ids, 5), axis=1),
    )
    for row in range(2):
        for text in texts_of(found, row):
            assert 5 not in text[:-1]


def test_nothing_is_added_where_nothing_may_be(toy, prompts, padded):
    search = searcher(toy(), 3)
    assert search(*padded(prompts), 0).token_ids.shape == (4, 3, 0)
    limits = tf.constant([0, 2, 3, 1])
    found = search(*padded(prompts), limits)
    assert (found.lengths.numpy() <= limits.numpy()[:, None]).all()


def test_more_beams_than_texts_leave_places_empty(toy, padded):
    found = searched(toy(vocabulary=4), *padded([[2]]), 50, 1)
    assert sorted(texts_of(found, 0)) == [(1,), (2,), (3,)]
    assert not found.token_ids[0, 3:].numpy().any() and not found.log_probabilities[0, 3:].numpy().any()
