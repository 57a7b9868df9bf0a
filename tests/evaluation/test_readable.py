import pytest

from tfnlp.evaluation import readable_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("我喜欢学习。", "我喜欢学习。"),
        ("two\n\t lines ", "two lines"),
        ("a\x00\x1b[31mb\x7f", "a␀␛[31mb␡"),
        ("left\u202eright\u2066", "left\ufffdright\ufffd"),
        ("a\udc80b", "a\ufffdb"),
        (b"\xe5\xa5\xbd\xff", "好\ufffd"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("<script>", "<script>"),
    ],
)
def test_texts(text, shown):
    assert readable_text(text) == shown


def test_a_megabyte_is_shortened():
    shown = readable_text("head" + "好" * 1_000_000 + "tail", 100)
    assert shown.startswith("head") and shown.endswith("tail") and "999,908 characters left out" in shown
    assert len(shown) < 150


def test_limit():
    with pytest.raises(ValueError, match="at least 20"):
        readable_text("a", 3)
