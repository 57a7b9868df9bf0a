"""What an embedding starts from when a file knows some of its words."""

from __future__ import annotations

import numpy as np

from tfnlp.text.vocabulary import PAD_ID


def start_table(
    drawn: np.ndarray, vectors: np.ndarray, found: np.ndarray, unknown_scale: float = 1.0
) -> np.ndarray:
    """Puts the vectors found into a table of random ones.

    The random ones are scaled so that their standard deviation is `unknown_scale` times that of all numbers found: a
    word that the file lacks then weighs as much as one that it knows. `[PAD]` is zero.

    Args:
        drawn: float `[vocabulary_size, dimension]`, the table as the initialiser drew it.
        vectors: float32 `[vocabulary_size, dimension]`, from `vectors_for`.
        found: bool `[vocabulary_size]`, True = the vector is from the file; at least one is.
        unknown_scale: float, at least 0.

    Returns:
        float32 `[vocabulary_size, dimension]`.

    Reference:
        Kim, 2014, section 4 (unknown words drawn with the variance of the known), https://arxiv.org/abs/1408.5882
    """
    scale = unknown_scale * vectors[found].std() / max(float(np.std(drawn)), 1e-12)
    table = np.where(found[:, None], vectors, drawn * scale).astype(np.float32)
    table[PAD_ID] = 0
    return table
