"""PyTorch's word language model: embedding, LSTM layers, softmax over all words; trained on a stream in segments."""

import math
import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class WordLanguageModel(nn.Module):
    """As PyTorch's own example has it: dropout before, between and after the layers, the state carried on."""

    def __init__(
        self, vocabulary_size: int, embedding_dim: int, units: int, layers: int, dropout: float, tied: bool
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, units, layers, dropout=dropout, batch_first=True)
        self.output = nn.Linear(units, vocabulary_size)
        self.dropout = nn.Dropout(dropout)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        if tied:
            self.output.weight = self.embedding.weight

    def forward(self, ids: torch.Tensor, state: tuple | None) -> tuple[torch.Tensor, tuple]:
        """Ids `[batch, time]` and a state to logits `[batch, time, words]` and the next state."""
        sequence, state = self.lstm(self.dropout(self.embedding(ids)), state)
        return self.output(self.dropout(sequence)), state


class TorchLanguageModelSession:
    """Trains it, in a process of its own.

    Args:
        threads: int. Number of threads.
        network: of `WordLanguageModel`.
        optimizer: `"sgd"` or `"adamw"`.
        clip_norm: float. Greatest norm of the whole gradient.
        seed: int.
    """

    def __init__(self, threads: int, network: dict, optimizer: str, clip_norm: float, seed: int = 1):
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.network = WordLanguageModel(**network)
        self.clip_norm = clip_norm
        self.optimizer = (
            torch.optim.SGD(self.network.parameters(), lr=1.0)
            if optimizer == "sgd"
            else torch.optim.AdamW(self.network.parameters(), fused=True)
        )
        self.state: tuple | None = None

    def train(
        self, segments: Sequence[tuple[np.ndarray, np.ndarray]], learning_rate: float
    ) -> dict[str, float]:
        """Trains on segments of ids and of those that follow, each int `[batch, time]`, one after the other.

        Returns:
            `"seconds"`, `"tokens"` and `"loss"`, nats a token.
        """
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        total, tokens = 0.0, 0
        start = time.perf_counter()
        for ids, targets in segments:
            self.optimizer.zero_grad()
            if self.state is not None:
                self.state = tuple(part.detach() for part in self.state)
            logits, self.state = self.network(torch.from_numpy(ids).long(), self.state)
            loss = functional.cross_entropy(logits.flatten(0, 1), torch.from_numpy(targets).long().flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), self.clip_norm)
            self.optimizer.step()
            total += loss.item() * targets.size
            tokens += targets.size
        return {"seconds": time.perf_counter() - start, "tokens": tokens, "loss": total / tokens}

    def parameters(self) -> int:
        """How many numbers it learns."""
        return sum(weight.numel() for weight in self.network.parameters())

    def perplexity(self, ids: np.ndarray, targets: np.ndarray, segment: int = 512) -> float:
        """Of one stream: ids and those that follow, each int `[tokens]`."""
        self.network.eval()
        total, state = 0.0, None
        with torch.inference_mode():
            for start in range(0, len(ids), segment):
                piece, next_ids = ids[start : start + segment], targets[start : start + segment]
                logits, state = self.network(torch.from_numpy(piece).long()[None], state)
                total += functional.cross_entropy(
                    logits[0], torch.from_numpy(next_ids).long(), reduction="sum"
                ).item()
        return math.exp(total / len(ids))
