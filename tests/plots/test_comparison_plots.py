import pytest
from matplotlib import image
from matplotlib.text import Text

from tfnlp.plots import ParetoPoint, plot_pareto, plot_seeds
from tfnlp.plots import pareto as module

POINTS = [
    ParetoPoint("bag", 0.03, 0.84, 0.003, on_front=True),
    ParetoPoint("cnn", 0.2, 0.86, 0.002, on_front=True, recommended=True),
    ParetoPoint("slow $x", 4.0, 0.85, None),
]


def inked(path):
    pixels = image.imread(path)
    return float((pixels[..., :3] < 0.97).any(axis=-1).mean())


@pytest.mark.parametrize("points", [POINTS, POINTS[1:2], [ParetoPoint("a", 1e-3, 1.0)] * 12], ids=len)
def test_pareto(tmp_path, points):
    path = plot_pareto(points, tmp_path / "a.png", band=(0.85, 0.86))
    assert inked(path) > 0.01
    again = plot_pareto(points, tmp_path / "b.png", band=(0.85, 0.86))
    assert path.read_bytes() == again.read_bytes()


def test_the_recommended_point_is_a_star_of_its_own_colour(tmp_path):
    marked = image.imread(plot_pareto(POINTS, tmp_path / "a.png"))[..., :3]
    plain = [ParetoPoint(p.name, p.milliseconds, p.accuracy, p.deviation, p.on_front) for p in POINTS]
    unmarked = image.imread(plot_pareto(plain, tmp_path / "b.png"))[..., :3]
    orange = [int(module.ORANGE[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    assert (abs(marked - orange).max(axis=-1) < 0.02).sum() > 100
    assert (abs(unmarked - orange).max(axis=-1) < 0.02).sum() == 0


def test_names_that_would_collide_move_apart(tmp_path, monkeypatch):
    placed = []
    monkeypatch.setattr(module, "save_figure", lambda figure, path: placed.append(figure) or path)
    close = [ParetoPoint(f"encoder_{i}", 1.0 + 0.01 * i, 0.8 + 0.0005 * i) for i in range(4)]
    plot_pareto([*close, ParetoPoint("far", 9.0, 0.9)], tmp_path / "a.png")
    axes = placed[0].axes[0]
    placed[0].draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in axes.texts]  # without the lines to their points
    assert len(boxes) == 5
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_no_name_hides_a_point(tmp_path, monkeypatch):
    placed = []
    monkeypatch.setattr(module, "save_figure", lambda figure, path: placed.append(figure) or path)
    crowd = {"transformer": (1.04, 0.842), "one_head": (0.87, 0.843), "no_residual": (1.01, 0.835)}
    crowd |= {"no_positions": (0.82, 0.845), "no_layer_norm": (0.96, 0.841)}
    plot_pareto([ParetoPoint(name, *place, 0.006) for name, place in crowd.items()], tmp_path / "a.png")
    axes = placed[0].axes[0]
    placed[0].draw_without_rendering()
    for text in axes.texts:
        box = Text.get_window_extent(text)
        for ms, accuracy in crowd.values():
            assert not box.contains(*axes.transData.transform((ms, 100 * accuracy)))


def test_a_name_above_or_below_is_joined_to_its_point(tmp_path, monkeypatch):
    placed = []
    monkeypatch.setattr(module, "save_figure", lambda figure, path: placed.append(figure) or path)
    level = {"one_head": 0.87, "no_layer_norm": 0.96, "transformer": 1.04}  # close, and equally accurate
    plot_pareto([ParetoPoint(name, ms, 0.5) for name, ms in level.items()], tmp_path / "a.png")
    for text in placed[0].axes[0].texts:
        assert text.xy == (level[text.get_text()], 50.0)
        _, dy = text.get_position()
        assert (text.arrow_patch is not None) == (dy != 0)


def test_pareto_of_nothing(tmp_path):
    with pytest.raises(ValueError, match="no encoder"):
        plot_pareto([], tmp_path / "a.png")
    with pytest.raises(ValueError, match="more than 0 milliseconds"):
        plot_pareto([ParetoPoint("a", 0.0, 0.5)], tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_seeds(tmp_path):
    path = plot_seeds({"a $x": [0.8, 0.82], "b": [0.9]}, tmp_path / "a.png", recommended="b", baseline=0.7)
    assert inked(path) > 0.005
    with pytest.raises(ValueError, match="at least one seed"):
        plot_seeds({"a": []}, tmp_path / "b.png")
