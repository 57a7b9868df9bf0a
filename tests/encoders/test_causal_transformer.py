import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfnlp.encoders import Transformer

SMALL = {"embedding_dim": 6, "heads": 2, "feed_forward_dim": 8, "layers": 2, "max_positions": 12}
SETTINGS = [
    {"positions": positions, "normalize": normalize}
    for positions in ("sinusoidal", "learned", "none")
    for normalize in ("before", "after", "none")
] + [
    {"residual": False, "heads": 1},
    {"channels": "both", "layers": 1, "activation": "gelu", "scale_vectors": False},
]
# Every kind of position, of normalizing and of attention once; how they go together is for the slow suite.
FEW = [SETTINGS[place] for place in (0, 4, 8, 9, 10)]
settings = pytest.mark.parametrize(
    "settings",
    [one if one in FEW else pytest.param(one, marks=pytest.mark.slow) for one in SETTINGS],
    ids=lambda one: "-".join(map(str, one.values())),
)


def network(**settings):
    keras.utils.set_random_seed(1)
    encoder = Transformer(17, causal=True, **{**SMALL, **settings})
    encoder.build((None, None))
    random = np.random.default_rng(2)
    for weight in encoder.trainable_weights:  # zeros (biases) would hide what never reaches the output
        weight.assign(np.asarray(weight) + random.normal(0, 0.3, weight.shape))
    return encoder


def random_ids(rows, time, seed=0):
    return np.random.default_rng(seed).integers(1, 17, (rows, time)).astype("int32")


def read_in_pieces(encoder, ids, lengths, state=None):
    state = encoder.initial_state(len(ids)) if state is None else state
    sequences, start = [], 0
    for length in lengths:
        sequence, after = encoder.read_on(ids[:, start : start + length], state)
        assert [(part.shape, part.dtype) for part in after] == [(part.shape, part.dtype) for part in state]
        sequences.append(np.asarray(sequence))
        state, start = after, start + length
    assert start == ids.shape[1]
    return np.concatenate(sequences, axis=1), state


@settings
@pytest.mark.parametrize("lengths", [[10], [1] * 10, [3, 1, 6], [9, 1]], ids=str)
def test_piece_by_piece_gives_what_the_whole_gives(settings, lengths):
    encoder, ids = network(**settings), random_ids(3, 10)
    pieces, state = read_in_pieces(encoder, ids, lengths)
    np.testing.assert_allclose(pieces, encoder(ids)["sequence"], atol=1e-5)
    np.testing.assert_array_equal(state[-1], 10)


@settings
@pytest.mark.parametrize("changed", [pytest.param(1, marks=pytest.mark.slow), 4, 8])
def test_no_vector_knows_a_token_after_it(settings, changed):
    encoder, ids = network(**settings), random_ids(2, 9)
    other = ids.copy()
    other[:, changed:] = random_ids(2, 9 - changed, seed=5)
    before, after = (np.asarray(encoder(x)["sequence"]) for x in (ids, other))
    np.testing.assert_array_equal(after[:, :changed], before[:, :changed])
    assert np.abs(after[:, changed:] - before[:, changed:]).max() > 1e-3


@pytest.mark.parametrize("normalize", ["before", "after", "none"])
def test_no_gradient_reaches_a_token_that_comes_later(normalize):
    encoder, ids = network(normalize=normalize), random_ids(1, 7)
    vectors = tf.convert_to_tensor(encoder.look_up(ids, training=False))
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        vector = tf.reduce_sum(tf.square(encoder(ids, vectors=vectors)["sequence"]), axis=-1)
    reaches = np.abs(np.asarray(tape.jacobian(vector, vectors))[0, :, 0]).max(axis=-1)  # [of, by]
    assert (reaches[np.triu_indices(7, 1)] == 0).all()
    assert (reaches[np.tril_indices(7)] > 0).all()


def test_padding_on_the_right_changes_nothing():
    encoder, ids = network(pooling=["last", "mean", "attention"]), random_ids(1, 4)
    longer = np.concatenate([ids, np.zeros((1, 5), "int32")], axis=1)
    short, long = encoder(ids), encoder(longer)
    np.testing.assert_allclose(long["sequence"][:, :4], short["sequence"], atol=1e-6)
    np.testing.assert_allclose(long["pooled"], short["pooled"], atol=1e-6)
    np.testing.assert_allclose(
        encoder.read_on(longer, encoder.initial_state(1))[0][:, :4], short["sequence"], atol=1e-5
    )


def test_rows_stand_where_they_stand():
    # Beams and prompts of unequal length mix rows that have read different numbers of tokens.
    encoder = network()
    short, long = random_ids(1, 2), random_ids(1, 7, seed=1)
    states = [read_in_pieces(encoder, ids, [ids.shape[1]])[1] for ids in (short, long)]
    both = tuple(keras.ops.concatenate(parts, axis=0) for parts in zip(*states))
    swapped = tuple(keras.ops.take(part, [1, 0, 1], axis=0) for part in both)
    following = random_ids(3, 3, seed=2)
    sequence, _ = encoder.read_on(following, swapped)
    for row, before in enumerate((long, short, long)):
        alone = encoder(np.concatenate([before, following[row : row + 1]], axis=1))["sequence"]
        np.testing.assert_allclose(sequence[row], alone[0, before.shape[1] :], atol=1e-5)


@pytest.mark.parametrize("positions", ["sinusoidal", "none"])
@pytest.mark.parametrize("lengths", [[20], [1] * 20, [3, 14, 3], [7, 13]], ids=str)
def test_past_its_window_it_forgets_the_oldest(positions, lengths):
    encoder, ids = network(positions=positions, max_positions=5), random_ids(2, 20)
    whole = np.asarray(encoder(ids)["sequence"])
    np.testing.assert_allclose(read_in_pieces(encoder, ids, lengths)[0], whole, atol=1e-5)
    other = ids.copy()
    other[:, 0] = other[:, 0] % 16 + 1
    reached = np.abs(np.asarray(encoder(other)["sequence"]) - whole).max(axis=(0, 2)) > 0
    # two layers, each of which carries a token 4 places on
    np.testing.assert_array_equal(reached, np.arange(20) <= 8)


def test_a_window_as_long_as_the_text_hides_nothing():
    wide, narrow = network(max_positions=100), network(max_positions=9)
    ids = random_ids(2, 9)
    np.testing.assert_array_equal(wide(ids)["sequence"], narrow(ids)["sequence"])


def test_learned_positions_that_run_out():
    encoder = network(positions="learned", max_positions=5)
    _, state = read_in_pieces(encoder, random_ids(2, 4), [4])
    encoder.read_on(random_ids(2, 1), state)
    with pytest.raises(ValueError, match=r"6 tokens.*`max_positions`=5"):
        encoder.read_on(random_ids(2, 2), state)
    assert encoder.max_tokens == 5
    # A graph cannot raise on a number it does not know: the last position's vector serves all that follow.
    reading = tf.function(lambda ids, *state: encoder.read_on(ids, state))
    sequence, after = reading(random_ids(2, 3), *state)
    assert np.isfinite(np.asarray(sequence)).all()
    assert [part.shape for part in after] == [part.shape for part in state]
    table = np.asarray(encoder.position_layer.positions)
    places = encoder.position_layer.vectors_at(tf.constant([[3, 4]]), 6)
    np.testing.assert_array_equal(places[0], table[3:5])


@pytest.mark.parametrize(("positions", "limit"), [("sinusoidal", 12), ("learned", 12), ("none", None)])
def test_how_long_a_text_it_reads_is_told(positions, limit):
    assert network(positions=positions).max_tokens == limit


def test_reading_on_in_a_graph_that_knows_no_shape():
    encoder, ids = network(), random_ids(3, 8)

    @tf.function(
        input_signature=[tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([], tf.int32)], autograph=False
    )
    def token_by_token(ids, batch):
        """The shapes must stay, or a loop would not take the state on."""
        vectors = tf.TensorArray(tf.float32, tf.shape(ids)[1], element_shape=[None, 6])

        def step(now, state, vectors):
            sequence, state = encoder.read_on(ids[:, now : now + 1], state)
            return now + 1, state, vectors.write(now, sequence[:, 0])

        state = encoder.initial_state(batch)
        _, _, vectors = tf.while_loop(lambda now, *_: now < tf.shape(ids)[1], step, (0, state, vectors))
        _, state = encoder.read_on(ids, encoder.initial_state(batch))
        assert state[0].shape[1:] == (2, 2, 12, 3)
        return tf.transpose(vectors.stack(), [1, 0, 2])

    np.testing.assert_allclose(token_by_token(ids, 3), encoder(ids)["sequence"], atol=1e-5)


def test_the_weights_of_attention_are_those_of_the_past():
    weights = np.asarray(network(max_positions=3).attention_weights(random_ids(1, 6)))
    read = np.tril(np.ones((6, 6), bool)) & ~np.tril(np.ones((6, 6), bool), -3)
    assert ((weights > 0) == read).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-6)


def test_dropout_acts_in_training_alone():
    encoder, ids = network(dropout=0.5, attention_dropout=0.5), random_ids(2, 6)
    state = encoder.initial_state(2)
    np.testing.assert_array_equal(encoder.read_on(ids, state)[0], encoder.read_on(ids, state)[0])
    dropped = encoder.read_on(ids, state, training=True)[0]
    assert np.abs(np.asarray(dropped - encoder.read_on(ids, state)[0])).max() > 1e-2


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_mixed_precision_reads_on(positions):
    encoder = network(dtype="mixed_bfloat16", positions=positions)
    exact = network(positions=positions)
    exact.set_weights(encoder.get_weights())
    ids = random_ids(2, 6)
    state = encoder.initial_state(2)
    assert [keras.backend.standardize_dtype(part.dtype) for part in state] == [
        "bfloat16",
        "bfloat16",
        "int32",
    ]
    first, state = encoder.read_on(ids[:, :4], state)
    second, _ = encoder.read_on(ids[:, 4:], state)
    assert keras.backend.standardize_dtype(second.dtype) == "bfloat16"
    found = np.concatenate([np.asarray(keras.ops.cast(x, "float32")) for x in (first, second)], axis=1)
    np.testing.assert_allclose(found, exact(ids)["sequence"], rtol=0.1, atol=0.15)


def test_vectors_of_one_s_own_are_read_on():
    # A task joins features to the tokens' vectors; they are projected as `call` projects them.
    keras.utils.set_random_seed(1)
    encoder = Transformer(17, causal=True, **SMALL)
    encoder.build((None, None, 9))
    ids = random_ids(2, 6)
    wide = np.random.default_rng(3).normal(size=(2, 6, 9)).astype("float32")
    whole = encoder(ids, vectors=wide)["sequence"]
    first, state = encoder.read_on(ids[:, :2], encoder.initial_state(2), vectors=wide[:, :2])
    second, _ = encoder.read_on(ids[:, 2:], state, vectors=wide[:, 2:])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [{}, {"positions": "learned", "normalize": "after"}, {"positions": "none", "activation": "gelu"}],
)
def test_a_step_becomes_a_lite_file_of_builtin_ops(settings):
    encoder = network(**settings)
    state = encoder.initial_state(1)
    function = tf.function(
        lambda ids, keys, values, tokens: encoder.read_on(ids, (keys, values, tokens)),
        input_signature=[
            tf.TensorSpec([1, 1], tf.int32, name="ids"),
            *(tf.TensorSpec(part.shape, part.dtype, name=f"state_{i}") for i, part in enumerate(state)),
        ],
    )
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    interpreter = Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    inputs = {detail["name"].split(":")[0]: detail["index"] for detail in interpreter.get_input_details()}
    outputs = interpreter.get_output_details()
    ids = random_ids(1, 12)
    expected = np.asarray(encoder(ids)["sequence"])
    state = [np.asarray(part) for part in state]
    for now in range(12):
        interpreter.set_tensor(inputs["ids"], ids[:, now : now + 1])
        for i, part in enumerate(state):
            interpreter.set_tensor(inputs[f"state_{i}"], part)
        interpreter.invoke()
        sequence, *state = (interpreter.get_tensor(detail["index"]) for detail in outputs)
        np.testing.assert_allclose(sequence[0, 0], expected[0, now], atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pooling": "first"}, "would know the future"),
        ({"pooling": ["mean", "first"]}, "would know the future"),
        ({"ngrams": [2]}, "`ngrams`"),
        ({"max_positions": 0}, "max_positions"),
    ],
)
def test_what_cannot_be_causal_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Transformer(17, causal=True, **{**SMALL, **settings})


def test_one_that_reads_both_sides_cannot_read_on():
    encoder = Transformer(17, **SMALL)
    assert not encoder.causal
    assert network().causal
    with pytest.raises(ValueError, match="causal=True"):
        encoder.initial_state(1)
    with pytest.raises(ValueError, match="causal=True"):
        encoder.read_on(random_ids(1, 2), ())
    again = Transformer.from_config(network().get_config())
    assert again.causal
