"""How well a network's gradients do: how large they are, layer by layer, and how far back in a text they reach."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

import numpy as np
import tensorflow as tf

from tfnlp.training.loss_probe import LossProbe

# Places of a row whose losses are followed back; each costs a backward pass.
_FOLLOWED = 4


@dataclasses.dataclass(frozen=True)
class LayerHealth:
    """A layer's weights, and what training would do to them.

    Attributes:
        name: the layer, as the paths of its weights name it.
        gradient: L2 norm of the loss's gradient by its weights.
        weights: L2 norm of its weights.
        matrix: bool. Whether it multiplies by a matrix that every text uses; of a table of vectors a batch uses few.
    """

    name: str
    gradient: float
    weights: float
    matrix: bool


@dataclasses.dataclass(frozen=True)
class GradientHealth:
    """What one batch shows.

    Attributes:
        epoch: how many epochs the network had learnt.
        loss: of the batch, without dropout.
        norm: L2 norm of the gradient by all weights; what `clip_norm` bounds.
        layers: in the order of the network.
        distances: at `k`, the mean L2 norm of the gradient that the loss at a place sends to the vector of the token
            `k` steps before it.
    """

    epoch: int
    loss: float
    norm: float
    layers: list[LayerHealth]
    distances: list[float]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> GradientHealth:
        """What `as_dict` gave."""
        return cls(**{**values, "layers": [LayerHealth(**layer) for layer in values["layers"]]})

    def reach(self, share: float = 1e-3) -> int:
        """How many steps back the gradient is at least this share of the nearest token's."""
        near = self.distances[0] if self.distances else 0.0
        return max((k for k, norm in enumerate(self.distances) if norm >= share * near), default=0)

    @property
    def horizon(self) -> int:
        """The farthest step back that any gradient reaches."""
        return max((k for k, norm in enumerate(self.distances) if norm > 0), default=0)


class GradientMeter:
    """Measures a network on one batch, again and again.

    Dropout is off and nothing is drawn, so that a training is the same measured or not.

    Args:
        probe: the batch, see `tfnlp.tasks.probes.probe_of`.
    """

    def __init__(self, probe: LossProbe):
        self.probe = probe
        self.names = [_short(weight.path) for weight in probe.weights]
        self._followed = _followed_places(probe.places)
        self._traced = tf.function(self._gradients, autograph=False)

    def measure(self, epoch: int = 0) -> GradientHealth:
        """Measures the network as it is.

        Args:
            epoch: int, to remember it by.
        """
        return self.measure_with_gradients(epoch)[0]

    def measure_with_gradients(self, epoch: int = 0) -> tuple[GradientHealth, dict[str, np.ndarray]]:
        """Measures, and gives each weight's gradient too: of a table, the rows alone that the batch uses."""
        loss, found, norms, sums, counts = self._traced()
        layers: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for weight, name, norm in zip(self.probe.weights, self.names, norms.numpy()):
            layer = layers[name.rpartition("/")[0] or name]
            layer[0] += float(norm) ** 2
            layer[1] += float(np.sum(np.square(np.asarray(weight, np.float64))))
            layer[2] += len(weight.shape) > 1 and not name.endswith("embeddings")
        used = counts.numpy() > 0
        health = GradientHealth(
            epoch=epoch,
            loss=float(loss),
            norm=float(np.linalg.norm(norms.numpy().astype(np.float64))),
            layers=[
                LayerHealth(name, gradient**0.5, weights**0.5, bool(matrices))
                for name, (gradient, weights, matrices) in layers.items()
            ],
            distances=[float(norm) for norm in sums.numpy()[used] / counts.numpy()[used]],
        )
        return health, {name: gradient.numpy() for name, gradient in zip(self.names, found)}

    def _gradients(self) -> tuple[Any, ...]:
        with tf.GradientTape() as tape:
            loss = tf.convert_to_tensor(self.probe.loss())
        variables = [weight.value for weight in self.probe.weights]
        found = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        norms = [tf.cast(tf.norm(tf.convert_to_tensor(gradient)), tf.float32) for gradient in found]
        rows = [gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient for gradient in found]
        return loss, rows, tf.stack(norms), *self._by_distance()

    def _by_distance(self) -> tuple[Any, Any]:
        """Sums of norms, and how many, by distance: float32 `[time]` each."""
        time = self.probe.token_ids.shape[1]
        vectors = self.probe.look_up()
        parts = tf.nest.flatten(vectors)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(parts)
            losses = tf.convert_to_tensor(self.probe.losses_at(vectors))
            # One place of each row at a time: rows know nothing of each other.
            picked = [
                tf.reduce_sum(tf.where(np.arange(time) == places[:, None], losses, tf.zeros_like(losses)))
                for places in self._followed
            ]
        sums, counts = tf.zeros([time]), tf.zeros([time])
        for places, loss in zip(self._followed, picked):
            gradients = tape.gradient(loss, parts, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            squares = [tf.reduce_sum(tf.square(tf.cast(part, tf.float32)), axis=-1) for part in gradients]
            norms = tf.sqrt(tf.add_n(squares))  # [rows, time]
            distance = places[:, None] - np.arange(time)
            real = (distance >= 0) & self.probe.mask
            sums += tf.math.unsorted_segment_sum(norms[real], distance[real], time)
            counts += tf.constant(np.bincount(distance[real], minlength=time), tf.float32)
        return sums, counts


def _followed_places(places: np.ndarray) -> list[np.ndarray]:
    """A few places of each row in which a loss arises, in its later half; -1 in a row without: int64 `[rows]` each."""
    chosen = []
    for pick in range(_FOLLOWED):
        of_rows = [np.flatnonzero(row) for row in places]
        chosen.append(
            np.array(
                [found[-1 - pick * len(found) // (2 * _FOLLOWED)] if len(found) else -1 for found in of_rows]
            )
        )
    different = {tuple(of_rows.tolist()): of_rows for of_rows in chosen}
    return list(different.values())


def _short(path: str) -> str:
    """A weight's path without the model's own name."""
    return path.partition("/")[2] or path
