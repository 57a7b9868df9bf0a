import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnlp.text import byte_to_character_offsets


def test_a_text_by_hand():
    # 我 and 喜 take 3 bytes each, é 2, 😀 4
    assert byte_to_character_offsets("我喜é😀a", [0, 3, 6, 8, 12, 13]) == [0, 1, 2, 3, 4, 5]
    assert byte_to_character_offsets("我喜é😀a".encode(), [13, 0]) == [5, 0]


def test_inside_a_character_is_the_character():
    assert byte_to_character_offsets("a我b", [1, 2, 3, 4]) == [1, 1, 1, 2]


def test_empty_text():
    assert byte_to_character_offsets("", [0]) == [0]
    assert byte_to_character_offsets("", []) == []


@pytest.mark.parametrize("offset", [-1, 4])
def test_offsets_outside_are_refused(offset):
    with pytest.raises(ValueError, match="between 0 and 3"):
        byte_to_character_offsets("我", [offset])


@given(st.text())
def test_every_boundary_of_a_text(text):
    boundaries = [len(text[:i].encode()) for i in range(len(text) + 1)]
    assert byte_to_character_offsets(text, boundaries) == list(range(len(text) + 1))


@given(
    st.binary()
    | st.lists(st.sampled_from([b"\xe6\x88", b"\xf0\x9f", b"\x91", b"a", b"\xff", b"\xed\xa0\x80"])).map(
        b"".join
    )
)
def test_broken_bytes_count_as_python_shows_them(raw):
    assert byte_to_character_offsets(raw, [len(raw)]) == [len(raw.decode("utf-8", "replace"))]
