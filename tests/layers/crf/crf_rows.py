"""Fields with random weights, and rows of random scores of unequal length."""

import numpy as np
from crf_enumeration import Enumeration

from tfnlp.layers import ConditionalRandomField

# Tags O, B, I of BIO: I stands behind B or I alone.
BIO = {
    "allowed_transitions": [[1, 1, 0], [1, 1, 1], [1, 1, 1]],
    "allowed_starts": [1, 1, 0],
}
# Tags B, M, E, S of segmentation.
BMES = {
    "allowed_transitions": [[0, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1]],
    "allowed_starts": [1, 0, 0, 1],
    "allowed_ends": [0, 0, 1, 1],
}
# The first tag comes first and never again, so no tag of it stands in the middle; the last one has no predecessor.
ONE_WAY = {
    "allowed_transitions": [[0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0]],
    "allowed_starts": [1, 0, 1, 1],
}
FIELDS = {"free": (3, {}), "bio": (3, BIO), "bmes": (4, BMES), "one_way": (4, ONE_WAY), "one_tag": (1, {})}


def field(name="free", seed=0, scale=1.0, **kwargs):
    """A field with normally distributed weights."""
    tags, constraints = FIELDS[name]
    layer = ConditionalRandomField(tags, **constraints, **kwargs)
    random = np.random.default_rng(seed)
    layer.set_weights([scale * random.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def rows(layer, lengths, seed=1, scale=1.0, time=None):
    """Scores of so many rows, with large values under the padding, and their mask."""
    random = np.random.default_rng(seed)
    time = max(lengths) if time is None else time
    scores = (scale * random.normal(size=(len(lengths), time, layer.tags))).astype("float32")
    mask = np.arange(time) < np.array(lengths)[:, None]
    scores[~mask] = 1e6 * random.normal(size=scores[~mask].shape)
    return scores, mask


def enumerate_row(layer, scores, weights=None):
    """The slow code for one row without its padding."""
    constraints = (layer.allowed_transitions, layer.allowed_starts, layer.allowed_ends)
    return Enumeration(scores, *(layer.get_weights() if weights is None else weights), constraints)


def legal_paths(layer, scores, mask, seed=2):
    """A random legal path a row, with nonsense under the padding: int32 `[batch, time]`."""
    random = np.random.default_rng(seed)
    tags = random.integers(0, layer.tags, mask.shape).astype("int32")
    for row, (row_scores, keep) in enumerate(zip(scores, mask)):
        paths = enumerate_row(layer, row_scores[keep]).paths
        tags[row, keep] = paths[random.integers(len(paths))]
    return tags
