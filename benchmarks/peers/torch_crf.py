"""PyTorch's side of `crf.py`: a BiLSTM tagger and a conditional random field as usually written.

The forward algorithm is a loop of log-sum-exps over the steps that PyTorch derives by itself.
"""

import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.crf_session import batch, field_inputs


class LinearChain(nn.Module):
    """A linear-chain conditional random field over rows of full length.

    Args:
        tags: int. Number of tags.
    """

    def __init__(self, tags: int):
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.starts = nn.Parameter(torch.zeros(tags))
        self.ends = nn.Parameter(torch.zeros(tags))

    def log_likelihood(self, scores: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
        """Float `[batch, time, tags]` and int64 `[batch, time]` -> float `[batch]`."""
        path = (
            scores.gather(2, tags[..., None]).sum((1, 2)) + self.starts[tags[:, 0]] + self.ends[tags[:, -1]]
        )
        path = path + self.transitions[tags[:, :-1], tags[:, 1:]].sum(1)
        sums = self.starts + scores[:, 0]
        for now in range(1, scores.shape[1]):
            sums = torch.logsumexp(sums[:, :, None] + self.transitions, dim=1) + scores[:, now]
        return path - torch.logsumexp(sums + self.ends, dim=1)

    @torch.no_grad()
    def best(self, scores: torch.Tensor) -> torch.Tensor:
        """Float `[batch, time, tags]` -> int64 `[batch, time]`, by Viterbi's algorithm."""
        peak, pointers = self.starts + scores[:, 0], []
        for now in range(1, scores.shape[1]):
            peak, came_from = (peak[:, :, None] + self.transitions).max(dim=1)
            peak = peak + scores[:, now]
            pointers.append(came_from)
        tags = [(peak + self.ends).argmax(dim=1)]
        for came_from in reversed(pointers):
            tags.append(came_from.gather(1, tags[-1][:, None])[:, 0])
        return torch.stack(tags[::-1], dim=1)


class Tagger(nn.Module):
    """An embedding, a BiLSTM and a score a tag."""

    def __init__(self, shape: dict[str, int]):
        super().__init__()
        self.embedding = nn.Embedding(shape["vocabulary"], shape["units"])
        self.reader = nn.LSTM(shape["units"], shape["units"], batch_first=True, bidirectional=True)
        self.scorer = nn.Linear(2 * shape["units"], shape["tags"])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """int64 `[batch, time]` -> float `[batch, time, tags]`."""
        return self.scorer(self.reader(self.embedding(ids))[0])


class TorchCRFSession:
    """The methods of `benchmarks.crf_session.CRFSession`; see there."""

    def __init__(self, threads: int, shape: dict[str, int]):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        ids, tags = batch(shape)
        self.ids, self.tags = torch.from_numpy(ids).long(), torch.from_numpy(tags).long()
        self.heads = {}
        for head in ("softmax", "crf"):
            tagger, field = Tagger(shape), LinearChain(shape["tags"])
            trained = [*tagger.parameters(), *(field.parameters() if head == "crf" else ())]
            self.heads[head] = (tagger, field, torch.optim.Adam(trained, lr=1e-3, fused=True))
        self.fields: dict[tuple, tuple] = {}

    def step(self, head: str) -> float:
        """Seconds of one training step."""
        tagger, field, optimizer = self.heads[head]
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        scores = tagger(self.ids)
        if head == "crf":
            loss = -field.log_likelihood(scores, self.tags).mean()
        else:
            each = functional.cross_entropy(scores.flatten(0, 1), self.tags.flatten(), reduction="sum")
            loss = each / len(self.ids)
        loss.backward()
        optimizer.step()
        return time.perf_counter() - start

    def field(self, kind: str, rows: int, tokens: int, tags: int) -> float:
        """Seconds of one call of the field alone."""
        key = (rows, tokens, tags)
        if key not in self.fields:
            self.fields.clear()
            scores, gold, weights = field_inputs(*key)
            self.fields[key] = (torch.from_numpy(scores), torch.from_numpy(gold).long(), filled(weights))
        scores, gold, field = self.fields[key]
        start = time.perf_counter()
        if kind == "decode":
            field.best(scores)
        else:
            scores = scores.clone().requires_grad_()
            field.zero_grad(set_to_none=True)
            field.log_likelihood(scores, gold).mean().backward()
        return time.perf_counter() - start

    def log_likelihood(self, scores: np.ndarray, tags: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
        """Of rows without padding."""
        with torch.inference_mode():
            return (
                filled(weights)
                .log_likelihood(torch.from_numpy(scores), torch.from_numpy(tags).long())
                .numpy()
            )


def filled(weights: list[np.ndarray]) -> LinearChain:
    """The field with these transitions, starts and ends."""
    field = LinearChain(len(weights[1]))
    for parameter, weight in zip((field.transitions, field.starts, field.ends), weights):
        parameter.data = torch.from_numpy(weight)
    return field
