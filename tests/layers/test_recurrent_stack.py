import numpy as np
import pytest

from tfnlp.layers import RecurrentStack

MASK = np.array([[True, True, True, False], [True, False, False, False], [False] * 4])
INPUTS = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")


def build(**settings):
    stack = RecurrentStack("gru", units=3, **settings)
    stack.build((None, None, 2))
    return stack


def test_the_backward_direction_reads_the_real_tokens_from_the_last_to_the_first():
    stack = build(bidirectional=True)
    sequence, final = stack(INPUTS, mask=MASK)
    forward, backward = stack.directions[0]
    np.testing.assert_allclose(sequence[:1, :3, :3], forward(INPUTS[:1, :3])[0], atol=1e-6)
    np.testing.assert_allclose(sequence[:1, :3, 3:][:, ::-1], backward(INPUTS[:1, :3][:, ::-1])[0], atol=1e-6)
    np.testing.assert_allclose(final[0], np.concatenate([sequence[0, 2, :3], sequence[0, 0, 3:]]))
    np.testing.assert_array_equal(final[2], np.zeros(6))


def test_each_layer_reads_the_one_below_normalised_and_added():
    stack = build(layers=2, layer_norm=True, residual=True)
    (first,), (second,) = stack.directions
    below = np.asarray(stack.norms[0](first(INPUTS)[0]))
    # Layer normalisation by its formula: mean 0 and variance 1 over the units.
    above = np.asarray(second(below)[0])
    spread = np.sqrt(above.var(-1, keepdims=True) + stack.norms[1].epsilon)
    expected = (above - above.mean(-1, keepdims=True)) / spread + below
    np.testing.assert_allclose(stack(INPUTS, mask=MASK)[0], expected, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_what_stands_under_the_mask_changes_nothing(training):
    stack = build(layers=2, bidirectional=True)
    noisy = np.where(MASK[..., None], INPUTS, 99.0)
    for first, second in zip(
        stack(INPUTS, mask=MASK, training=training), stack(noisy, mask=MASK, training=training)
    ):
        if len(first.shape) == 3:
            first, second = np.asarray(first)[MASK], np.asarray(second)[MASK]
        np.testing.assert_allclose(first, second, atol=1e-6)


def test_weights_start_as_the_papers_say():
    stack = RecurrentStack("lstm", units=4)
    stack.build((None, None, 2))
    _, recurrent, bias = stack.directions[0][0].get_weights()
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 4))  # the forget gate starts open
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(4), atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [{"cell": "rnn", "units": 3}, {"cell": "gru", "units": 0}, {"cell": "gru", "units": 1, "layers": 0}],
)
def test_wrong_settings_are_named(settings):
    with pytest.raises(ValueError, match="must be"):
        RecurrentStack(**settings)


def test_variational_dropout_drops_the_same_units_at_all_steps():
    inputs = np.ones((4, 50, 16), "float32")
    for variational in (True, False):
        stack = RecurrentStack("gru", units=3, dropout=0.5, variational=variational)
        stack.build((None, None, 16))
        dropped = np.asarray(stack.input_dropout(inputs, training=True))
        assert (dropped == dropped[:, :1]).all() == variational
        assert 0.2 < (dropped == 0).mean() < 0.8


def test_a_stack_that_reads_both_ways_cannot_read_on():
    stack = build(bidirectional=True)
    with pytest.raises(ValueError, match="both ways"):
        stack.read_on(INPUTS, stack.initial_state(3))
