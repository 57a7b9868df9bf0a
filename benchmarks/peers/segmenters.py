"""jieba and snownlp as they come, asked to cut the same lines."""

import time
from collections.abc import Callable, Sequence

# snownlp cuts some hundred lines a second.
NAMES = {
    "jieba": "jieba, its own dictionary",
    "snownlp": "snownlp, its own model, learnt from all these lines",
}


def cut(name: str, lines: Sequence[str]) -> tuple[list[list[str]], float]:
    """Cuts each line into words.

    Returns:
        the words of each line, and the seconds it took; loading a dictionary or a model is not in them.
    """
    function = _jieba() if name == "jieba" else _snownlp()
    function("今天天气很好")  # what is loaded late is loaded now
    start = time.perf_counter()
    words = [function(line) for line in lines]
    return words, time.perf_counter() - start


def _jieba() -> Callable[[str], list[str]]:
    import logging

    import jieba

    jieba.setLogLevel(logging.ERROR)
    return jieba.lcut


def _snownlp() -> Callable[[str], list[str]]:
    from snownlp import seg

    return lambda line: list(seg.seg(line))
