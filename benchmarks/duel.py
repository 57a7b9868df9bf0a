"""Trains a tfnlp network and its PyTorch twin on the same batches, an epoch at a time by turns."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import numpy as np

from benchmarks.datasets import Dataset
from benchmarks.scores import Result, accuracy, macro_f1
from benchmarks.settings import Training
from benchmarks.workers import Worker

SAME_LOGITS = 1e-4  # how far the two untrained networks may differ on the same batch


@dataclass
class Side:
    """One of the two that train by turns."""

    name: str
    worker: Worker
    seconds: list[float] = field(default_factory=list)


def train(
    dataset: Dataset, encoder: str, settings: Training, seed: int, *, threads: int, pytorch: bool
) -> list[Result]:
    """Trains one encoder with tfnlp and, if `pytorch`, with PyTorch.

    Both start from the same weights (checked: they give the same logits), see the same batches in the same
    order at the same learning rates, and answer with the weights of the epoch that was best on the validation
    part (without one: of the last epoch).

    Returns:
        one result a side.
    """
    train_part = dataset.train if settings.validate else dataset.train + dataset.valid
    ours = Worker(
        "benchmarks.tfnlp_session:TfnlpSession", threads=threads, encoder=encoder, settings=settings,
        classes=dataset.classes, train=train_part, valid=dataset.valid, test=dataset.test, seed=seed,
    )  # fmt: skip
    sides = [Side(f"tfnlp: {encoder}", ours)]
    try:
        facts = ours.facts()
        if pytorch:
            twin = _twin(dataset, encoder, settings, ours, seed, threads)
            sides.append(Side(f"PyTorch: {encoder}", twin))
        for epoch in range(settings.epochs):
            _epoch(sides, epoch)
        return [_result(side, sides, dataset, settings, seed, facts) for side in sides]
    finally:
        for side in sides:
            side.worker.close()


def _twin(
    dataset: Dataset, encoder: str, settings: Training, ours: Worker, seed: int, threads: int
) -> Worker:
    batches, places = ours.evaluation_ids("valid")
    labels = np.empty(len(places), np.int64)
    labels[places] = dataset.valid.labels
    twin = Worker(
        "benchmarks.peers.torch_session:TorchSession", threads=threads, encoder=encoder, settings=settings,
        weights=ours.weights(), valid=(batches, labels), seed=seed,
    )  # fmt: skip
    gap = float(np.abs(ours.logits(batches[0]) - twin.logits(batches[0])).max())
    if gap > SAME_LOGITS:
        raise RuntimeError(
            f"PyTorch's {encoder} is not the network of tfnlp: their logits differ by {gap:.2g}"
        )
    return twin


def _epoch(sides: list[Side], epoch: int) -> None:
    for_twin: tuple = ()
    if len(sides) > 1:
        for_twin = (sides[0].worker.batches(epoch), sides[0].worker.learning_rates(epoch))
    # Who goes first changes, so that neither always finds the machine as the other left it.
    for side in sides if epoch % 2 == 0 else sides[::-1]:
        side.seconds.append(side.worker.train_epoch(*(for_twin if side is not sides[0] else ())))


def _result(
    side: Side, sides: list[Side], dataset: Dataset, settings: Training, seed: int, facts: dict[str, Any]
) -> Result:
    best = side.worker.finish()
    ratio = None
    if side is sides[0]:
        answers = side.worker.answers("test")
        if len(sides) > 1:
            ratio = median(
                theirs / mine for mine, theirs in zip(steady(side.seconds), steady(sides[1].seconds))
            )
    else:
        batches, places = sides[0].worker.evaluation_ids("test")
        answers = side.worker.answers(batches)[places]
    return Result(
        dataset.name, dataset.fold, side.name, seed,
        accuracy(dataset.test.labels, answers), macro_f1(dataset.test.labels, answers),
        facts["text_seconds"] + sum(side.seconds), facts["texts"] / median(steady(side.seconds)), ratio,
        details={
            **facts, **best, "settings": asdict(settings),
            "epoch_seconds": [round(value, 3) for value in side.seconds],
        },
    )  # fmt: skip


def steady(seconds: list[float]) -> list[float]:
    """Without the first epoch, where there are more: in it graphs are traced and memory is touched."""
    return seconds[1:] or seconds
