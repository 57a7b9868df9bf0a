import struct

import pytest

from tfnlp.plots.gradients import plot_gradient_health
from tfnlp.training.gradient_health import GradientHealth, LayerHealth


def record(epoch, layers=3, factor=0.5, distances=30):
    found = [LayerHealth(f"lstm/$stack/{i}", 0.1 * (i + epoch), 2.0, True) for i in range(layers)]
    return GradientHealth(epoch, 1.0, 1.0, found, [factor**k for k in range(distances)])


@pytest.mark.parametrize(
    "records",
    [
        [record(0), record(1), record(2)],
        [record(0)],
        [record(0, distances=0), record(1, distances=1)],
        [record(0, layers=40), record(1, layers=40)],
        [record(0, layers=0, factor=0.0)],
        [record(0), record(1, factor=float("nan"))],
    ],
)
def test_a_picture_is_drawn_of_whatever_was_measured(records, tmp_path):
    path = plot_gradient_health(records, tmp_path / "plots" / "gradient_health.png")
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    assert 1000 < width < 2000
    assert 300 < height < 1200


def test_without_a_record_there_is_nothing_to_draw(tmp_path):
    with pytest.raises(ValueError, match="records"):
        plot_gradient_health([], tmp_path / "none.png")
