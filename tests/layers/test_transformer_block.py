import json

import numpy as np
import pytest

from tfnlp.layers import TransformerBlock

MASK = np.array([[True, True, True, False]])


def block(**settings):
    layer = TransformerBlock(2, 5, **settings)
    layer.build((None, None, 4))
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def vectors():
    return np.random.default_rng(1).normal(size=(1, 4, 4)).astype("float32")


def normalized(x, norm):
    mean = x.mean(axis=-1, keepdims=True)
    spread = np.sqrt(((x - mean) ** 2).mean(axis=-1, keepdims=True) + 1e-5)
    return (x - mean) / spread * np.asarray(norm.gamma) + np.asarray(norm.beta)


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("normalize", ["before", "after", "none"])
def test_the_table_of_the_docstring(normalize, residual):
    layer = block(normalize=normalize, residual=residual)
    parts = [lambda x: np.asarray(layer.attention(x, mask=MASK)), lambda x: np.asarray(layer.feed_forward(x))]
    x = vectors()
    for part, transform in enumerate(parts):
        kept = x if residual else 0
        if normalize == "before":
            x = kept + transform(normalized(x, layer.norms[part]))
        elif normalize == "after":
            x = normalized(kept + transform(x), layer.norms[part])
        else:
            x = kept + transform(x)
    np.testing.assert_allclose(layer(vectors(), mask=MASK), x, atol=2e-4)


def test_a_causal_block_does_not_look_ahead():
    layer = block()
    changed = vectors()
    changed[0, 2] += 3
    before, after = (np.asarray(layer(x, mask=MASK, causal=True))[0] for x in (vectors(), changed))
    np.testing.assert_allclose(after[:2], before[:2], atol=1e-6)
    assert np.abs(after[2] - before[2]).max() > 0.1
    assert np.abs(np.asarray(layer(changed, mask=MASK))[0, :2] - before[:2]).max() > 0.1


def test_weights_on_request():
    output, weights = block()(vectors(), mask=MASK, return_weights=True)
    assert weights.shape == (1, 2, 4, 4)
    np.testing.assert_allclose(np.sum(weights[..., :3], axis=-1), 1, atol=1e-6)
    np.testing.assert_array_equal(output, block()(vectors(), mask=MASK))


def test_config_round_trip_and_errors():
    layer = TransformerBlock(
        2,
        5,
        normalize="after",
        residual=False,
        activation="gelu",
        dropout=0.1,
        attention_dropout=0.2,
        kernel_regularizer="l2",
    )
    config = json.loads(json.dumps(layer.get_config()))
    again = TransformerBlock.from_config(config)
    assert again.get_config() == layer.get_config()
    assert (again.residual, again.dropout.rate, again.attention.dropout) == (False, 0.1, 0.2)
    with pytest.raises(ValueError, match="normalize"):
        TransformerBlock(2, 5, normalize="twice")
    with pytest.raises(ValueError, match="feed_forward_dim"):
        TransformerBlock(2, 0)
