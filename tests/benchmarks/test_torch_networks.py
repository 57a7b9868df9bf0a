"""PyTorch's twins are tfnlp's networks: with any weights the same texts get the same logits."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.datasets import Part
from benchmarks.settings import ENCODERS, SETTINGS

pytest.importorskip("torch", reason="PyTorch comes with the extra `bench`")

TEXTS = ["a good film", "bad", "not a good film at all , not at all", "", "a a a a bad bad film"] * 4
LABELS = [1, 0, 0, 0, 1] * 4


@pytest.mark.parametrize(
    ("dataset", "encoder"), [*(("trec", name) for name in ENCODERS), ("imdb", "bilstm"), ("imdb", "text_cnn")]
)
def test_a_twin_gives_the_same_logits_with_any_weights(dataset: str, encoder: str) -> None:
    from benchmarks.peers import torch_networks
    from benchmarks.tfnlp_session import TfnlpSession

    settings = replace(SETTINGS[dataset].training[encoder], epochs=1)
    part = Part(TEXTS, LABELS)
    session = TfnlpSession(1, encoder, settings, ("no", "yes"), part, part, part, seed=1)
    draw = np.random.default_rng(1)
    for weight in session.model.trainable_variables:  # n-gram vectors start at zero: they would prove nothing
        weight.assign(weight + draw.normal(scale=0.1, size=weight.shape))
    ids = session.evaluation_ids("test")[0][0]
    twin = torch_networks.build(encoder, session.weights(), settings.encoder, settings.dropout).eval()
    torch = pytest.importorskip("torch")
    with torch.inference_mode():
        theirs = twin(torch.from_numpy(ids).long()).numpy()
    np.testing.assert_allclose(session.logits(ids), theirs, atol=1e-4)
