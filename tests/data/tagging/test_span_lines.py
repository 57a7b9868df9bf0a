import json

import pytest

from tfnlp.data.tagging import read_tagged
from tfnlp.errors import UserError


def written(tmp_path, *rows, name="ner.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def spans(*triples):
    return [{"start": start, "end": end, "label": label} for start, end, label in triples]


ENGLISH = {"text": "Peter flew to New York.", "spans": spans((0, 5, "PER"), (14, 22, "LOC"))}
CLUENER = {"text": "彭小军认为CSOL好", "label": {"name": {"彭小军": [[0, 2]]}, "game": {"CSOL": [[5, 8]]}}}


def test_words(tmp_path):
    [sentence] = read_tagged(written(tmp_path, ENGLISH)).sentences
    assert sentence.tokens == ("Peter", "flew", "to", "New", "York", ".")
    assert sentence.tags == ("S-PER", "O", "O", "B-LOC", "E-LOC", "O")
    assert sentence.text == "Peter flew to New York."
    assert sentence.starts == (0, 6, 11, 14, 18, 22)
    assert sentence.line == 1


def test_cluener_ends_are_the_last_character(tmp_path):
    [sentence] = read_tagged(written(tmp_path, CLUENER), to_scheme="bio").sentences
    assert sentence.tokens == tuple("彭小军认为CSOL好")  # characters, for most letters are Han
    assert sentence.tags == (
        "B-name",
        "I-name",
        "I-name",
        "O",
        "O",
        "B-game",
        "I-game",
        "I-game",
        "I-game",
        "O",
    )
    [sentence] = read_tagged(written(tmp_path, CLUENER), tokenizer="word").sentences
    assert sentence.tokens == ("彭", "小", "军", "认", "为", "CSOL", "好")
    assert sentence.tags[5] == "S-game"


def test_doccano_and_triples(tmp_path):
    rows = ({"text": "a bc", "label": [[2, 4, "X"]]}, {"text": "a bc", "spans": [[0, 1, "Y"]]})
    corpus = read_tagged(written(tmp_path, *rows))
    assert [sentence.tags for sentence in corpus.sentences] == [("O", "S-X"), ("S-Y", "O")]


def test_one_entity_in_several_places(tmp_path):
    row = {"text": "去京来京", "label": {"地": {"京": [[1, 1], [3, 3]]}}}
    assert read_tagged(written(tmp_path, row)).sentences[0].tags == ("O", "S-地", "O", "S-地")


def test_no_spans(tmp_path):
    corpus = read_tagged(written(tmp_path, {"text": "a b", "spans": []}))
    assert corpus.sentences[0].tags == ("O", "O")


def test_emoji_count_as_one_character_and_marks_as_their_own(tmp_path):
    text = "👍🏽 Zoe\u0308 💚"
    row = {"text": text, "spans": spans((3, 7, "PER"), (8, 9, "HEART"))}
    assert text[3:7] == "Zoe\u0308"
    [sentence] = read_tagged(written(tmp_path, row)).sentences
    assert sentence.tokens == ("👍", "🏽", "Zoe\u0308", "💚")
    assert sentence.tags == ("O", "O", "S-PER", "S-HEART")


def test_blanks_at_a_spans_ends_do_no_harm(tmp_path):
    row = {"text": "to New York .", "spans": spans((2, 12, "LOC"))}
    assert read_tagged(written(tmp_path, row)).sentences[0].tags == ("O", "B-LOC", "E-LOC", "O")


def test_the_same_span_twice_is_one(tmp_path):
    row = {"text": "a b", "spans": spans((0, 1, "X"), (0, 1, "X"))}
    assert read_tagged(written(tmp_path, row)).notes == {}


BAD = [
    ((14, 19, "LOC"), r"the span 14 to 19 `New Y` \(`LOC`\) cuts the token `York` in two"),
    ((15, 22, "LOC"), r"cuts the token `New` in two"),
    ((5, 6, "LOC"), r"the span 5 to 6 ` ` \(`LOC`\) holds no token"),
    ((20, 24, "LOC"), r"the span 20 to 24 \(`LOC`\) is empty or outside the text of 23 characters"),
    ((-1, 4, "LOC"), r"the span -1 to 4 \(`LOC`\) is empty or outside"),
    ((5, 5, "LOC"), r"is empty or outside"),
    ((0, 10, "LOC"), r"the span 0 to 5 `Peter` \(`PER`\) overlaps `Peter flew` \(`LOC`\)"),
]


@pytest.mark.parametrize(("span", "message"), BAD)
def test_a_span_that_cannot_be_tagged_is_named(tmp_path, span, message):
    rows = [{**ENGLISH, "spans": spans((0, 5, "PER"), span)}] * 2
    with pytest.raises(
        UserError,
        match=rf'ner.jsonl, line 1: .*{message}.*spans in the file: 2\); cure: .*on_bad_span = "skip"',
    ):
        read_tagged(written(tmp_path, *rows))


@pytest.mark.parametrize(("span", "message"), BAD)
def test_or_left_out_and_counted(tmp_path, caplog, span, message):
    rows = [{**ENGLISH, "spans": spans((0, 5, "PER"), span)}] * 2
    corpus = read_tagged(written(tmp_path, *rows), on_bad_span="skip")
    assert corpus.notes == {"skipped spans": 2}
    assert "(spans skipped: 2)" in caplog.text
    outer = ("B-LOC", "E-LOC") if span[0] == 0 else ("S-PER", "O")  # of nested spans the outer one stays
    assert corpus.sentences[0].tags == (*outer, "O", "O", "O", "O")


def test_an_entity_that_is_not_where_it_is_said_to_be(tmp_path):
    row = {"text": "温格的球队", "label": {"name": {"温格": [[1, 2]]}}}
    with pytest.raises(UserError, match=r"line 1: `温格` \(`name`\) is not at 1, where `格的` is"):
        read_tagged(written(tmp_path, row))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"id": 0, "text": "a"},
            r"line 1: no key `spans` or `label`. There: `id`, `text`; expected {\"text\"",
        ),
        ({"txt": "a", "spans": []}, r"no key `text`. Did you mean `txt`"),
        ({"text": 3, "spans": []}, r"`text` must be a string. Received: 3"),
        ({"text": "a", "spans": [{"start": 0, "stop": 1}]}, r"`spans` is not of a known form"),
        ({"text": "a", "spans": "PER"}, r"`spans` is not of a known form"),
        ({"text": "a", "label": {"name": [[0, 0]]}}, r"`label` is not of a known form"),
        ({"text": "a", "label": {"name": {"a": [["0", 0]]}}}, r"a span needs whole numbers"),
        ({"text": "a", "label": {"name": {"a": [[0, "0"]]}}}, r"`label` is not of a known form"),
        ({"text": "a", "spans": [[0, 1, ""]]}, r"a span needs whole numbers .* and a name for its label"),
        ({"text": "a", "spans": [[0, True, "X"]]}, r"a span needs whole numbers"),
        (["a"], r"a JSON array begins here"),
    ],
)
def test_bad_rows_are_named(tmp_path, row, message):
    with pytest.raises(UserError, match=message):
        read_tagged(written(tmp_path, row))


def test_not_json(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a", "spans": []}\n{"text": \n')
    with pytest.raises(UserError, match=r"x.jsonl, line 2: not JSON"):
        read_tagged(path)


def test_half_a_surrogate_pair(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(r'{"text": "a \ud83d b", "spans": [[4, 5, "X"]]}' + "\n")
    with pytest.raises(UserError, match="half a surrogate pair"):
        read_tagged(path)
    assert read_tagged(path, on_undecodable="replace").sentences[0].tags == ("O", "S-X")


def test_an_empty_text_is_counted(tmp_path):
    rows = ({"text": "", "spans": []}, {"text": " \u200b", "spans": []}, ENGLISH)
    corpus = read_tagged(written(tmp_path, *rows))
    assert len(corpus) == 1 and corpus.sentences[0].line == 3
    assert corpus.notes == {"empty sentences": 2}
