"""A slow conditional random field in float64: it writes all sequences of tags down and adds them up."""

import itertools

import numpy as np


class Enumeration:
    """One row, without padding."""

    def __init__(self, scores, transitions, starts, ends, allowed=(None, None, None)):
        self.scores = np.asarray(scores, "float64")
        self.transitions, self.starts, self.ends = (
            np.asarray(w, "float64") for w in (transitions, starts, ends)
        )
        self.allowed = allowed
        length, tags = self.scores.shape
        paths = [()]
        for _ in range(length):
            paths = [(*path, tag) for path in paths for tag in range(tags) if self.may_follow(path, tag)]
        self.paths = [path for path in paths if self.is_legal(path)]
        self.path_scores = np.array([self.score(path) for path in self.paths])

    def may_follow(self, path, tag):
        steps, starts, _ = self.allowed
        if not path:
            return starts is None or starts[tag]
        return steps is None or steps[path[-1]][tag]

    def is_legal(self, path):
        ends = self.allowed[2]
        return all(self.may_follow(path[:place], tag) for place, tag in enumerate(path)) and bool(
            not path or ends is None or ends[path[-1]]
        )

    def score(self, path):
        if not path:
            return 0.0
        tokens = sum(self.scores[place, tag] for place, tag in enumerate(path))
        steps = sum(self.transitions[a, b] for a, b in itertools.pairwise(path))
        return self.starts[path[0]] + tokens + steps + self.ends[path[-1]]

    def log_partition(self):
        peak = self.path_scores.max()
        return peak + np.log(np.exp(self.path_scores - peak).sum())

    def log_likelihood(self, path):
        return self.score(path) - self.log_partition()

    def marginals(self):
        chances = np.exp(self.path_scores - self.log_partition())
        marginals = np.zeros_like(self.scores)
        for path, chance in zip(self.paths, chances):
            for place, tag in enumerate(path):
                marginals[place, tag] += chance
        return marginals

    def best(self, k=1):
        """The k best paths and their scores."""
        order = np.argsort(-self.path_scores, kind="stable")[:k]
        return [self.paths[place] for place in order], self.path_scores[order]
