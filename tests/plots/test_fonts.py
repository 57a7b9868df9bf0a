import logging
import warnings

import matplotlib
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from tfnlp.plots import fonts, plot_confusion, use_readable_fonts


@pytest.fixture(autouse=True)
def forget_fonts():
    fonts._fonts_for.cache_clear()
    fonts._say_what_to_install.cache_clear()
    known = list(font_manager.fontManager.ttflist)
    yield
    font_manager.fontManager.ttflist = known
    fonts._fonts_for.cache_clear()


@pytest.fixture
def no_fonts(monkeypatch):
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])


def make_font(path, family, characters):
    """A font whose every glyph is a square."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", *(f"g{ord(character)}" for character in characters)]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): f"g{ord(character)}" for character in characters})
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((900, 0), (900, 800), (100, 800)):
        pen.lineTo(point)
    pen.closePath()
    square = pen.glyph()
    builder.setupGlyf({name: square for name in names})
    builder.setupHorizontalMetrics({name: (1000, 100) for name in names})
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(str(path))
    return str(path)


def test_chinese_is_shown_where_a_font_holds_it(tmp_path, monkeypatch, caplog):
    paths = [
        make_font(tmp_path / "Other-Regular.ttf", "Other", "好"),
        make_font(tmp_path / "NotoSansCJK-Regular.ttf", "Test CJK", "好评差"),
    ]
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: paths)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with use_readable_fonts(["好评", "差评", "plain"]) as can_show:
            assert can_show("好评") and can_show("plain")
            assert matplotlib.rcParams["font.family"] == ["DejaVu Sans", "Test CJK"]
        path = plot_confusion([[3, 1], [0, 2]], ["好评", "差评"], tmp_path / "a.png")
    assert matplotlib.rcParams["font.family"] == ["sans-serif"]
    assert not caplog.records
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])
    fonts._fonts_for.cache_clear()
    without = plot_confusion([[3, 1], [0, 2]], ["好评", "差评"], tmp_path / "b.png")
    numbered = plot_confusion([[3, 1], [0, 2]], ["class 1", "class 2"], tmp_path / "c.png")
    assert path.read_bytes() != without.read_bytes() == numbered.read_bytes()


def test_without_a_font_one_message_names_the_cure(no_fonts, tmp_path, caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        for name in ("a.png", "b.png"):
            plot_confusion([[1, 0], [0, 1]], ["正面", "负面"], tmp_path / name, title="评价")
    assert len(caplog.records) == 1  # two pictures, five characters, and none from matplotlib
    assert "apt install fonts-noto-cjk" in caplog.text
    assert caplog.text.count("正") == 1


def test_plain_texts_look_for_no_font(monkeypatch):
    def fail():
        raise RuntimeError("looked on the disk")

    monkeypatch.setattr(font_manager, "findSystemFonts", fail)
    with use_readable_fonts(["positive", "négatif", "плохо"]) as can_show:
        assert can_show("плохо")


def test_other_scripts_and_emoji_name_other_packages(no_fonts, caplog):
    with use_readable_fonts(["ก"]) as can_show:
        assert not can_show("ก")
    with use_readable_fonts(["🙂"]) as can_show:
        assert not can_show("🙂")
    assert "apt install fonts-noto`" in caplog.text and "fonts-symbola" in caplog.text


def test_a_damaged_font_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "NotoSansCJK-Regular.ttf").write_bytes(b"not a font")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(tmp_path / "NotoSansCJK-Regular.ttf")])
    with use_readable_fonts(["好"]) as can_show:
        assert not can_show("好")
