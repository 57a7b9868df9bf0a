"""The benchmark of memory: both texts have the same words, one is ten times the other."""

import numpy as np

from benchmarks import vector_growth
from benchmarks.vector_memory import OwnMemory


def test_both_texts_have_the_short_ones_most_frequent_words(tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("a b a c\nb a new a\na b new new\n")
    kept = vector_growth.most_frequent(str(source), 4, 2)
    assert "a" in kept and "new" not in kept and len(kept) == 2
    short = vector_growth.write_known(str(source), {"a", "b"}, 4, tmp_path / "short.txt")
    long = vector_growth.write_known(str(source), {"a", "b"}, 99, tmp_path / "long.txt")
    assert short.path.read_text() == "a b a\n"
    assert long.path.read_text() == "a b a\nb a a\na b\n"
    assert (short.tokens, long.tokens, long.lines) == (3, 8, 3)


def test_memory_that_was_given_back_is_in_the_peak():
    with OwnMemory() as memory:
        before = memory.peak_mebibytes
        for _ in range(20):
            np.ones(1 << 24).sum()  # 128 MiB
    if before is not None:  # only Linux tells
        assert memory.peak_mebibytes > before + 100
