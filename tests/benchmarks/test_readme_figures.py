"""What the READMEs quote is what the benchmarks measured."""

import json

import pytest

from benchmarks.readme_figures import READMES, RESULTS, ROOT, rewritten

PAGE = """Text with `code`.
<!-- figures:accuracy -->
| 网络 | TREC | MR |
| --- | --- | --- |
| `gru` | 1 | 2 |
| fastText | | |
| published: Kim | 91.2 | 76.1 |
<!-- /figures -->
<!-- figures:speed -->
| network | texts/s | PyTorch | ratio | ours | PyTorch's |
| --- | --- | --- | --- | --- | --- |
| `gru` | | | | | |
<!-- /figures -->
"""


def result(system, accuracy, speed=1000.0, ratio=None):
    return {"system": system, "accuracy": accuracy, "texts_per_second": speed, "speed_ratio": ratio}


def test_means_over_seeds_stand_in_the_tables():
    figures = {
        "trec": {
            "results": [
                result("tfnlp: gru", 80.0, 2000.0, 1.5),
                result("tfnlp: gru", 81.0, 1000.0, 1.3),
                result("PyTorch: gru", 79.04),
                result("fastText", 60.0),
            ]
        },
        "mr": {"results": []},
    }
    page = rewritten(PAGE, figures)
    assert "| `gru` | 80.5 |  |" in page
    assert "| fastText | 60.0 |  |" in page
    assert "| published: Kim | 91.2 | 76.1 |" in page
    assert "| `gru` | 1,500 | 1,000 | 1.40 | 80.5 | 79.0 |" in page
    assert page.startswith("Text with `code`.\n<!-- figures:accuracy -->\n| 网络 | TREC | MR |\n")


@pytest.mark.parametrize("name", READMES)
def test_the_readmes_quote_the_file_of_results(name):
    page = (ROOT / name).read_text(encoding="utf-8")
    assert page == rewritten(page, json.loads(RESULTS.read_text(encoding="utf-8"))["datasets"])
