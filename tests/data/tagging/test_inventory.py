import pytest

from tfnlp.data.tagging import TaggedCorpus, TaggedSentence, allowed_transitions, check_tags, tag_inventory
from tfnlp.errors import UserError


def corpus(scheme, *sentences):
    rows = [TaggedSentence(tuple("abcdefgh"[: len(tags.split())]), tuple(tags.split()), 10 + row) for row, tags in
            enumerate(sentences)]  # fmt: skip
    return TaggedCorpus(rows, "train.txt", scheme)


@pytest.mark.parametrize(
    ("scheme", "tags", "inventory"),
    [
        ("bioes", "O S-PER B-LOC E-LOC", "O B-LOC I-LOC E-LOC S-LOC B-PER I-PER E-PER S-PER"),
        ("bio", "B-PER O", "O B-PER I-PER"),
        ("iob1", "I-PER O", "O B-PER I-PER"),
        ("bmes", "S S", "B M E S"),
        ("bmes", "S-n B-v E-v", "B-n M-n E-n S-n B-v M-v E-v S-v"),
        ("plain", "VB NN O", "NN O VB"),
    ],
)
def test_each_type_has_all_its_letters(scheme, tags, inventory):
    found = tag_inventory(corpus(scheme, tags))
    assert found == inventory.split()
    _, starts, _ = allowed_transitions(found, scheme)  # all of the scheme
    assert starts.any()


def test_known_tags_pass():
    there = corpus("bio", "B-X I-X O")
    assert check_tags(["O", "B-X", "I-X", "B-Y"], there) is there


def test_an_unseen_tag_is_named_and_counted():
    there = corpus("bio", "O O", "O B-PERS", "B-PERS I-PERS")
    with pytest.raises(
        UserError,
        match=r"tag `B-PERS` in test \(train.txt, line 11\) never occurs in training\. Did you mean `B-PER`\? "
        r"Tags unseen in training, with their tokens: `B-PERS` \(2\), `I-PERS` \(1\), in 2 of 3 sentences\. Cure: ",
    ):
        check_tags(["O", "B-PER", "I-PER"], there, name="test")


def test_its_sentences_are_left_out_or_kept(caplog):
    there = corpus("bio", "O O", "O B-Y")
    assert [one.line for one in check_tags(["O", "B-X"], there, on_unseen="skip").sentences] == [10]
    assert "in 1 of 2 sentences; these sentences are left out" in caplog.text
    assert check_tags(["O", "B-X"], there, on_unseen="keep") is there
    assert "they count as missed" in caplog.text


def test_no_sentence_is_left():
    with pytest.raises(UserError, match=r"none is left\. Cure: read both corpora with the same `scheme`"):
        check_tags(["O", "B-X"], corpus("bio", "B-Y"), on_unseen="skip")


def test_the_wish_is_checked():
    with pytest.raises(UserError, match="`on_unseen` must be one of 'error', 'skip', 'keep'"):
        check_tags(["O"], corpus("bio", "O"), on_unseen="ignore")
