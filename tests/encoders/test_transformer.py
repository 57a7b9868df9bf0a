import keras
import numpy as np
import pytest

from tfnlp.encoders import Transformer

SMALL = {"embedding_dim": 6, "heads": 2, "feed_forward_dim": 8, "layers": 2}
IDS = np.array([[4, 2, 5, 3, 1], [3, 3, 1, 0, 0], [0, 0, 0, 0, 0]])


def network(**settings):
    keras.utils.set_random_seed(1)
    encoder = Transformer(7, **{**SMALL, **settings})
    encoder.build((None, None))
    return encoder


def weights_of(encoder, ids=IDS):
    return np.asarray(encoder.attention_weights(ids))


def test_the_weights_of_every_head_sum_to_one_over_real_tokens():
    weights = weights_of(network())
    assert weights.shape == (3, 2, 2, 5, 5)
    np.testing.assert_allclose(weights[0].sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(weights[1, ..., :3].sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_array_equal(weights[1, ..., 3:], 0)
    np.testing.assert_array_equal(weights[2], 0)


def test_the_weights_are_those_the_answer_was_made_with():
    # A layer's attention is taken apart and put together again from the weights that are told.
    encoder = network(layers=1, normalize="none", residual=False)
    vectors = np.asarray(encoder.embedding(IDS[:1])) * 6**0.5
    vectors = vectors + np.asarray(encoder.position_layer.table(5, 6))
    attention = encoder.blocks[0].attention
    values = np.asarray(attention.value(vectors))[0].reshape(5, 2, 3)
    read = np.einsum("hij,jhu->ihu", weights_of(encoder, IDS[:1])[0, 0], values).reshape(1, 5, 6)
    expected = encoder.blocks[0].feed_forward(attention.output_projection(read))
    np.testing.assert_allclose(encoder(IDS[:1])["sequence"], expected, atol=1e-5)


def test_the_text_s_own_vector_comes_first_in_the_weights():
    encoder = network(pooling="first")
    assert encoder.has_text_vector
    weights = weights_of(encoder)
    assert weights.shape == (3, 2, 2, 6, 6)
    np.testing.assert_allclose(weights[1, ..., :4].sum(axis=-1), 1, atol=1e-6)
    # a text without tokens leaves it nothing to read but itself
    np.testing.assert_allclose(weights[2, ..., 0], 1, atol=1e-6)
    outputs = encoder(IDS)
    assert outputs["sequence"].shape == (3, 5, 6)
    assert outputs["mask"].shape == (3, 5)
    assert np.abs(np.asarray(outputs["pooled"][2])).max() > 0.1


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_order_counts_unless_there_are_no_positions(positions):
    ids, shuffled = np.array([[1, 2, 3, 4]]), np.array([[3, 1, 4, 2]])
    without = network(positions="none")
    np.testing.assert_allclose(without(ids)["pooled"], without(shuffled)["pooled"], atol=1e-5)
    knowing = network(positions=positions)
    assert np.abs(np.asarray(knowing(ids)["pooled"] - knowing(shuffled)["pooled"])).max() > 1e-3


def test_the_positions_are_those_that_are_added():
    sinusoidal, learned = network(), network(positions="learned", max_positions=5)
    for encoder, scale in ((sinusoidal, 6**0.5), (learned, 1)):
        table = encoder.position_table(5)
        assert keras.backend.standardize_dtype(table.dtype) == "float32"
        vectors = encoder.embedding(IDS) * scale
        np.testing.assert_allclose(
            encoder._placed(vectors / scale, None, False)[0], vectors + table, atol=1e-6
        )
    np.testing.assert_array_equal(learned.position_table(3), learned.position_layer.positions[:3])
    with pytest.raises(ValueError, match=r"6 tokens.*`max_positions`=5"):
        learned.position_table(6)
    assert network(positions="none").position_table(5) is None
    half = Transformer(7, dtype="mixed_bfloat16", **SMALL)
    np.testing.assert_allclose(half.position_table(5), sinusoidal.position_table(5), atol=0.005)


@pytest.mark.parametrize(
    "ablated", [{"positions": "none"}, {"heads": 1}, {"residual": False}, {"normalize": "none"}]
)
def test_each_part_that_can_be_taken_away_changes_the_answer(ablated):
    whole, without = network(), network(**ablated)
    # Heads have the same weights however they are cut; the norms, ones and zeros at first, are the only ones to go.
    weights = {weight.path.partition("/")[2]: weight for weight in whole.weights}
    for weight in without.weights:
        weight.assign(weights[weight.path.partition("/")[2]])
    assert len(whole.weights) - len(without.weights) == (10 if "normalize" in ablated else 0)
    assert np.abs(np.asarray(whole(IDS)["pooled"] - without(IDS)["pooled"])).max() > 1e-2
    again = Transformer.from_config(without.get_config())
    again.build((None, None))
    again.set_weights(without.get_weights())
    np.testing.assert_array_equal(again(IDS)["pooled"], without(IDS)["pooled"])


def test_vectors_are_scaled_without_positions_if_asked():
    plain, scaled = network(positions="none"), network(positions="none", scale_vectors=True)
    expected = plain(IDS, vectors=plain.embedding(IDS) * 6**0.5)["pooled"]
    np.testing.assert_allclose(scaled(IDS)["pooled"], expected, atol=1e-6)
    assert np.abs(np.asarray(plain(IDS)["pooled"] - expected)).max() > 1e-2
    assert network().scale_vectors
    assert not network(positions="learned").scale_vectors


def test_neither_tokens_nor_waves_drown_the_other():
    encoder = Transformer(2000, embedding_dim=64)
    encoder.build((None, None))
    tokens = np.asarray(encoder.embedding.tables[0].embeddings) * 64**0.5
    waves = np.asarray(encoder.position_layer.table(200, 64))
    assert np.mean(tokens**2) == pytest.approx(1, abs=0.02)
    assert np.mean(waves**2) == pytest.approx(0.5, abs=0.01)


def test_learned_positions_say_how_long_a_text_may_be():
    assert network(positions="learned", max_positions=5).max_tokens == 5
    assert network().max_tokens is None
    with pytest.raises(ValueError, match=r"6 tokens.*`max_positions`=5"):
        network(positions="learned", max_positions=5)(np.ones((1, 6), "int32"))


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_finite_over_padding(dtype):
    keras.utils.set_random_seed(1)
    encoder = Transformer(7, dtype=dtype, pooling=["mean", "first", "attention"], **SMALL)
    encoder.build((None, None))
    pooled = np.asarray(keras.ops.cast(encoder(IDS)["pooled"], "float32"))
    assert np.isfinite(pooled).all()
    exact = np.asarray(network(pooling=["mean", "first", "attention"])(IDS)["pooled"])
    np.testing.assert_allclose(pooled, exact, atol=0.15)
    np.testing.assert_allclose(weights_of(encoder)[0].sum(axis=-1), 1, atol=1e-5)
