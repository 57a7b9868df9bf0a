import pytest

from tfnlp.errors import UserError
from tfnlp.text.truncation import TRUNCATIONS, check_truncation, truncate_sequence


@pytest.mark.parametrize(
    ("truncate", "limit", "expected"),
    [
        ("tail", 3, "abc"),
        ("head", 3, "efg"),
        ("both", 3, "cde"),
        ("both", 4, "bcde"),
        ("middle", 3, "abg"),
        ("middle", 4, "abfg"),
        ("middle", 1, "a"),
        ("both", 1, "d"),
    ],
)
def test_by_hand(truncate, limit, expected):
    assert "".join(truncate_sequence("abcdefg", limit, truncate)) == expected


@pytest.mark.parametrize("truncate", TRUNCATIONS)
def test_what_fits_stays_whole(truncate):
    assert truncate_sequence("abc", 3, truncate) == ["a", "b", "c"]
    assert truncate_sequence("", 3, truncate) == []


def test_bad_settings_are_refused():
    with pytest.raises(UserError, match="at least 1 token"):
        check_truncation(0, "tail")
    with pytest.raises(UserError, match="Did you mean `middle`"):
        check_truncation(3, "midle")
