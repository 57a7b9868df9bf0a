import logging
import warnings

import numpy as np
import pytest
from matplotlib import font_manager, image

from tfnlp.evaluation.segments import Segment
from tfnlp.plots import fonts, plot_attention, plot_explanation


@pytest.fixture(autouse=True)
def only_matplotlibs_own_fonts(monkeypatch):
    fonts._fonts_for.cache_clear()
    fonts._say_what_to_install.cache_clear()
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])
    yield
    fonts._fonts_for.cache_clear()


def words(*pairs, read=True):
    pieces = []
    for number, (text, value) in enumerate(pairs, start=1):
        pieces += [Segment(text, value, read, number), Segment(" ")]
    return pieces


def draw(pieces, path, label="good"):
    return image.imread(plot_explanation(pieces, path, title=f"{label} 97 %", label=label))[..., :3]


def near(pixels, color):
    return bool((np.abs(pixels - np.array(color) / 255).max(axis=-1) < 0.02).any())


def test_green_speaks_for_and_red_against(tmp_path):
    both = draw(words(("fine", 1.0), ("film", 0.0), ("dull", -1.0)), tmp_path / "a.png")
    green, red = (0, 158, 115), (213, 94, 0)
    assert near(both, green) and near(both, red)
    one = draw(words(("fine", 1.0), ("film", 0.5)), tmp_path / "b.png")
    assert near(one, green) and not near(one, red)


def test_texts_of_any_kind(tmp_path):
    awkward = [("$x^2$ & $", 0.5), ("\x00\x1b[31m", 0.1), (" ", 0.2), ("x" * 500, -0.3), ("a\tb\nc", 0.0)]
    height = draw(words(*awkward), tmp_path / "a.png", label="$\\alpha$").shape[0]
    assert height > 400
    endless = draw(words(*[("word", 0.1)] * 5000), tmp_path / "b.png").shape[0]
    assert endless < 2500  # cut after so many lines
    unread = [*words(("fine", 1.0)), Segment("never " * 10_000, None, False, 2)]
    assert draw(unread, tmp_path / "c.png").shape[0] < 900
    with pytest.raises(ValueError, match="No segment"):
        plot_explanation([Segment("x")], tmp_path / "d.png", title="", label="")


def test_without_a_font_numbers_stand_for_words_and_one_message_says_why(tmp_path, caplog):
    pieces = words(("好", 1.0), ("fine", -0.5), ("看", 0.2))
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        draw(pieces, tmp_path / "a.png", label="正面")
    assert len(caplog.records) == 1 and "apt install fonts-noto-cjk" in caplog.text
    numbered = words(("‹1›", 1.0), ("fine", -0.5), ("‹3›", 0.2))
    plot_explanation(numbered, tmp_path / "b.png", title="What moved the answer", label="the label")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_attention_of_every_layer_and_head(tmp_path):
    weights = np.random.default_rng(0).dirichlet(np.ones(4), (2, 3, 4))
    names = ["a", "$\\x", " ", "\x07" * 50]
    two_by_three = image.imread(plot_attention(weights, names, tmp_path / "a.png"))
    one = image.imread(plot_attention(weights[:1, :1], names, tmp_path / "b.png"))
    assert two_by_three.shape[1] > 2 * one.shape[1] * 0.6 and two_by_three.shape[0] > 1.4 * one.shape[0] * 0.6
    long = np.full((1, 1, 90, 90), 1 / 90)
    assert image.imread(plot_attention(long, ["好"] * 90, tmp_path / "c.png")).shape[0] < 900
    with pytest.raises(ValueError, match="for 3 tokens"):
        plot_attention(weights, ["a", "b", "c"], tmp_path / "d.png")
