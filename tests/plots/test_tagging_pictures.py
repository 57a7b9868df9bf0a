import pytest

from tfnlp.evaluation import evaluate_tags
from tfnlp.plots import plot_span_outcomes, plot_tagging

SCORES = evaluate_tags(
    [["B-人名", "E-人名", "O", "S-$x$"], ["O", "O"]], [["B-人名", "E-人名", "O", "O"], ["S-Z", "O"]], "bioes"
)


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG")


def test_each_run_has_the_pictures_that_fit_it(tmp_path):
    pictures = plot_tagging(tmp_path / "ner", SCORES, [{"loss": 1.0}])
    assert list(pictures) == ["curves", "spans", "confusion"]
    assert all(map(is_png, pictures.values()))
    plain = evaluate_tags([["N", "V"]], [["N", "N"]], "plain")
    assert list(plot_tagging(tmp_path / "pos", plain)) == ["confusion"]
    words = evaluate_tags([["B", "E"]], [["S", "S"]], "bmes")
    assert list(plot_tagging(tmp_path / "seg", words)) == ["spans"]
    assert plot_tagging(tmp_path / "none", evaluate_tags([["O"]], [["O"]], "bio")) == {}


@pytest.mark.filterwarnings("error")  # as matplotlib says that a font lacks a character
def test_same_scores_same_bytes(tmp_path):
    one, two = (plot_span_outcomes(SCORES, tmp_path / f"{n}.png") for n in range(2))
    assert one.read_bytes() == two.read_bytes()


def test_many_types_and_long_names(tmp_path):
    tags = [f"S-{'long name ' * 9}{n}" for n in range(40)]
    assert is_png(plot_span_outcomes(evaluate_tags([tags], [tags], "bioes"), tmp_path / "many.png"))


def test_free_tags_have_no_borders_to_miss(tmp_path):
    with pytest.raises(ValueError, match="of a scheme with spans"):
        plot_span_outcomes(evaluate_tags([["N"]], [["N"]], "plain"), tmp_path / "x.png")
