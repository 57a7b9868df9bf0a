import csv
import io
import json
import math

import pytest
from rich.console import Console

from tfnlp.evaluation import Comparison, EncoderFigures, Serving, Spread, Training, write_comparison
from tfnlp.evaluation.comparison_table import comma_separated, markdown, remarks, short, terminal_table


def training(seed, accuracy, valid_accuracy=0.5, seconds=(9.0, 1.0, 3.0)):
    return Training(
        seed=seed,
        accuracy=accuracy,
        macro_f1=accuracy - 0.1,
        valid_accuracy=valid_accuracy,
        parameters=1_234_567,
        epochs=len(seconds) + seed - 1,
        best_epoch=1,
        epoch_seconds=list(seconds),
        steps_seconds=[value / 2 for value in seconds],
        run=f"out/x/seed-{seed}",
    )


def row(name, accuracies, ms, failure="", int8_drop=0.0):
    return EncoderFigures(
        encoder=name,
        trainings=[training(seed, accuracy) for seed, accuracy in enumerate(accuracies, start=1)],
        train_texts=1000,
        serving=None if ms is None else Serving(2048 * 1024, 1536, ms, 4321.0, int8_drop),
        failure=failure,
        settings={"embedding_dim": 8},
    )


def comparison(*rows, texts=10_000, **changes):
    return Comparison(
        **{
            "name": "reviews",
            "judged_on": "test",
            "texts": {"train": 1000, "test": texts},
            "device": "CPU, 2 cores",
            "seeds": [1, 2],
            "rows": list(rows),
            **changes,
        }
    )


def test_spread_is_that_of_a_sample():
    spread = Spread.of([0.8, 0.9, 0.7])
    assert spread.mean == pytest.approx(0.8)
    assert spread.deviation == pytest.approx(0.1)  # sqrt((0 + 0.01 + 0.01) / 2)
    assert Spread.of([0.8]) == Spread(0.8, None, 1)


def test_figures_of_a_row():
    found = row("a", [0.8, 0.9], 1.0)
    assert found.accuracy.mean == pytest.approx(0.85)
    assert found.macro_f1.mean == pytest.approx(0.75)
    assert found.epochs == 3.5
    # The first epoch, 9 s, holds TensorFlow's tracing: left are 1, 3, 1, 3.
    assert found.epoch_seconds == 2.0
    assert found.train_texts_per_second == 1000 / 1.0
    one_epoch = EncoderFigures("a", [training(1, 0.8, seconds=(4.0,))], train_texts=1000)
    assert (one_epoch.epoch_seconds, one_epoch.train_texts_per_second) == (4.0, 500.0)
    assert EncoderFigures("a").accuracy is None and EncoderFigures("a").epoch_seconds is None


def test_the_training_to_export_is_chosen_on_the_validation_texts():
    found = EncoderFigures("a", [training(1, 0.99, 0.7), training(2, 0.5, 0.8)])
    assert found.best_training.seed == 2


def test_standard_error_is_the_greater_of_seeds_and_texts():
    # Seeds: deviation of (0.88, 0.92) is 0.0283, over sqrt(2): 0.02. Texts: sqrt(0.9 * 0.1 / 10000) = 0.003.
    assert comparison(row("a", [0.88, 0.92], 1.0)).standard_error == pytest.approx(0.02)
    assert comparison(row("a", [0.88, 0.92], 1.0), texts=100).standard_error == pytest.approx(0.03)
    assert comparison(row("a", [0.9], 1.0), texts=100).standard_error == pytest.approx(0.03)
    assert comparison(row("a", [1.0, 1.0], 1.0)).standard_error == 0


def test_the_fastest_within_one_standard_error_is_recommended():
    best = row("best", [0.88, 0.92], 9.0)  # 0.90, standard error 0.02
    near, far = row("near", [0.881, 0.881], 3.0), row("far", [0.879, 0.879], 1.0)
    found = comparison(far, best, near)
    assert found.best is best
    assert found.recommended is near
    assert "near, the fastest on LiteRT (3 ms a text)" in found.verdict
    assert "one standard error (2.0 points) of the best, best (90.0 %)" in found.verdict
    assert comparison(far, best).recommended is best
    assert "none that is faster" in comparison(far, best).verdict


def test_of_equally_accurate_the_fastest_is_best():
    slow, fast = row("slow", [1.0, 1.0], 2.0), row("fast", [1.0, 1.0], 1.0)
    assert comparison(slow, fast).best is fast
    assert comparison(slow, fast).recommended is fast


def test_what_failed_is_never_recommended():
    failed = row("failed", [0.99], 0.1, failure="export: no such op")
    unmeasured = row("unmeasured", [0.99], None)
    good = row("good", [0.8], 1.0)
    found = comparison(failed, unmeasured, good)
    assert found.recommended is good
    assert found.failed == [failed]
    assert found.pareto_front == [good]
    nothing = comparison(failed)
    assert nothing.recommended is None and nothing.standard_error is None
    assert "No encoder came to its end" in nothing.verdict


def test_pareto_front_by_hand():
    rows = [
        row("fast", [0.80], 1.0),
        row("dominated", [0.79], 2.0),
        row("middle", [0.85], 2.0),
        row("as accurate but slower", [0.85], 3.0),
        row("best", [0.90], 5.0),
    ]
    assert [item.encoder for item in comparison(*rows).pareto_front] == ["fast", "middle", "best"]
    twins = row("a", [0.8], 1.0), row("b", [0.8], 1.0)
    assert comparison(*twins).pareto_front == list(twins)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (1_234_567, "1.23M"), (12_345, "12.3k"), (999.6, "1k"), (812.4, "812"), (12.34, "12.3")]
    + [(2.44, "2.4"), (0.0831, "0.083")],
)
def test_numbers_in_few_characters(value, shown):
    assert short(value) == shown


WIDE = comparison(
    row("a_long_encoder", [0.861, 0.865], 0.21, int8_drop=2.5),
    row("broken", [], None, failure="seed 1: [encoder] `units` must be at least 1"),
    baseline={"name": "Logistic regression", "accuracy": 0.847, "macro_f1": 0.84, "seconds": 6.0},
)


def test_the_table_fits_a_terminal():
    output = io.StringIO()
    Console(file=output, width=80).print(terminal_table(WIDE))
    lines = output.getvalue().splitlines()
    shown = next(line for line in lines if "a_long_encoder" in line)
    for cell in ("a_long_encoder ★", "86.3±0.3", "76.3±0.3", "1.23M", "1k", "4.32k", "2,048", "0.21"):
        assert cell in shown
    assert shown.split()[-2] == "2"  # 1536 bytes of int8
    assert max(len(line) for line in lines) <= 80


def test_a_variants_long_name_takes_no_room_from_the_figures():
    name = "the_transformer_without_any_positions_at_all"
    output = io.StringIO()
    Console(file=output, width=80).print(terminal_table(comparison(row(name, [0.862, 0.864], 0.21))))
    lines = output.getvalue().splitlines()
    assert max(len(line) for line in lines) <= 80
    assert any("86.3±0.1 76.3±0.1  1.23M" in line and "2,048" in line for line in lines)
    assert name in "".join(line.split(" ")[0] for line in lines)


def test_remarks_tell_what_the_figures_do_not():
    baseline, drop, failed = remarks(WIDE, max_int8_drop=1.0)
    assert "accuracy 84.7 %" in baseline
    assert "int8 file loses 2.5 points" in drop
    assert failed == "broken failed: seed 1: [encoder] `units` must be at least 1"
    assert len(remarks(WIDE, max_int8_drop=3.0)) == 2


def test_markdown():
    text = markdown(WIDE, 1.0)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 4
    assert len({line.count("|") for line in table}) == 1
    assert r"\[encoder\]" in text  # no link


def test_csv_holds_plain_numbers():
    good, broken = csv.DictReader(io.StringIO(comma_separated(WIDE)))
    assert float(good["accuracy_mean"]) == pytest.approx(0.863)
    assert float(good["accuracy_deviation"]) == pytest.approx(0.002 * math.sqrt(2))
    assert (good["recommended"], good["int8_bytes"], good["parameters"]) == ("1", "1536", "1234567")
    assert (broken["accuracy_mean"], broken["recommended"]) == ("", "0")
    assert broken["failure"].startswith("seed 1")


def test_json_holds_every_training():
    found = json.loads(json.dumps(WIDE.as_dict(), allow_nan=False))
    assert found["recommended"] == "a_long_encoder"
    assert [item["accuracy"] for item in found["encoders"][0]["trainings"]] == [0.861, 0.865]
    assert found["encoders"][1]["failure"].startswith("seed 1")


def test_several_labels_a_text_are_exact_matches():
    assert "exact match, %" in markdown(comparison(row("a", [0.5], 1.0), multi_label=True))


def test_the_page_is_self_contained_and_harmless(tmp_path):
    evil = "<script>alert(1)</script>"
    found = comparison(row("good", [0.8], 1.0), row("bad", [], None, failure=evil), name=evil)
    page = write_comparison(
        tmp_path / "comparison.html",
        found,
        settings={"corpus": {"train": evil}},
        commands=["tfnlp predict x"],
    ).read_text(encoding="utf-8")
    assert "<script" not in page and "http://" not in page and "https://" not in page
    for shown in ("good ★", "tfnlp predict x", "The rule: take the fastest", "CPU, 2 cores"):
        assert shown in page
    nothing = write_comparison(tmp_path / "none.html", comparison(row("bad", [], None, "x")), settings={})
    assert "No encoder came to its end" in nothing.read_text(encoding="utf-8")
