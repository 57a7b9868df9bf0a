"""Trains the PyTorch twin of a tfnlp network on the batches that tfnlp trained on."""

import copy
import time
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.peers import torch_networks
from benchmarks.settings import Training

EPSILON = 1e-7  # of AdamW, Keras's default


class TorchSession:
    """One network, one training; made and called in its own process (see `benchmarks.workers`).

    Args:
        threads: int. Number of threads.
        encoder: one of `benchmarks.settings.ENCODERS`.
        settings: how tfnlp trains it.
        weights: starting weights, in Keras layout.
        valid: padded ids of the validation part, a list of batches, and the class number of each row.
        seed: int, of dropout.
    """

    def __init__(
        self, threads: int, encoder: str, settings: Training, weights: dict,
        valid: tuple[list[np.ndarray], np.ndarray], seed: int,
    ):  # fmt: skip
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.settings, self.valid = settings, valid
        self.network = torch_networks.build(encoder, weights, settings.encoder, settings.dropout)
        self.averaged = None
        if settings.average_weights:
            average = get_ema_multi_avg_fn(settings.average_weights)
            self.averaged = AveragedModel(self.network, multi_avg_fn=average)
        self.trained = [weight for weight in self.network.parameters() if weight.requires_grad]
        groups = [
            {"params": [w for w in self.trained if w.ndim > 1], "weight_decay": settings.weight_decay},
            {"params": [w for w in self.trained if w.ndim == 1], "weight_decay": 0.0},  # biases
        ]
        # `fused` is the fastest AdamW that PyTorch has on a CPU.
        self.optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, eps=EPSILON, fused=True)
        self.epoch, self.best = 0, {"valid_accuracy": None, "best_epoch": None}
        self.kept: dict | None = None

    def train_epoch(
        self, batches: Sequence[tuple[np.ndarray, np.ndarray]], learning_rates: Sequence[float]
    ) -> float:
        """Trains on ready batches, gives the seconds, then keeps the weights if they are the best yet.

        Where the settings do not validate, the last epoch's weights are kept.
        """
        self.network.train()
        start = time.perf_counter()
        for (ids, targets), rate in zip(batches, learning_rates, strict=True):
            self._step(torch.from_numpy(ids).long(), torch.from_numpy(targets).long(), rate)
        seconds = time.perf_counter() - start
        self.epoch += 1
        self._keep_if_best()
        return seconds

    def finish(self) -> dict:
        """Goes back to the best epoch's weights; which one it was."""
        self._answering().load_state_dict(self.kept)
        return self.best

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """Logits of one batch."""
        network = self._answering().eval()
        with torch.inference_mode():
            return network(torch.from_numpy(ids).long()).numpy()

    def answers(self, batches: list[np.ndarray]) -> np.ndarray:
        """The class number of each row of these batches, in order."""
        return np.concatenate([self.logits(ids).argmax(axis=-1) for ids in batches])

    def _step(self, ids: torch.Tensor, targets: torch.Tensor, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(
            self.network(ids), targets, label_smoothing=self.settings.label_smoothing
        )
        loss.backward()
        if self.settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.trained, self.settings.clip_norm)
        self.optimizer.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)

    def _keep_if_best(self) -> None:
        if not self.settings.validate:
            self.kept = self._answering().state_dict()
            return
        batches, labels = self.valid
        share = 100.0 * float(np.mean(self.answers(batches) == labels))
        if self.kept is None or share > self.best["valid_accuracy"]:
            self.best = {"valid_accuracy": share, "best_epoch": self.epoch}
            self.kept = copy.deepcopy(self._answering().state_dict())

    def _answering(self) -> torch.nn.Module:
        """The network that is evaluated and kept."""
        return self.network if self.averaged is None or self.epoch == 0 else self.averaged
