import unicodedata

import pytest

from tfnlp.text import unicode_table
from tfnlp.text.unicode_table import IGNORE, SINGLE, SPACE, WORD, is_spaceless, load_table


@pytest.mark.parametrize(
    ("characters", "kind"),
    [
        ("aZé9٣ßЯǅ한ᄀㄱกあ"[:-1], WORD),
        ("\u0301\u0e31\u20dd\u3164", WORD),  # combining marks, an invisible letter
        (" \t\n\v\f\r\x85\xa0\u2003\u2028\u2029\u202f\u205f\u3000\u1680", SPACE),
        ("!'_-.,;$€+^`|~©“”…·", SINGLE),
        ("，。！？；：（）《》「」、～￥", SINGLE),
        ("我喜鿿㐀𠀀𰀀豈⺀⼀々〇〆あアｱーㄅㆠ", SINGLE),
        ("😀👍🏽☃❤🀄🇩\U0001faff", SINGLE),
        ("\0\x01\x1b\x7f\x9f\xad\u200b\u200d\ufeff\ufe0f\U000e0100\u2066\ufffd", IGNORE),
        ("\ud800\udfff", IGNORE),
    ],
)
def test_classes(characters, kind):
    classes = load_table().classes
    assert {hex(ord(c)): classes[ord(c)] for c in characters} == {hex(ord(c)): kind for c in characters}


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("A", "a"),
        ("Ä", "ä"),
        ("Я", "я"),
        ("Ａ", "ａ"),
        ("İ", "i"),
        ("Σ", "σ"),
        ("ς", "σ"),
        ("ẞ", "ß"),
        ("𐐀", "𐐨"),
    ],
)
def test_lower_case_is_one_to_one(upper, lower):
    assert load_table().lower[ord(upper)] == ord(lower)


@pytest.mark.parametrize("character", ["a", "ß", "我", "1", "ı", "ａ"])
def test_what_is_small_already_has_no_entry(character):
    assert ord(character) not in load_table().lower


def test_lower_casing_twice_changes_nothing_and_keeps_the_class():
    table = load_table()
    for code_point, lower in table.lower.items():
        assert lower not in table.lower
        assert table.classes[code_point] == table.classes[lower]


def test_the_frozen_file_is_what_its_generator_writes(tmp_path):
    unicode_table.write_table(tmp_path / "table.txt")
    lines = (tmp_path / "table.txt").read_text(encoding="ascii").splitlines()
    assert "class 0000..0008 IGNORE" in lines and "lower 0041..005A step 1 add 32" in lines
    if unicodedata.unidata_version == load_table().version:
        assert lines == unicode_table.TABLE_PATH.read_text(encoding="ascii").splitlines()


def test_a_damaged_table_is_named_with_its_line(tmp_path, monkeypatch):
    (tmp_path / "table.txt").write_text("# head\nunicode 14.0.0\nclass 0020 SPACE\n")
    monkeypatch.setattr(unicode_table, "TABLE_PATH", tmp_path / "table.txt")
    with pytest.raises(ValueError, match="line 3: not a line of the table"):
        load_table.__wrapped__()


@pytest.mark.parametrize("character", "我。カ！々")
def test_scripts_without_spaces(character):
    assert is_spaceless(character)


@pytest.mark.parametrize("character", "a한.😀é")
def test_scripts_with_spaces(character):
    assert not is_spaceless(character)
