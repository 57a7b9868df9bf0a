import matplotlib
import numpy as np
import pytest
from matplotlib import image

from tfnlp.layers import LearnedPositions, SinusoidalPositions
from tfnlp.plots import plot_positions
from tfnlp.plots import positions as module


@pytest.fixture
def drawn(monkeypatch):
    """A function that draws a table and gives the panels in place of a file."""

    def draw(table, **options):
        figures = []
        monkeypatch.setattr(module, "save_figure", lambda figure, path: figures.append(figure) or path)
        plot_positions(table, "unused.png", **options)
        figures[0].draw_without_rendering()
        return figures[0].axes[:3]

    return draw


@pytest.mark.parametrize("shape", [(100, 128), (256, 768), (1, 1), (3, 5), (40, 6)])
def test_tables_of_any_size(shape, tmp_path):
    path = plot_positions(SinusoidalPositions().table(*shape), tmp_path / "sub" / "a.png")
    pixels = image.imread(path)
    height, width, _ = pixels.shape
    assert 700 < height < 1800 and 1200 < width < 1400
    assert (pixels[..., :3] < 0.97).any(axis=-1).mean() > 0.1


def test_learned_positions_draw(tmp_path):
    layer = LearnedPositions(12, initializer="random_normal")
    layer.build((None, None, 8))
    first, second = (plot_positions(layer.table(12, 8), tmp_path / name) for name in ("a.png", "b.png"))
    assert first.read_bytes() == second.read_bytes()
    layer.positions.assign(-layer.positions)
    assert plot_positions(layer.table(12, 8), tmp_path / "b.png").read_bytes() != first.read_bytes()


def test_zero_is_white_and_both_sides_share_a_scale(tmp_path):
    pixels = image.imread(plot_positions([[4.0, 0.0], [-1.0, np.nan]], tmp_path / "a.png"))[..., :3]
    colours = matplotlib.colormaps["RdBu_r"]
    for share in (1.0, 0.5, 0.375):  # of the scale from -4 to 4: 4, 0 and -1
        assert (np.abs(pixels - colours(share)[:3]).max(axis=-1) < 0.01).sum() > 10_000
    grey = [int(module.GREY[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    assert (np.abs(pixels - grey).max(axis=-1) < 0.01).sum() > 10_000  # what is no number


def test_waves_are_labelled_with_their_units_and_do_not_touch(drawn):
    table = np.asarray(SinusoidalPositions().table(300, 128))
    _, waves, _ = drawn(table)
    assert [label.get_text() for label in waves.get_yticklabels()] == ["0", "16", "32", "48", "64"]
    for above, below in zip(waves.lines, waves.lines[1:]):
        assert above.get_ydata().min() > below.get_ydata().max()
    _, waves, _ = drawn(table, units=[7, 3])
    assert [label.get_text() for label in waves.get_yticklabels()] == ["7", "3"]
    for line, row, unit in zip(waves.lines, waves.get_yticks(), (7, 3)):
        np.testing.assert_allclose(line.get_ydata() - row, 0.42 * table[:, unit], atol=1e-4)


def test_alike_by_distance(drawn):
    table = np.random.default_rng(0).normal(size=(5, 3))
    *_, alike = drawn(table)
    for distance, value in enumerate(alike.lines[0].get_ydata()):
        cosines = []
        for a in range(5 - distance):
            one, other = table[a], table[a + distance]
            cosines.append(one @ other / (one @ one) ** 0.5 / (other @ other) ** 0.5)
        assert value == pytest.approx(sum(cosines) / len(cosines))
    # sin a sin b + cos a cos b = cos(a - b): with sinusoidal positions it is the mean cosine of the waves' angles
    *_, alike = drawn(SinusoidalPositions().table(9, 4))
    expected = [(np.cos(distance) + np.cos(distance / 100)) / 2 for distance in range(9)]
    np.testing.assert_allclose(alike.lines[0].get_ydata(), expected, atol=1e-6)


def test_what_is_no_number_leaves_a_gap(drawn):
    table = np.ones((6, 4))
    table[0], table[4, 0] = np.nan, np.inf
    _, waves, alike = drawn(table)
    assert np.isnan(waves.lines[0].get_ydata()).nonzero()[0].tolist() == [0, 4]
    np.testing.assert_allclose(
        alike.lines[0].get_ydata(), [1, 1, 1, 1, 1, np.nan]
    )  # the only pair is 0 and 5
    drawn(np.full((3, 2), np.nan))
    drawn(np.zeros((3, 2)))


@pytest.mark.parametrize("table", [None, [1.0, 2.0], np.zeros((1, 5, 4)), np.zeros((0, 4)), np.zeros((4, 0))])
def test_tables_of_the_wrong_shape(table, tmp_path):
    shape = str(list(np.shape(table))).replace("[", r"\[")
    with pytest.raises(ValueError, match=rf"`table` must be .*`SinusoidalPositions`.*{shape}"):
        plot_positions(table, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("units", [[], [0, 4], [-1]])
def test_units_that_are_not_there(units, tmp_path):
    with pytest.raises(ValueError, match="from 0 to 3"):
        plot_positions(np.zeros((5, 4)), tmp_path / "a.png", units=units)
    assert not list(tmp_path.iterdir())
