"""tfnlp's token vectors once more, in PyTorch: tokens' own, and those of hashed n-grams."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

Weights = dict  # names of `benchmarks.tfnlp_session.weights` -> float32 arrays in Keras layout
FACTORS = (1021, 997)  # as in `tfnlp.layers.hashed_ngrams`


class TokenVectors(nn.Module):
    """int64 ids `[batch, time]` to vectors `[batch, time, dim]`: a token's own and those of its n-grams, weighted.

    Args:
        weights: `embedding`; with n-grams `ngrams` and `ngram_weights`; with document frequencies `token_weights`.
        lengths: of the n-grams, in tokens.
    """

    def __init__(self, weights: Weights, lengths: Sequence[int] = ()):
        super().__init__()
        self.tokens = nn.Embedding.from_pretrained(to_tensor(weights["embedding"]), freeze=False)
        self.lengths = list(lengths)
        weighted = "token_weights" in weights
        self.register_buffer("token_weights", to_tensor(weights["token_weights"]) if weighted else None)
        if self.lengths:
            self.ngrams = nn.Embedding.from_pretrained(to_tensor(weights["ngrams"]), freeze=False)
            self.register_buffer("ngram_weights", to_tensor(weights["ngram_weights"]))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Looks up; see the class."""
        vectors = self.tokens(ids)
        if self.token_weights is not None:
            vectors = vectors * self.token_weights[ids][..., None]
        for length in self.lengths:
            buckets = self.buckets(ids, length)
            vectors = vectors + self.ngrams(buckets) * self.ngram_weights[buckets][..., None]
        return vectors

    def squared_weights(self, ids: torch.Tensor) -> torch.Tensor:
        """At each place the sum of the squared weights of what is added up there: float `[batch, time]`."""
        weights = self.token_weights
        total = torch.ones(ids.shape) if weights is None else weights[ids].square()
        for length in self.lengths:
            total = total + self.ngram_weights[self.buckets(ids, length)].square()
        return total

    def buckets(self, ids: torch.Tensor, length: int) -> torch.Tensor:
        """The bucket of the n-gram that starts at each place; 0 where it would reach past the text's end."""
        count, time = self.ngrams.num_embeddings - 1, ids.shape[1]
        padded = functional.pad(ids, (0, length - 1))
        number = torch.full_like(ids, length)
        for place in range(length):
            # 64 bits hold what tfnlp, which has 32, must do in two steps.
            number = (number * (FACTORS[0] * FACTORS[1]) + padded[:, place : place + time]) % count
        return torch.where(padded[:, length - 1 :] != 0, number + 1, 0)


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """float32."""
    return torch.tensor(array, dtype=torch.float32)


def within(weights: Weights, part: str) -> Weights:
    """The weights of one part, under names without its own."""
    return {name.removeprefix(f"{part}/"): w for name, w in weights.items() if name.startswith(f"{part}/")}
