"""What the READMEs quote is what the benchmarks measured."""

import pytest

from benchmarks.readme_figures import READMES, ROOT, measured, rewritten

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


def test_tables_of_neural_language_models():
    page = """<!-- figures:networks -->
| recipe | stream | alone | min | MB | words/s | PyTorch | ratio |
| --- | --- | --- | --- | --- | --- | --- | --- |
| `lm-small` | | | | | | | |
| `lm-forward` | | | | | | | |
| published | 114.5 | | | | | | |
<!-- /figures -->
<!-- figures:writing -->
| network | 16 | 64 tokens |
| --- | --- | --- |
| `lstm, kept` | | |
<!-- /figures -->"""
    run = {"train_seconds": 630.0, "megabytes": 10.0}
    figures = {
        "perplexity": [
            {
                **run,
                "model": name,
                "perplexity": {"test": 101.26},
                "perplexity_of_sentences_alone": {"test": 110.0},
            }
            for name in ("lm-small", "lm-forward")
        ],
        "learning": {
            "lm-small": {
                "sides": {"tfnlp": {"words_per_second": 3000.4}, "PyTorch": {"words_per_second": 1500.0}},
                "speed_ratio": 2.0,
            }
        },
        "writing": {"lstm": {"kept": {"16": 100.0, "64": 320.0}}},
    }
    page = rewritten(page, figures)
    assert "| `lm-small` | 101.3 | 110.0 | 10 | 10.0 | 3,000 | 1,500 | 2.00 |" in page
    assert "| `lm-forward` | 101.3 | 110.0 | 10 | 10.0 |  |  |  |" in page
    assert "| published | 114.5 | | | | | | |" in page
    assert "| `lstm, kept` | 160 | 200 |" in page


def test_tables_of_taggers_and_of_counting_models():
    page = """<!-- figures:tagging -->
| system | % | s | k/s |
| --- | --- | --- | --- |
| `segmentation/jieba` | | | |
| `segmentation/ours` | | | |
| published | 96.1 | | |
<!-- /figures -->
<!-- figures:perplexity -->
| smoothing | 1-gram | 3-gram | s | MB |
| --- | --- | --- | --- | --- |
| `mle` | | | | |
<!-- /figures -->"""
    tagged = [
        {"key": "ours", "figure": 96.0, "train_seconds": 1000.0, "tokens_per_second": 9_000.0},
        {"key": "ours", "figure": 97.0, "train_seconds": 1200.0, "tokens_per_second": 11_000.0},
        {"key": "jieba", "figure": 80.54, "tokens_per_second": 112_000.0},
    ]
    counted = [
        {"model": "mle", "order": 1, "perplexity": {"test": 639.3}, "train_seconds": 1.0, "megabytes": 0.5},
        {"model": "mle", "order": 3, "perplexity": {"test": None}, "train_seconds": 3.21, "megabytes": 10.0},
        {"model": "mle", "order": 3, "prune": [0, 0, 1], "perplexity": {"test": 1.0}},
    ]
    figures = {"tagging": {"segmentation": {"results": tagged}}, "perplexity": counted}
    written = rewritten(page, figures)
    assert "| `segmentation/ours` | 96.5 | 1,100 | 10.0 |" in written
    assert "| `segmentation/jieba` | 80.5 |  | 112.0 |" in written
    assert "| published | 96.1 | | |" in written
    assert "| `mle` | 639.3 | ∞ | 3.2 | 10.0 |" in written


def test_a_table_of_servers():
    page = """<!-- figures:serving -->
| system | 1 client | 32 clients | ms, one | p99 | MiB |
| --- | --- | --- | --- | --- | --- |
| `function` | | | | | |
| `tfnlp serve, gRPC` | | | | | |
<!-- /figures -->"""
    load = {
        "1": {"answers_per_second": 900.4, "median_ms": 1.234},
        "32": {"answers_per_second": 2500.0, "p99_ms": 41.6},
    }
    figures = {
        "serving": {
            "raw": {"plain_function": {"1": 1000.0, "32": 1500.0}, "one_text_median_ms": 0.8},
            "systems": {"tfnlp serve, gRPC": {"memory_mb": 700.0, "clients": load}},
        }
    }
    rows = rewritten(page, figures).split("\n")
    assert rows[3] == "| `function` | 1,000 | 1,500 | 0.80 |  |  |"
    assert rows[4] == "| `tfnlp serve, gRPC` | 900 | 2,500 | 1.23 | 42 | 700 |"


@pytest.mark.parametrize("name", READMES)
def test_the_readmes_quote_the_file_of_results(name):
    page = (ROOT / name).read_text(encoding="utf-8")
    assert page == rewritten(page, measured())


def test_a_table_of_word_vectors():
    page = """<!-- figures:vectors -->
| method | M words/s | of gensim | MiB | WordSim | SimLex | MEN | analogy | zh | of gensim | same tag |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| `tfnlp skip-gram` | | | | | | | | | | |
| `gensim skip-gram` | | | | | | | | | | |
| `tfnlp GloVe` | | | | | | | | | | |
<!-- /figures -->"""

    def run(system, seed, speed, **scores):
        return {
            "system": system, "method": "skipgram", "seed": seed, "words_per_second": speed,
            "peak_mebibytes": 700.4, "scores": {name: {"score": score} for name, score in scores.items()},
        }  # fmt: skip

    english = {"wordsim353": 0.6, "simlex999": 0.3, "men": 0.7, "analogies": 0.25}
    figures = {
        "vectors": {
            "wiki": {
                "results": [
                    run("tfnlp", 1, 1.0e6, **english),
                    run("tfnlp", 2, 1.2e6, **{**english, "men": 0.6}),
                    run("gensim", 1, 0.4e6, **english),
                    run("gensim", 2, 0.4e6, **english),
                ]
            },
            "daily": {
                "results": [
                    run("tfnlp", 1, 0.9e6, neighbour_tags=0.5),
                    run("gensim", 1, 0.3e6, neighbour_tags=0.4),
                ]
            },
        }
    }
    page = rewritten(page, figures)
    assert (
        "| `tfnlp skip-gram` | 1.10 | 2.75 | 700 | 0.600 | 0.300 | 0.650 | 0.250 | 0.90 | 3.00 | 0.500 |"
        in page
    )
    assert "| `gensim skip-gram` | 0.40 |  | 700 | 0.600 | 0.300 | 0.700 | 0.250 | 0.30 |  | 0.400 |" in page
    assert "| `tfnlp GloVe` |  |  |  |  |  |  |  |  |  |  |" in page
