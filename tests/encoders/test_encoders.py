"""One checker for all encoders: each of the registry goes through every check."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnlp.encoders.registry import ENCODERS, encoder_class
from tfnlp.errors import UserError

VOCABULARY = 23
# Small networks with every option that changes the arithmetic switched on somewhere.
VARIANTS = [
    ("bag_of_words", {"embedding_dim": 6}),
    ("bag_of_words", {"embedding_dim": 6, "pooling": "sum"}),
    (
        "bag_of_words",
        {"embedding_dim": 6, "pooling": "sqrt", "ngrams": [2, 3], "ngram_buckets": 50, "idf": True},
    ),
    ("fixed_window", {"embedding_dim": 5, "window": 3, "hidden_units": 7}),
    ("fixed_window", {"embedding_dim": 5, "window": 1, "hidden_units": 7, "pooling": ["last", "sum"]}),
    ("fixed_window", {"embedding_dim": 5, "window": 4, "hidden_units": 7, "causal": True}),
    ("fixed_window", {"embedding_dim": 5, "window": 1, "hidden_units": 7, "causal": True}),
    (
        "fixed_window",
        {
            "embedding_dim": 4,
            "window": 3,
            "hidden_units": 5,
            "channels": "both",
            "causal": True,
            "direct": True,
            "pooling": ["mean", "last"],
        },
    ),
    ("text_cnn", {"embedding_dim": 5, "filter_sizes": [2, 3], "filters": 4}),
    ("text_cnn", {"embedding_dim": 5, "filter_sizes": [4, 5], "filters": 4, "padding": "valid"}),
    (
        "text_cnn",
        {"embedding_dim": 5, "filters": 3, "pooling": ["k_max", "mean"], "k": 2, "activation": "tanh"},
    ),
    ("text_cnn", {"embedding_dim": 5, "filters": 3, "channels": "both", "ngrams": [2], "ngram_buckets": 90}),
    (
        "wide_text_cnn",
        {"embedding_dim": 5, "filter_sizes": [2], "filters": 3, "ngrams": [2], "bag_buckets": 90},
    ),
    ("simple_rnn", {"embedding_dim": 5, "units": 4, "activation": "relu", "pooling": "last"}),
    ("simple_rnn", {"embedding_dim": 5, "units": 4, "layers": 2, "bidirectional": True, "pooling": "mean"}),
    (
        "gru",
        {
            "embedding_dim": 5,
            "units": 4,
            "layers": 3,
            "residual": True,
            "layer_norm": True,
            "pooling": "mean",
        },
    ),
    (
        "gru",
        {"embedding_dim": 5, "units": 4, "bidirectional": True, "dropout": 0.2, "recurrent_dropout": 0.2},
    ),
    (
        "lstm",
        {"embedding_dim": 5, "units": 4, "recurrent_dropout": 0.3, "memory_steps": 9, "pooling": "last"},
    ),
    (
        "lstm",
        {
            "embedding_dim": 5,
            "units": 4,
            "layers": 2,
            "bidirectional": True,
            "residual": True,
            "layer_norm": True,
            "pooling": ["mean", "last"],
        },
    ),
    (
        "lstm",
        {
            "embedding_dim": 5,
            "units": 4,
            "layers": 2,
            "dropout": 0.3,
            "weight_drop": 0.3,
            "variational": True,
            "pooling": "last",
        },
    ),
    ("simple_rnn", {"embedding_dim": 5, "units": 4, "layers": 2, "weight_drop": 0.2, "pooling": "last"}),
    ("bilstm", {"embedding_dim": 5, "units": 4}),
    ("bilstm", {"embedding_dim": 5, "units": 4, "layers": 2, "pooling": ["last", "mean"]}),
    ("cnn_rnn", {"embedding_dim": 5, "filter_sizes": [2, 3], "filters": 3, "units": 4}),
    ("cnn_rnn", {"embedding_dim": 5, "filters": 3, "cell": "gru", "units": 4, "bidirectional": True}),
    ("cnn_rnn", {"embedding_dim": 5, "filters": 3, "cell": "simple_rnn", "units": 4, "pooling": "attention"}),
    ("bilstm", {"embedding_dim": 5, "units": 4, "pooling": ["attention", "first"]}),
    ("text_cnn", {"embedding_dim": 5, "filter_sizes": [2, 4], "filters": 3, "pooling": "attention"}),
    ("fixed_window", {"embedding_dim": 5, "hidden_units": 7, "pooling": ["first", "attention", "k_max"]}),
    ("transformer", {"embedding_dim": 6, "heads": 2, "feed_forward_dim": 8, "layers": 1}),
    (
        "transformer",
        {
            "embedding_dim": 6,
            "heads": 3,
            "feed_forward_dim": 8,
            "layers": 1,
            "positions": "learned",
            "max_positions": 40,
            "normalize": "after",
            "activation": "gelu",
            "pooling": ["first", "attention", "max"],
        },
    ),
    (
        "transformer",
        {
            "embedding_dim": 5,
            "heads": 2,
            "feed_forward_dim": 8,
            "channels": "both",
            "layers": 1,
            "positions": "none",
            "normalize": "none",
            "activation": "leaky_relu",
            "pooling": ["last", "mean", "k_max"],
        },
    ),
    (
        "transformer",
        {
            "embedding_dim": 4,
            "heads": 1,
            "feed_forward_dim": 8,
            "layers": 2,
            "residual": False,
            "scale_vectors": False,
            "ngrams": [2],
            "ngram_buckets": 90,
            "pooling": "first",
        },
    ),
    (
        "transformer",
        {
            "embedding_dim": 6,
            "heads": 2,
            "feed_forward_dim": 8,
            "causal": True,
            "max_positions": 4,
            "pooling": ["last", "mean"],
        },
    ),
]
IDS = [f"{name}-{i}" for i, (name, _) in enumerate(VARIANTS)]
variants = pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=IDS)


def build(name, settings, seed=3):
    keras.utils.set_random_seed(seed)
    encoder = encoder_class(name)(vocabulary_size=VOCABULARY, **settings)
    encoder.build((None, None))
    for (
        weight
    ) in encoder.trainable_weights:  # zeros (biases, n-grams) would hide what never reaches the output
        noise = np.random.default_rng(seed).normal(0, 0.3, weight.shape)
        weight.assign(np.asarray(weight) + noise)
    return encoder


def random_ids(rows, time, seed=0):
    return np.random.default_rng(seed).integers(1, VOCABULARY, (rows, time)).astype("int32")


def test_every_encoder_is_checked():
    assert {name for name, _ in VARIANTS} == set(ENCODERS)


@variants
def test_shapes_and_config_round_trip(name, settings):
    encoder = build(name, settings)
    ids = random_ids(2, 7)
    outputs = encoder(ids)
    assert outputs["sequence"].shape[:2] == (2, 7)
    assert outputs["pooled"].shape == (2, encoder.output_dim)
    assert outputs["mask"].shape == (2, 7)
    config = json.loads(json.dumps(encoder.get_config()))
    twin = encoder_class(name).from_config(config)
    assert twin.get_config() == encoder.get_config()
    twin.build((None, None))
    twin.set_weights(encoder.get_weights())
    np.testing.assert_array_equal(twin(ids)["pooled"], outputs["pooled"])


@variants
@pytest.mark.parametrize("length", [1, 2, 3, 6])
def test_padding_never_changes_an_answer(name, settings, length):
    encoder = build(name, settings)
    alone = random_ids(1, length)
    longer = random_ids(3, length + 9, seed=1)
    longer[0] = 0
    longer[0, :length] = alone[0]
    single, batch = encoder(alone), encoder(longer)
    np.testing.assert_allclose(batch["pooled"][0], single["pooled"][0], atol=1e-5)
    np.testing.assert_allclose(batch["sequence"][0, :length], single["sequence"][0], atol=1e-5)
    np.testing.assert_array_equal(batch["mask"][0], np.arange(length + 9) < length)


@variants
def test_a_row_of_padding_is_finite_and_the_same_in_any_batch(name, settings):
    encoder = build(name, settings)
    batch = random_ids(2, 6)
    batch[1] = 0
    pooled = np.asarray(encoder(batch)["pooled"])
    assert np.isfinite(pooled).all()
    np.testing.assert_allclose(pooled[1], encoder(np.zeros((1, 1), "int32"))["pooled"][0], atol=1e-6)


# Networks of many weights, whose layers are checked by themselves too.
LARGE = {"gru-15", "lstm-18", "bilstm-22"}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        pytest.param(*variant, id=id_, marks=pytest.mark.slow if id_ in LARGE else ())
        for id_, variant in zip(IDS, VARIANTS)
    ],
)
def test_gradients_match_finite_differences(name, settings):
    encoder = build(name, settings)
    ids = random_ids(2, 5)
    ids[1, 3:] = 0

    def loss():
        return tf.reduce_sum(tf.square(encoder(ids)["pooled"]))

    with tf.GradientTape() as tape:
        value = loss()
    weights = encoder.trainable_weights
    gradients = tape.gradient(value, [weight.value for weight in weights])
    generator = np.random.default_rng(5)
    for weight, gradient in zip(weights, gradients):
        assert gradient is not None, f"no gradient reaches {weight.path}"
        start = np.asarray(weight)
        direction = generator.normal(size=start.shape)
        direction /= np.linalg.norm(direction)
        step = 1e-2
        weight.assign(start + step * direction)
        ahead = float(loss())
        weight.assign(start - step * direction)
        behind = float(loss())
        weight.assign(start)
        expected = (ahead - behind) / (2 * step)
        found = float(np.sum(np.asarray(tf.convert_to_tensor(gradient)) * direction))
        assert found == pytest.approx(expected, rel=0.03, abs=0.02), weight.path


@variants
def test_mixed_precision_stays_near(name, settings):
    encoder = build(name, settings)
    low = encoder_class(name)(vocabulary_size=VOCABULARY, dtype="mixed_bfloat16", **settings)
    low.build((None, None))
    low.set_weights(encoder.get_weights())
    ids = random_ids(3, 8)
    ids[0, 2:] = 0
    pooled = low(ids)["pooled"]
    assert keras.backend.standardize_dtype(pooled.dtype) == "bfloat16"
    exact = np.asarray(encoder(ids)["pooled"])
    near = np.isclose(np.asarray(keras.ops.cast(pooled, "float32")), exact, rtol=0.1, atol=0.1)
    # Of two tokens that are nearly equal k-max pooling may keep the other one.
    assert near.mean() > 0.97 if "k_max" in settings.get("pooling", ()) else near.all()


@variants
def test_dropout_acts_in_training_alone(name, settings):
    encoder = build(name, {**settings, "token_dropout": 0.5, "embedding_dropout": 0.2})
    ids = random_ids(4, 9)
    np.testing.assert_array_equal(encoder(ids)["pooled"], encoder(ids)["pooled"])
    assert (
        np.abs(np.asarray(encoder(ids, training=True)["pooled"]) - np.asarray(encoder(ids)["pooled"])).max()
        > 1e-3
    )


# What a language model can be built on: found by asking, so that no causal encoder is forgotten.
CAUSAL = [
    pytest.param(name, settings, id=f"{name}-{i}")
    for i, (name, settings) in enumerate(VARIANTS)
    if encoder_class(name)(vocabulary_size=VOCABULARY, **settings).causal
]
causal_variants = pytest.mark.parametrize(("name", "settings"), CAUSAL)


def without_dropout(name, settings):
    quiet = (
        {"dropout": 0.0, "attention_dropout": 0.0} if name == "transformer" else {}
    )  # it drops unless told not to
    return {
        key: 0.0 if key.endswith(("dropout", "drop")) else value for key, value in settings.items()
    } | quiet


def test_recurrent_networks_of_one_way_are_causal():
    assert {"simple_rnn", "gru", "lstm", "fixed_window"} <= {case.values[0] for case in CAUSAL}


@causal_variants
def test_no_vector_knows_what_follows(name, settings):
    encoder = build(name, settings)
    ids = random_ids(2, 8)
    other = ids.copy()
    other[:, 5:] = random_ids(2, 3, seed=9)
    sequence, changed = (np.asarray(encoder(rows)["sequence"]) for rows in (ids, other))
    np.testing.assert_allclose(changed[:, :5], sequence[:, :5], atol=1e-6)
    assert np.abs(changed[:, 5:] - sequence[:, 5:]).max() > 1e-3


@causal_variants
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("pieces", [[8], [1] * 8, [3, 5], [2, 1, 4, 1]])
def test_piece_by_piece_is_as_good_as_the_whole(name, settings, pieces, training):
    encoder = build(name, without_dropout(name, settings))
    ids = random_ids(3, 8)
    state = encoder.initial_state(3)
    assert all(part.shape[0] == 3 for part in state)
    shapes = [(tuple(part.shape), part.dtype) for part in state]
    found, done = [], 0
    for length in pieces:
        sequence, state = encoder.read_on(ids[:, done : done + length], state, training=training)
        assert [(tuple(part.shape), part.dtype) for part in state] == shapes
        found.append(np.asarray(sequence))
        done += length
    np.testing.assert_allclose(np.concatenate(found, axis=1), encoder(ids)["sequence"], atol=1e-5)


@causal_variants
def test_rows_of_a_state_can_change_places(name, settings):
    encoder = build(name, without_dropout(name, settings))
    before, after = random_ids(3, 4), random_ids(3, 3, seed=1)
    _, state = encoder.read_on(before, encoder.initial_state(3))
    order = np.array([2, 0, 0], "int32")
    taken = tuple(keras.ops.take(part, order, axis=0) for part in state)
    expected = encoder(np.concatenate([before[order], after], axis=1))["sequence"][:, 4:]
    np.testing.assert_allclose(encoder.read_on(after, taken)[0], expected, atol=1e-5)


@pytest.mark.parametrize(("name", "settings"), [case for case in CAUSAL if case.values[1].get("window") != 1])
def test_a_gradient_goes_through_the_state_unless_it_is_stopped(name, settings):
    encoder = build(name, without_dropout(name, settings))
    before, after = random_ids(2, 3), random_ids(2, 2, seed=1)

    def gradient(handed_on):
        vectors = encoder.look_up(before, False)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            _, state = encoder.read_on(before, encoder.initial_state(2), vectors=vectors)
            sequence, _ = encoder.read_on(after, tuple(handed_on(part) for part in state))
            loss = tf.reduce_sum(tf.square(sequence))
        return tape.gradient(loss, vectors)

    assert np.abs(gradient(lambda part: part)).max() > 1e-5
    assert gradient(tf.stop_gradient) is None


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("bilstm", {}),
        ("lstm", {"bidirectional": True}),
        ("gru", {"ngrams": [2]}),
        ("fixed_window", {}),
        ("fixed_window", {"causal": True, "ngrams": [2]}),
        ("text_cnn", {}),
        ("bag_of_words", {}),
    ],
)
def test_who_sees_what_follows_cannot_read_on(name, settings):
    encoder = encoder_class(name)(vocabulary_size=VOCABULARY, embedding_dim=4, **settings)
    encoder.build((None, None))
    assert not encoder.causal
    with pytest.raises(ValueError, match="one-way SimpleRNN, GRU or LSTM"):
        encoder.initial_state(2)
    with pytest.raises(ValueError, match="cannot read on"):
        encoder.read_on(random_ids(2, 3), ())


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UserError, match="Did you mean `text_cnn`"):
        encoder_class("text_cn")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("text_cnn", {"filter_sizes": []}, "filter_sizes"),
        ("text_cnn", {"filters": 0}, "filters"),
        ("text_cnn", {"ngrams": [1]}, "ngrams"),
        ("text_cnn", {"ngram_min_count": 0}, "ngram_min_count"),
        ("text_cnn", {"padding": "full"}, "padding"),
        ("text_cnn", {"pooling": "median"}, "pooling"),
        ("text_cnn", {"channels": "three"}, "channels"),
        ("text_cnn", {"token_dropout": 1.0}, "token_dropout"),
        ("text_cnn", {"embedding_dim": 0}, "embedding_dim"),
        ("text_cnn", {"l2": -1.0}, "l2"),
        ("text_cnn", {"l1": -1.0}, "l1"),
        ("text_cnn", {"activation": "leaky-relu"}, "Did you mean `leaky_relu`"),
        ("text_cnn", {"kernel_initializer": "he_norml"}, "Did you mean `he_normal`"),
        ("fixed_window", {"activation": "tahn"}, "Did you mean `tanh`"),
        ("gru", {"activation": "tahn"}, "Did you mean `tanh`"),
        ("transformer", {"activation": "gelo"}, "Did you mean `gelu`"),
        ("cnn_rnn", {"convolution_activation": "rely"}, "Did you mean `relu`"),
        ("wide_text_cnn", {"branch_dropout": 1.5}, "branch_dropout"),
        ("wide_text_cnn", {"bag_dim": 0}, "bag_dim"),
        ("fixed_window", {"window": 4}, "odd"),
        ("fixed_window", {"hidden_units": 0}, "hidden_units"),
        ("bag_of_words", {"pooling": "max"}, "pooling"),
        ("bag_of_words", {"ngrams": [2], "ngram_buckets": 3_000_000}, "buckets"),
        ("bilstm", {"units": 0}, "units"),
        ("bilstm", {"layers": 0}, "layers"),
        ("bilstm", {"dropout": 1.5}, "dropout"),
        ("lstm", {"weight_drop": 1.0}, "weight_drop"),
        ("lstm", {"weight_drop": 0.5, "activation": "relu"}, '`weight_drop`.*activation "tanh"'),
        ("transformer", {"embedding_dim": 6, "heads": 4}, "multiple of `heads`"),
        ("transformer", {"heads": 0}, "heads"),
        ("transformer", {"layers": 0}, "layers"),
        ("transformer", {"feed_forward_dim": 0}, "feed_forward_dim"),
        ("transformer", {"positions": "rotary"}, "positions"),
        ("transformer", {"positions": "learned", "max_positions": 0}, "max_positions"),
        ("transformer", {"normalize": "twice"}, "normalize"),
        ("transformer", {"activation": "reelu"}, "reelu"),
        ("transformer", {"attention_dropout": 1.0}, "attention_dropout"),
        ("transformer", {"pooling": "median"}, "pooling"),
    ],
)
def test_a_wrong_setting_is_named(name, settings, message):
    with pytest.raises(ValueError, match=message):
        encoder_class(name)(vocabulary_size=VOCABULARY, **settings)
