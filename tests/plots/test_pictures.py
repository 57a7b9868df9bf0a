import numpy as np
import pytest
from matplotlib import image

from tfnlp.evaluation import classification_report
from tfnlp.plots import plot_calibration, plot_classification, plot_confusion, plot_curves

HISTORY = [
    {
        "epoch": epoch,
        "loss": 1 / epoch,
        "valid_loss": 1.2 / epoch,
        "accuracy": 1 - 0.4 / epoch,
        "valid_accuracy": 1 - 0.5 / epoch,
        "learning_rate": 1e-3 / epoch,
        "seconds": 2.0,
    }
    for epoch in (1, 2, 3, 4)
]


def inked(path):
    """Height, width, and the share of the picture that is not white."""
    pixels = image.imread(path)
    return pixels.shape[0], pixels.shape[1], float((pixels[..., :3] < 0.97).any(axis=-1).mean())


@pytest.mark.parametrize(
    "history",
    [
        HISTORY,
        HISTORY[:1],
        [{"loss": 0.5}, {"loss": 0.4}],
        [{"loss": "0.5", "valid_loss": ""}, {"loss": float("nan"), "valid_loss": None, "accuracy": 0.5}],
        [{"epoch": epoch, "loss": 0.0} for epoch in range(200)],
        [{"loss": 1e9, "valid_loss": float("inf")}, {"loss": 2e9}],
    ],
    ids=["full", "one epoch", "loss alone", "gaps", "many epochs of zero", "diverged"],
)
def test_curves(tmp_path, history):
    height, width, ink = inked(plot_curves(history, tmp_path / "sub" / "curves.png", best_epoch=1))
    assert height > 300 and width > 400 and ink > 0.01


def test_curves_panels_can_be_chosen(tmp_path):
    _, one, _ = inked(plot_curves([{"loss": 1, "accuracy": 0.5}], tmp_path / "a.png", metrics=[]))
    _, two, _ = inked(plot_curves([{"loss": 1, "accuracy": 0.5}], tmp_path / "b.png"))
    assert two > 1.5 * one


def test_curves_of_nothing(tmp_path):
    with pytest.raises(ValueError, match="no epoch"):
        plot_curves([], tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("classes", [1, 2, 12, 51])
def test_confusion(tmp_path, classes):
    counts = np.random.default_rng(0).integers(0, 3, (classes, classes)) * np.eye(classes, dtype=int)
    counts[0, 0] = 1_234_567
    labels = [f"class number {i}" for i in range(classes)]
    height, width, ink = inked(plot_confusion(counts, labels, tmp_path / "a.png"))
    assert 300 < height < 4000 and 300 < width < 4000 and ink > 0.02


def test_confusion_with_awkward_names_and_an_empty_class(tmp_path):
    labels = ["$x", "$\\frac{", "", "\x00\x1b", "long " * 1000, "a\nb"]
    path = plot_confusion(np.zeros((6, 6), int), labels, tmp_path / "a.png", title="$ & \\alpha$")
    assert inked(path)[2] > 0.02


def test_confusion_of_the_wrong_shape(tmp_path):
    with pytest.raises(ValueError, match="2 labels for a confusion matrix of the shape"):
        plot_confusion([[1, 2, 3]], ["a", "b"], tmp_path / "a.png")


def test_same_figures_same_bytes(tmp_path):
    first, second = (plot_curves(HISTORY, tmp_path / name, metrics=[]) for name in ("a.png", "b.png"))
    assert first.read_bytes() == second.read_bytes()


def test_calibration(tmp_path):
    path = plot_calibration([(0, 0.0, 0.0), (10, 0.6, 0.5), (90, 0.95, 0.9)], tmp_path / "a.png")
    assert inked(path)[2] > 0.005
    with pytest.raises(ValueError, match="holds an answer"):
        plot_calibration([(0, 0.0, 0.0)], tmp_path / "b.png")


def test_all_pictures_of_a_run(tmp_path):
    scores = np.array([[0.9, 0.1], [0.2, 0.8]])
    single = classification_report([0, 1], scores, ["a", "b"])
    multi = classification_report(np.array([[1, 0], [0, 1]]), scores, ["a", "b"], multi_label=True)
    pictures = plot_classification(tmp_path, single, HISTORY, best_epoch=4)
    assert list(pictures) == ["curves", "confusion", "calibration"]
    assert sorted(tmp_path.iterdir()) == sorted(pictures.values())
    assert list(plot_classification(tmp_path / "multi", multi)) == ["calibration"]
