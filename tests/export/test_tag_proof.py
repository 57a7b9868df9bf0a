"""What the proof of a tagger lets pass, and what it does not."""

import dataclasses

import numpy as np
import pytest

from tfnlp.export.agreement import FLOAT16_TIE
from tfnlp.export.awkward_texts import AWKWARD_TEXTS
from tfnlp.export.proof_texts import ProofText
from tfnlp.export.tag_proof import TagAnswers, Tagging, TagProof, asks_lite

TAGS = ["O", "B-X", "E-X", "S-X"]


def tagging(tags, scores, places=None):
    places = np.zeros((len(tags), 2)) if places is None else places
    return Tagging(np.asarray(tags, np.int32), np.asarray(scores, np.float32), np.asarray(places, np.int32))


@pytest.fixture
def proof():
    texts = [
        ProofText(b"Ada Byron a"),
        ProofText(b"Ada Byron a", labels=("B-X", "E-X", "S-X"), tokens=("Ada", "Byron", "a")),
        ProofText(b"", awkward="empty"),
    ]
    places = [(0, 3), (4, 9), (10, 11)]
    answers = [
        tagging([1, 2, 0], [0.9, 0.8, 0.49998], places),
        tagging([1, 2, 0], [0.9, 0.8, 0.49998]),
        tagging([], []),
    ]
    return TagProof(texts, answers, {}, TAGS, "bioes")


def changed(proof, row, **parts):
    answers = list(proof.own.taggings)
    answers[row] = dataclasses.replace(answers[row], **parts)
    return TagAnswers(answers)


def numbers(*values):
    return np.asarray(values, np.int32)


def test_its_own_answers_agree_and_two_tokens_of_three_are_right(proof):
    greatest, mean = proof.differences(proof.own)
    assert greatest.tolist() == [0, 0, 0]
    assert mean == 0
    assert proof.equal(proof.own, proof.tolerance).all()
    assert proof.accuracy(proof.own) == pytest.approx(2 / 3)


def test_a_difference_is_told_by_its_text(proof):
    other = changed(proof, 1, scores=np.asarray([0.9, 0.5, 0.49998], np.float32))
    greatest, mean = proof.differences(other)
    assert greatest.tolist() == [0, pytest.approx(0.3), 0]
    assert mean == pytest.approx(0.3 / 6)


def test_only_a_tag_that_keras_was_undecided_about_may_be_another(proof):
    undecided = changed(proof, 0, tags=numbers(1, 2, 3))
    assert proof.equal(undecided, proof.tolerance).tolist() == [True, True, True]
    decided = changed(proof, 0, tags=numbers(3, 2, 0))
    assert proof.equal(decided, FLOAT16_TIE).tolist() == [False, True, True]
    unknown = changed(proof, 0, tags=numbers(1, 2, -1))
    assert proof.equal(unknown, proof.tolerance).tolist() == [False, True, True]


@pytest.mark.parametrize(
    "parts",
    [
        {"places": np.asarray([(0, 3), (4, 9), (10, 12)], np.int32)},
        {"tags": numbers(1, 2), "scores": np.zeros(2, np.float32)},
        {"scores": np.asarray([0.9, np.nan, 0.5], np.float32)},
    ],
    ids=["other places", "too few tokens", "not a number"],
)
def test_nonsense_is_no_small_difference(proof, parts):
    assert np.isnan(proof.differences(changed(proof, 0, **parts))[0][0])
    assert np.isnan(proof.differences(TagAnswers([]))[0]).all()


def test_a_phone_is_held_against_keras_in_its_pieces_and_left_alone_with_a_megabyte(proof):
    assert asks_lite(proof.texts[0])
    left_out = [
        text.name for text in AWKWARD_TEXTS if not asks_lite(ProofText(text.unit, text.times, text.name))
    ]
    assert left_out == ["one endless word", "endless white space", "a megabyte"]
    in_pieces = dataclasses.replace(
        proof, pieces={0: tagging([3, 3, 0], [0.7, 0.7, 0.4], [(0, 3), (4, 9), (10, 11)])}
    )
    answers = TagAnswers([in_pieces.pieces[0], proof.taggings[1], None], in_pieces=True)
    assert in_pieces.equal(answers, in_pieces.tolerance).all()
    assert in_pieces.differences(answers)[0].max() == 0
    assert not proof.equal(answers, proof.tolerance)[0]


def found_by_script(proof, **changes):
    """What `ask_tagger.py` brings back of a SavedModel that answers as Keras does."""
    joined = {
        name: np.concatenate([getattr(answer, name) for answer in proof.taggings])
        for name in ("tags", "scores", "places")
    }
    found = {
        "tags": np.asarray([TAGS[tag].encode() for tag in joined["tags"]]),
        "scores": joined["scores"],
        "starts": joined["places"][:, 0],
        "ends": joined["places"][:, 1],
        "lengths": np.asarray([3, 3, 0]),
        "span_labels": np.asarray([b"X", b"X"]),
        "span_starts": np.asarray([0, 0]),
        "span_ends": np.asarray([9, 2]),  # bytes of the text, tokens of the sentence
        "span_scores": np.asarray([0.8, 0.8], np.float32),
        "span_lengths": np.asarray([1, 1, 0]),
        "odd": np.zeros(0, np.int64),
    }
    return {**found, **changes}


def test_spans_and_pieces_of_the_text_must_be_those_of_the_tags(proof):
    labels, answers, complaint = proof.read_answers(found_by_script(proof))
    assert (labels, complaint) == (TAGS, "")
    assert proof.equal(answers, proof.tolerance).all()
    shifted = found_by_script(proof, span_ends=np.asarray([8, 2]))
    assert "spans are not those of its tags" in proof.read_answers(shifted)[2]
    odd = found_by_script(proof, odd=np.asarray([0]))
    assert "not the bytes or characters that they say in 1 texts" in proof.read_answers(odd)[2]


def test_a_proof_comes_back_as_it_was_written(proof, tmp_path):
    (tmp_path / "assets.extra").mkdir()
    whole = dataclasses.replace(proof, pieces={0: proof.taggings[0]})
    whole.write(tmp_path)
    again = TagProof.read(tmp_path, TAGS, "bioes")
    assert again.texts == proof.texts
    for ours, theirs in zip(
        [*whole.taggings, whole.pieces[0]], [*again.taggings, again.pieces[0]], strict=True
    ):
        for name in ("tags", "scores", "places"):
            np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-6)
