import re

from tfnlp.data.tagging import TaggedCorpus, TaggedSentence
from tfnlp.evaluation import evaluate_segmentation, evaluate_tags, worst_sentences, write_tagging_report
from tfnlp.plots import plot_tagging

GOLD = [["S-<b>", "O", "B-PER", "E-PER"], ["O", "O"]]
GIVEN = [["S-<b>", "O", "S-PER", "O"], ["O", "O"]]


def write(path, scores, **more):
    settings = {"task": {"type": "token_tagger"}}
    return write_tagging_report(
        path, title="ner & co", settings=settings, device="CPU", history=[{"epoch": 1, "loss": 0.5}], scores=scores,
        seconds=3.2, **more,
    ).read_text(encoding="utf-8")  # fmt: skip


def test_the_page_shows_the_figures_and_fetches_nothing(tmp_path):
    scores = evaluate_tags(GOLD, GIVEN, "bioes")
    rows = [
        TaggedSentence(tuple("<i>bc d"[n : n + len(tags)]), tuple(tags), line=n + 1)
        for n, tags in enumerate(GOLD)
    ]
    page = write(
        tmp_path / "report.html",
        scores,
        mistakes=worst_sentences(TaggedCorpus(rows, "x", "bioes"), GIVEN),
        plots=plot_tagging(tmp_path, scores, [{"loss": 1.0}, {"loss": 0.5}], best_epoch=2),
    )
    assert "50.0 %" in page and "span F1" in page and "1 of 2 sentences hold a mistake" in page
    assert "&lt;b&gt;" in page and "<b>PER" not in page and "ner &amp; co" in page
    assert page.count("data:image/png;base64,") == 3
    assert not re.search(r'(?:src|href)="http', page) and "<script" not in page


def test_free_tags_and_segmentation_have_cards_of_their_own(tmp_path):
    page = write(tmp_path / "pos.html", evaluate_tags([["N", "V"]], [["N", "V"]], "plain"))
    assert "token accuracy" in page and "span F1" not in page and "every tag is right" in page
    words = evaluate_segmentation([["中国"]], [["中", "国"]], training_words=["人"])
    page = write(tmp_path / "seg.html", evaluate_tags([["B", "E"]], [["S", "S"]], "bmes"), segmentation=words)
    assert "word F1" in page and "of unknown words found" in page


def test_no_span_at_all(tmp_path):
    assert "There is no span" in write(tmp_path / "none.html", evaluate_tags([["O"]], [["O"]], "bio"))
