import dataclasses
import json

import numpy as np
import pytest
from rich.console import Console

from tfnlp.errors import UserError
from tfnlp.export import agreement as module
from tfnlp.export.agreement import AgreementError, agreement_table, compare_copies
from tfnlp.export.awkward_texts import AWKWARD_TEXTS
from tfnlp.export.copies import CopyAnswers
from tfnlp.export.proof_texts import Proof, ProofText

LABELS = ["bad", "good"]
# Five validation texts of which Keras gets four right, and an awkward one.
SCORES = np.asarray(
    [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6], [0.500004, 0.499996], [0.5, 0.5]], np.float32
)
TRUTH = ["bad", "good", "bad", "bad", "bad"]


@pytest.fixture
def proof():
    texts = [ProofText(b"text %d" % i, labels=(truth,)) for i, truth in enumerate(TRUTH)]
    return Proof([*texts, ProofText(b"x", 1000, awkward="long")], SCORES, LABELS, multi_label=False)


@pytest.fixture
def compare(proof, tmp_path, monkeypatch):
    """Compares with copies that answer what the test says."""

    def run(saved_model=None, proof=proof, max_drop=1.0, labels=LABELS, complaint="", **lite):
        def answers(scores):
            return CopyAnswers(
                labels, np.asarray(scores, np.float32), np.asarray([1.0, 2.0, 9.0]), 123, complaint
            )

        monkeypatch.setattr(module, "check_ops", lambda _: {"core": [], "tensorflow_text": []})
        first = proof.scores if saved_model is None else saved_model
        monkeypatch.setattr(module, "ask_saved_model", lambda *args, **kwargs: answers(first))
        monkeypatch.setattr(module, "ask_tflite", lambda proof, path, *args: answers(lite[path.name]))
        return compare_copies(proof, tmp_path, {name: tmp_path / name for name in lite}, max_drop)

    return run


def shifted(rows, by):
    scores = SCORES.copy()
    scores[rows] += np.asarray([by, -by], np.float32)
    return scores


def test_equal_copies_agree_and_the_numbers_are_right(compare):
    agreement = compare(float32=shifted([0, 1], 8e-6))
    assert agreement.problems == []
    agreement.require()
    saved_model, float32 = agreement.rows
    assert (saved_model.max_difference, saved_model.mean_difference, saved_model.equal_labels) == (0, 0, 1)
    assert float32.max_difference == pytest.approx(8e-6, rel=0.02)
    assert float32.mean_difference == pytest.approx(8e-6 * 4 / 12, rel=0.02)
    assert (float32.bytes, float32.median_ms, float32.accuracy) == (123, 2.0, 0.8)
    assert float32.p99_ms == pytest.approx(8.86)
    assert (agreement.texts, agreement.awkward_texts, agreement.keras_accuracy) == (5, 1, 0.8)


def test_a_tie_within_the_tolerance_is_no_other_label(compare):
    other_way = SCORES.copy()
    other_way[4] = [0.499997, 0.500003]
    agreement = compare(float32=other_way)
    assert agreement.problems == []
    assert agreement.rows[1].equal_labels == 1


@pytest.mark.parametrize("copy", ["saved_model", "float32"])
def test_float_copies_must_hold_the_tolerance(compare, copy):
    agreement = compare(**{copy: shifted([2], 2e-5)})
    with pytest.raises(AgreementError, match=f"{copy}: a score is off by 2.0e-05.*text 2") as error:
        agreement.require()
    assert error.value.agreement is agreement


def test_float16_may_be_off_but_not_change_a_label(compare):
    assert compare(float16=shifted([0, 1, 2], 3e-3)).problems == []
    near_tie = shifted([4], -0.003)
    assert compare(float16=near_tie, max_drop=100).problems == []
    assert "1 texts get another label" in compare(float16=shifted([3], 0.15), max_drop=100).problems[0]


def test_int8_may_lose_no_more_accuracy_than_allowed(compare):
    one_more_wrong = shifted([1], 0.5)
    assert "accuracy drops by 20.00 points" in compare(int8=one_more_wrong).problems[0]
    assert compare(int8=one_more_wrong, max_drop=20).problems == []
    assert compare(int8=shifted([3], 0.3)).problems == []  # one more right


def test_without_true_labels_a_changed_label_counts_as_lost(compare, proof):
    unlabelled = dataclasses.replace(
        proof, texts=[dataclasses.replace(text, labels=None) for text in proof.texts]
    )
    agreement = compare(int8=shifted([1], 0.5), proof=unlabelled)
    assert agreement.keras_accuracy is None
    assert "accuracy drops by 20.00 points" in agreement.problems[0]
    assert compare(int8=shifted([1], 0.5), proof=unlabelled, max_drop=20).problems == []


def test_awkward_texts_alone_are_enough(compare, proof):
    awkward = Proof(proof.texts[-1:], proof.scores[-1:], LABELS, multi_label=False)
    assert compare(int8=[[0.4, 0.6]], proof=awkward).problems == []


@pytest.mark.parametrize("copy", ["saved_model", "float32", "float16", "int8"])
@pytest.mark.parametrize("wrong", [np.full_like(SCORES, np.nan), SCORES[:-1]], ids=["NaN", "too few"])
def test_nonsense_fails_every_copy(compare, copy, wrong):
    assert "not numbers" in compare(**{copy: wrong}, max_drop=100).problems[0]


def test_swapped_labels_and_complaints_fail(compare):
    assert "its labels are ['good', 'bad']" in compare(labels=["good", "bad"]).problems[0]
    assert "saved_model: oh" in compare(complaint="oh").problems


def test_multi_label_compares_sets(compare, proof):
    truth = [("bad",), ("good",), ("bad", "good"), (), ()]
    texts = [dataclasses.replace(text, labels=names) for text, names in zip(proof.texts, truth)]
    scores = np.asarray([[0.9, 0.1], [0.2, 0.8], [0.9, 0.8], [0.1, 0.2], [0.6, 0.1], [0.5, 0.5]], np.float32)
    multi = Proof([*texts, proof.texts[-1]], scores, LABELS, multi_label=True)
    other = scores.copy()
    other[2] = [0.9, 0.4]
    agreement = compare(int8=other, proof=multi, max_drop=20)
    assert agreement.keras_accuracy == 0.8
    assert agreement.rows[1].accuracy == pytest.approx(0.6)
    assert agreement.rows[1].equal_labels == pytest.approx(5 / 6)
    assert agreement.problems == []
    assert compare(int8=other, proof=multi, max_drop=19).problems != []


def test_the_table_fits_eighty_columns_and_the_json_is_plain(compare):
    agreement = compare(float32=SCORES, int8=shifted([1], 0.5))
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(agreement_table(agreement))
    text = console.export_text()
    assert "…" not in text
    for word in ("saved_model", "float32", "int8", "max diff", "p99", "80.00%", "5 validation texts"):
        assert word in text
    plain = json.loads(json.dumps(agreement.as_dict()))
    assert (plain["agrees"], plain["tolerance"], plain["rows"][2]["copy"]) == (False, 1e-5, "int8")


def test_a_proof_comes_back_as_it_was_written(proof, tmp_path):
    texts = [*proof.texts, *(ProofText(text.unit, text.times, awkward=text.name) for text in AWKWARD_TEXTS)]
    scores = np.random.default_rng(0).random((len(texts), 2), dtype=np.float32)
    (tmp_path / "assets.extra").mkdir()
    written = Proof(texts, scores, LABELS, multi_label=False)
    path = written.write(tmp_path)
    assert path.stat().st_size < 10_000
    again = Proof.read(tmp_path, LABELS, multi_label=False)
    assert again.texts == texts
    np.testing.assert_array_equal(again.scores, scores)
    assert max(len(text.content) for text in again.texts) > 1_000_000


def test_a_missing_or_damaged_proof_is_told(tmp_path):
    with pytest.raises(UserError, match="is missing"):
        Proof.read(tmp_path, LABELS, multi_label=False)
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "agreement_texts.jsonl.gz").write_bytes(b"not gzip")
    with pytest.raises(UserError, match="is damaged"):
        Proof.read(tmp_path, LABELS, multi_label=False)


def test_awkward_texts_have_what_the_name_says():
    by_name = {text.name: text.content for text in AWKWARD_TEXTS}
    assert len(by_name) == len(AWKWARD_TEXTS)
    assert by_name["empty"] == b""
    for name, content in by_name.items():
        if name.startswith("broken") or "GB 18030" in name:
            with pytest.raises(UnicodeDecodeError):
                content.decode("utf-8")
        else:
            content.decode("utf-8")
        if "megabyte" in name:
            assert len(content) > 1_000_000
