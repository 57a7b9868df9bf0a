"""A step's stretch of the stream as overlapping blocks: what stands near each other, multiplied with each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


class BlockLayout:
    """`blocks` blocks of `targets` neighbouring targets each, and of the rows that can stand in their windows.

    A block's rows are its targets and `window` more on either side: row `i + window` is target `i`. So a block shares
    `2 * window` rows with the next.

    Args:
        blocks: blocks of a step.
        targets: targets of a block, at least `2 * window`.
        window: the widest window.
    """

    def __init__(self, blocks: int, targets: int, window: int):
        if targets < 2 * window:
            raise ValueError(f"`targets` must be at least twice the window, {window}. Received: {targets}")
        self.blocks, self.targets, self.window = blocks, targets, window
        self._means = _all_means(targets, window)
        self._rows = np.arange(blocks)[:, None] * targets + np.arange(targets + 2 * window)

    @property
    def positions(self) -> int:
        """Targets of a step."""
        return self.blocks * self.targets

    def overlap(self, stream: tf.Tensor) -> tf.Tensor:
        """Float32 `[positions + 2 * window, dimension]` → `[blocks, targets + 2 * window, dimension]`."""
        return tf.gather(stream, self._rows)

    def add_up(self, rows: tf.Tensor) -> tf.Tensor:
        """The gradient of `overlap`: a place's rows of two blocks are added up."""
        own, shared = rows[:, : self.targets], rows[:, self.targets :]
        rest = self.targets - 2 * self.window
        others = [[0, 0]] * (len(rows.shape) - 2)
        summed = tf.pad(own, [[0, 1], [0, 0], *others]) + tf.pad(shared, [[1, 0], [0, rest], *others])
        flat = tf.reshape(summed, [-1, *rows.shape[2:]])
        return flat[: self.positions + 2 * self.window]

    def split(self, targets: tf.Tensor) -> tf.Tensor:
        """`[positions]` → `[blocks, targets]`."""
        return tf.reshape(targets, [self.blocks, self.targets])

    def window_matrix(self, left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
        """Which rows of a block stand in which target's window.

        Args:
            left: int32 `[positions]`, how many rows before it are in a target's window.
            right: int32 `[positions]`, after it.

        Returns:
            float32 `[blocks, targets, targets + 2 * window]`, 0 or 1; 0 for a target's own row.
        """
        rows = self.targets + 2 * self.window
        distance = tf.range(rows)[None, :] - self.window - tf.range(self.targets)[:, None]
        inside = (distance >= -self.split(left)[:, :, None]) & (distance <= self.split(right)[:, :, None])
        return tf.cast(inside & (distance != 0), tf.float32)

    def mean_matrices(self, left: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What makes the means of the windows out of a block's rows, and what hands their gradients back.

        Args:
            left: as of `window_matrix`; at most `window`.
            right: likewise.

        Returns:
            float32 `[blocks, targets, targets + 2 * window]`, a target's rows adding up to 1, or to 0 where its window
            is empty; and its transpose.
        """
        extents = (self.window + 1) ** 2
        extent = self.split(left * (self.window + 1) + right)
        # Looked up among all that there can be: the program is compiled in less time than one that reckons them.
        mean = tf.gather(self._means, np.arange(self.targets, dtype=np.int32) * extents + extent)
        halves = tf.split(mean, [self.targets // 2, self.targets - self.targets // 2], 1)
        return mean, joined_transposes(halves, 2)


def joined_transposes(parts: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    """Transposes matrices `[blocks, rows, columns]` one by one, and joins them then.

    A batched product whose left factor is to be transposed takes XLA more than twice as long on a CPU, and it takes a
    transposed whole for the same thing; parts that are joined it writes down first.

    Args:
        parts: at least two.
        axis: along which the transposed are joined: 1 if the parts have other columns, 2 if other rows.
    """
    return tf.concat([tf.transpose(part, [0, 2, 1]) for part in parts], axis)


def _all_means(targets: int, window: int) -> np.ndarray:
    """The mean of every window that a block's target can have: float32 `[targets * extents, rows]`."""
    target = np.arange(targets)[:, None, None, None]
    left = np.arange(window + 1)[:, None, None]
    right = np.arange(window + 1)[:, None]
    distance = np.arange(targets + 2 * window) - window - target
    inside = ((distance >= -left) & (distance <= right) & (distance != 0)).astype(np.float32)
    means = inside / np.maximum(inside.sum(-1, keepdims=True), 1)
    return means.reshape(-1, targets + 2 * window)
