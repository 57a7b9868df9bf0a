"""`tfnlp export`, `verify`, `generate` and `perplexity` of a language model and its copies, as a user types them."""

import json

import pytest

from tfnlp.commands.generate import _print_pieces


@pytest.fixture(scope="module")
def files(build_language_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies")
    build_language_model().save(folder / "talk.keras")
    (folder / "text.txt").write_text("the cat sat\na dog ran to 我\n", encoding="utf-8")
    (folder / "tiny.txt").write_text("the cat sat\n" * 3, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def tfnlp(files):
    from typer.testing import CliRunner

    from tfnlp.cli import app

    def run(*words, code=0):
        import os

        before = os.getcwd()  # noqa: PTH109
        os.chdir(files)
        try:
            result = CliRunner().invoke(app, [str(word) for word in words])
        finally:
            os.chdir(before)
        assert result.exit_code == code, result.output
        return result.output

    return run


@pytest.fixture(scope="module")
def exported(tfnlp, files):
    tfnlp("export", "talk.keras", "--out", "saved_models/talk", "--lite", "float32")
    version = files / "saved_models" / "talk" / "1"
    return [files / "talk.keras", version, version / "assets.extra" / "model.float32.tflite"]


def test_every_copy_writes_and_measures_alike(tfnlp, exported):
    asks = [
        ["--prompt", "the cat", "--seed", "3", "-n", "2", "--json"],
        ["--top-k", "1", "--repetition-penalty", "1.5", "--stop", "ran"],
    ]
    for ask in asks:
        said = [tfnlp("generate", path, "--max-tokens", "9", *ask) for path in exported]
        assert said[0] == said[1] == said[2]
    measured = [json.loads(tfnlp("perplexity", path, "text.txt", "--json")) for path in exported]
    for name in ("perplexity", "perplexity_without_unknown", "bits_per_character"):
        assert measured[1][name] == pytest.approx(measured[0][name], rel=1e-4)
        assert measured[2][name] == pytest.approx(measured[0][name], rel=1e-4)
    assert {one["unknown"] for one in measured} == {0}


def test_a_keras_file_writes_the_same_in_a_new_process(tfnlp, tfnlp_process, files, exported):
    ask = ["generate", exported[0], "--prompt", "the cat", "--seed", "3", "--max-tokens", "9"]
    assert tfnlp_process(*ask, cwd=files, check=0).stdout == tfnlp(*ask)


@pytest.mark.slow
def test_an_export_is_proved_again(tfnlp, exported):
    assert json.loads(tfnlp("verify", "saved_models/talk", "--json"))["agrees"]


def test_four_beams_search_in_the_model_and_on_a_server(tfnlp, exported):
    ask = ["--prompt", "the cat", "--beams", "4", "--max-tokens", "5", "--length-penalty", "1"]
    assert tfnlp("generate", exported[0], *ask) == tfnlp("generate", exported[1], *ask)
    assert "with 4 beams" in " ".join(tfnlp("generate", exported[1], "--beams", "3", code=2).split())
    assert "beams" in tfnlp("generate", exported[2], *ask, code=2)
    assert "--number or --beams" in tfnlp("generate", exported[0], "--beams", "3", "-n", "2", code=2)


def test_what_asks_for_labels_refuses_it(tfnlp, exported):
    for path in exported:
        assert "foretells texts" in tfnlp("predict", path, "the cat", code=2)


def test_a_counting_model_says_what_it_does_not_know(tfnlp):
    tfnlp("ngram", "train", "tiny.txt", "--out", "m.ngram", "--order", "2")
    said = tfnlp("generate", "m.ngram", "--beams", "2", "--stop", "x", code=2)
    assert "--beams, --stop" in " ".join(said.split())


def test_on_a_terminal_a_text_comes_as_it_is_written(capsys):
    class Slow:
        def stream_text(self, prompt, **options):
            yield from (" sat", " down")

    _print_pieces(Slow(), "the cat", {})
    assert capsys.readouterr().out == "the cat sat down\n"
