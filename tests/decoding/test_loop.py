"""A text goes on as a plain loop would let it, alone and in a batch."""

import numpy as np
import pytest
import tensorflow as tf

from tfnlp.decoding import Choice, generate_ids
from tfnlp.decoding.random_numbers import prompt_stream
from tfnlp.decoding.streaming import TokenStream

CHOICES = {
    "greedy": dict(greedy=True),
    "drawn": {},
    "warm": dict(temperature=1.7),
    "top k": dict(top_k=3),
    "top p": dict(top_p=0.7, temperature=0.8),
    "penalised": dict(repetition_penalty=1.8),
    "greedy, penalised": dict(greedy=True, repetition_penalty=5.0),
    "forbidden": dict(forbidden=(1, 4)),
}


def generator(model, **options):
    """A graph that goes on: `(ids, lengths, max_tokens, seed) -> Generated`."""

    def run(ids, lengths, max_tokens, seed):
        state = model.initial_state(tf.shape(ids)[0])
        return generate_ids(
            model.step, state, ids, lengths, end_id=2, max_tokens=max_tokens, seed=seed, **options
        )

    signature = [
        tf.TensorSpec([None, None], tf.int32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec(None, tf.int32),
        tf.TensorSpec(None, tf.int64),
    ]
    return tf.function(run, input_signature=signature, autograph=False)


def generated(model, ids, lengths, max_tokens, seed=0, **options):
    return generator(model, **options)(ids, lengths, max_tokens, seed)


def rows_of(found):
    return [ids[:length].tolist() for ids, length in zip(found.token_ids.numpy(), found.lengths.numpy())]


def plainly(model, prompt, max_tokens, seed, greedy=False, temperature=1.0, top_k=None, top_p=None,
            repetition_penalty=None, forbidden=()):  # fmt: skip
    """One prompt in NumPy, float64, in the plainest way."""
    uniform = prompt_stream(seed, np.asarray(prompt), max_tokens)
    text, logs = list(prompt), []
    while len(text) < len(prompt) + max_tokens:
        own = model.log_probabilities(text)[-1]
        hidden = np.zeros(model.units)
        for token in text:
            hidden = np.tanh(model.embedding[token] + hidden @ model.recurrent)
        logits = hidden @ model.output
        if repetition_penalty:
            logits[1:] -= np.log(np.exp(logits[1:]).sum()) - np.log(
                model.vocabulary
            )  # above 0: likelier than by chance
            for token in {*text} - {2}:
                logits[token] *= repetition_penalty if logits[token] < 0 else 1 / repetition_penalty
        logits[[0, *forbidden]] = -np.inf
        if greedy:
            token = int(logits.argmax())
        else:
            logits = logits / temperature
            order = np.argsort(-logits, kind="stable")
            if top_k:
                logits[order[top_k:]] = -np.inf
            probabilities = np.exp(logits - logits.max())
            probabilities /= probabilities.sum()
            if top_p:
                count = int(np.searchsorted(np.cumsum(probabilities[order]), top_p)) + 1
                probabilities[order[count:]] = 0
                probabilities /= probabilities.sum()
            token = int(np.searchsorted(np.cumsum(probabilities), uniform[len(logs)], side="right"))
        text.append(token)
        logs.append(own[token])
        if token == 2:
            break
    return text[len(prompt) :], logs


@pytest.mark.parametrize("name", CHOICES)
def test_texts_are_those_of_a_plain_loop(toy, prompts, padded, name):
    model, options = toy(), CHOICES[name]
    go_on = generator(model, choice=Choice(**options))
    for seed in range(3):
        found = go_on(*padded(prompts), 9, seed)
        for row, prompt in enumerate(prompts):
            expected, logs = plainly(model, prompt, 9, seed, **options)
            assert rows_of(found)[row] == expected
            length = len(expected)
            np.testing.assert_allclose(found.log_probabilities[row, :length], logs, rtol=1e-4, atol=1e-5)
            assert not found.token_ids[row, length:].numpy().any()
            assert not found.log_probabilities[row, length:].numpy().any()


@pytest.mark.parametrize("name", ["greedy, penalised", "drawn", "top k"])
def test_a_row_is_the_same_alone_in_a_batch_and_in_another_order(toy, prompts, padded, name):
    go_on = generator(toy(), choice=Choice(**CHOICES[name]))
    batch = rows_of(go_on(*padded(prompts), 12, 4))
    assert rows_of(go_on(*padded(prompts[::-1]), 12, 4))[::-1] == batch
    for prompt, row in zip(prompts, batch):
        assert rows_of(go_on(*padded([prompt]), 12, 4)) == [row]


@pytest.mark.parametrize("name", ["greedy", "top p", "penalised"])
def test_a_stream_hands_out_what_the_loop_says(toy, prompts, padded, name):
    model, choice = toy(), Choice(**CHOICES[name])
    stream, go_on = TokenStream(model.step, 2), generator(model, choice=choice)
    for prompt in prompts:
        whole = go_on(*padded([prompt]), 10, 6)
        tokens = list(
            stream(model.initial_state(1), tf.constant([prompt]), max_tokens=10, choice=choice, seed=6)
        )
        assert [token.token_id for token in tokens] == rows_of(whole)[0]
        np.testing.assert_allclose(
            [token.log_probability for token in tokens], whole.log_probabilities[0], rtol=1e-4, atol=1e-6
        )


def test_a_stream_traces_its_graphs_once(toy):
    model = toy()
    stream = TokenStream(model.step, 2)
    for temperature in (0.5, 1.5, 2.5):
        list(
            stream(
                model.initial_state(1),
                tf.constant([[2, 3]]),
                max_tokens=4,
                choice=Choice(temperature=temperature),
            )
        )
    assert model.steps <= 4  # in the graph of the prompt twice, in that of a token once


def test_each_row_has_its_own_limit_and_none_is_passed(toy, prompts, padded):
    model = toy()
    limits = tf.constant([3, 0, 1, 7])
    found = generated(model, *padded(prompts), max_tokens=limits, choice=Choice(greedy=True))
    for prompt, limit, row in zip(prompts, limits.numpy(), rows_of(found)):
        assert row == plainly(model, prompt, limit, 0, greedy=True)[0]


def test_no_tokens_and_no_prompts_give_nothing(toy, prompts, padded):
    go_on = generator(toy(), choice=Choice())
    found = go_on(*padded(prompts), 0, 1)
    assert found.token_ids.shape == (4, 0) and found.lengths.numpy().tolist() == [0] * 4
    found = go_on(tf.zeros([0, 3], tf.int32), tf.zeros([0], tf.int32), 5, 1)
    assert found.token_ids.shape == (0, 0) and found.log_probabilities.shape == (0, 0)


def test_a_stop_ends_a_row_and_only_that(toy, prompts, padded):
    model = toy()
    free = rows_of(generated(model, *padded(prompts), max_tokens=10, choice=Choice(), seed=2))
    mark = free[0][1]
    stopped = rows_of(
        generated(
            model,
            *padded(prompts),
            max_tokens=10,
            choice=Choice(),
            seed=2,
            is_stopped=lambda ids: tf.reduce_any(tf.equal(ids, mark), axis=1),
        )
    )
    for whole, cut in zip(free, stopped):
        assert cut == (whole[: whole.index(mark) + 1] if mark in whole else whole)


def test_the_common_beginning_is_read_at_once(toy, padded):
    model, calls = toy(), []

    def read_on(ids, state):
        calls.append(ids)
        for place in range(2):
            _, state = model.step(ids[:, place], state)
        return None, state

    prompts = [[2, 3, 4], [2, 5, 3, 3, 1]]
    with_it = generated(model, *padded(prompts), max_tokens=8, choice=Choice(greedy=True), read_on=read_on)
    without = generated(model, *padded(prompts), max_tokens=8, choice=Choice(greedy=True))
    assert calls
    assert rows_of(with_it) == rows_of(without)
