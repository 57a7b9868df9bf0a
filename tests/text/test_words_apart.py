import numpy as np
import pytest

from tfnlp.text.tag_schemes import spans_of
from tfnlp.text.words_apart import WordBorders, words_apart


def apart(text, tags):
    """Tags of the visible characters of one text; the rest are no tokens."""
    starts, place = [], 0
    for character in text:
        if character.isprintable() and not character.isspace():
            starts.append(place)
        place += len(character.encode())
    names = sorted(set(tags)) or ["S"]
    numbers = np.array([names.index(tag) for tag in tags], int)
    lengths = np.array([len(tags)])
    first = WordBorders(names).first_tokens(numbers, lengths)
    return words_apart([text.encode()], lengths, np.array(starts), first)[0].decode()


@pytest.mark.parametrize(
    ("text", "tags", "expected"),
    [
        ("我喜欢学习。", "SBEBES", "我 喜欢 学习 。"),
        ("中华人民共和国", "BMMMMME", "中华人民共和国"),
        ("😀好\u200b的", "SBE", "😀 好\u200b的"),  # an invisible character stays within its word
        ("\u3000 a  b\t", "BE", "a b"),  # white space always divides
        ("", "", ""),
    ],
)
def test_words_stand_apart(text, tags, expected):
    assert apart(text, list(tags)) == expected


def test_types_divide_too():
    assert apart("去北京大学", ["S-v", "B-ns", "E-ns", "B-n", "E-n"]) == "去 北京 大学"
    assert apart("北京大学", ["B-ns", "M-ns", "M-n", "E-n"]) == "北京 大学"


def test_several_texts_do_not_run_together_and_broken_bytes_stay():
    texts = [b"ab", b"", b"\xffcd\xe4\xbd"]
    lengths, starts = np.array([2, 0, 2]), np.array([0, 1, 1, 2])
    borders = WordBorders(["B", "E", "M"])
    first = borders.first_tokens(np.array([0, 2, 2, 1]), lengths)
    assert words_apart(texts, lengths, starts, first) == [b"ab", b"", b"\xffcd\xe4\xbd"]


@pytest.mark.parametrize("scheme", ["bmes", "bioes"])
def test_borders_are_those_of_the_spans_whatever_the_tags(scheme):
    letters = ["B", "M", "E", "S"] if scheme == "bmes" else ["B", "I", "E", "S"]
    tags = [f"{letter}-{label}" for letter in letters for label in ("x", "y")]
    draw = np.random.RandomState(0)
    for _ in range(50):
        numbers = draw.randint(0, len(tags), 12)
        first = WordBorders(tags).first_tokens(numbers, np.array([12]))
        spans = spans_of([tags[number] for number in numbers], scheme)
        assert np.flatnonzero(first).tolist() == [span.start for span in spans]
