import gzip

import pytest

from tfnlp.data.tagging import read_tagged
from tfnlp.errors import UserError

CONLL = """\
-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC


Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER
-DOCSTART- -X- -X- O
# # I-NP O
"""


def written(tmp_path, text, name="eng.train"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_conll(tmp_path):
    corpus = read_tagged(written(tmp_path, CONLL))
    assert [sentence.tokens for sentence in corpus.sentences] == [
        ("EU", "rejects", "German"),
        ("Peter", "Blackburn"),
        ("#",),
    ]
    assert [sentence.tags for sentence in corpus.sentences] == [
        ("S-ORG", "O", "S-MISC"),
        ("B-PER", "E-PER"),
        ("O",),
    ]
    assert [sentence.line for sentence in corpus.sentences] == [3, 8, 11]
    assert corpus.scheme == "bioes"
    assert corpus.notes == {}


def test_other_columns_and_schemes(tmp_path):
    path = written(tmp_path, CONLL)
    assert read_tagged(path, tag_column=1).sentences[1].tags == ("NNP", "NNP")
    assert read_tagged(path, tag_column=1).scheme == "plain"
    assert read_tagged(path, token_column=1, tag_column=-2, to_scheme="bio").sentences[0].tokens[0] == "NNP"
    assert read_tagged(path, to_scheme="bio").sentences[1].tags == ("B-PER", "I-PER")
    assert read_tagged(path, to_scheme="iob1").sentences[1].tags == ("I-PER", "I-PER")


def test_gzip_windows_lines_and_a_byte_order_mark(tmp_path):
    raw = b"\xef\xbb\xbf" + CONLL.replace("\n", "\r\n").encode()
    assert len(read_tagged(written(tmp_path, gzip.compress(raw), "eng.train.gz"))) == 3


def test_tabs_keep_blanks_in_tokens(tmp_path):
    path = written(tmp_path, "中\tB-LOC\n国\tI-LOC\n\u3000\tO\nNew York\tB-LOC\n")
    assert read_tagged(path).sentences[0].tokens == ("中", "国", "\u3000", "New York")


def test_wide_blanks_are_tokens_between_blanks_too(tmp_path):
    assert read_tagged(written(tmp_path, "中 O\n\u3000 O\n")).sentences[0].tokens == ("中", "\u3000")


def test_comments_only_where_they_are_named(tmp_path):
    path = written(tmp_path, "# id 7 domain=a\nthe O\ncat B-X\n")
    assert read_tagged(path, format="columns", comment="# id").sentences[0].tokens == ("the", "cat")
    with pytest.raises(
        UserError, match=r"line 2: too few columns: 2 where line 1 has 4; .*comments need `comment`"
    ):
        read_tagged(path, format="columns")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a O\nb O\nc\n", r"c.txt, line 3: too few columns: 1 where line 1 has 2; Received: `c`; cure: "),
        (
            "a O\nNew York O\n",
            r"line 2: too many columns: 3 where line 1 has 2; .*needs tabs between the columns",
        ),
        ("\na\n", r"line 2: too few columns: 1; a token and its tag need 2"),
        ("a\tO\n\tO\n", r"line 2: the token is empty"),
        ("a\tO\nb\t\n", r"line 2: the tag is empty"),
        ("", r"c.txt: no sentences; expected at least one token"),
        ("-DOCSTART- O\n\n", r"no sentences"),
        ("a B-X\nb E-X\n\nc NN\n", r"line 4, token `c`: the tag `NN` is not of the scheme bioes"),
        (
            "a O\nb I-X\n\nc I-Y\n\nd B-X\ne B-X\n",
            r"line 6, token `d`: `B-X` begins the sentence.*cure: name the right `scheme`",
        ),
    ],
)
def test_bad_input_is_named(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read_tagged(written(tmp_path, text, "c.txt"), format="columns")


def test_columns_that_are_not_there(tmp_path):
    path = written(tmp_path, "a NN O\n")
    with pytest.raises(
        UserError, match=r"line 1: too few columns: 3, but tag_column = 3; cure: name another column"
    ):
        read_tagged(path, tag_column=3)
    with pytest.raises(UserError, match=r"token_column = 2 and tag_column = -1 are the same column"):
        read_tagged(path, token_column=2)
    with pytest.raises(UserError, match=r"`tag_column` must be a number for a file of columns"):
        read_tagged(path, tag_column="upos", format="columns")


def test_a_broken_scheme_is_an_error_or_mended(tmp_path, caplog):
    path = written(tmp_path, "a O\nb I-X\nc I-X\n\nd I-X\n\ne B-X\n")
    with pytest.raises(
        UserError,
        match=r"line 2, token `b`: `I-X` follows `O`; it must .* \(sentences that break the scheme: 2\); cure: .*mend",
    ):
        read_tagged(path, scheme="bio")
    corpus = read_tagged(path, scheme="bio", on_broken="mend", to_scheme="bio")
    assert [sentence.tags for sentence in corpus.sentences] == [("O", "B-X", "I-X"), ("B-X",), ("B-X",)]
    assert corpus.notes == {"mended sentences": 2}
    assert "mended as conlleval reads it" in caplog.text


def test_a_foreign_tag_is_never_mended(tmp_path):
    path = written(tmp_path, "a O\nb NN\n")
    with pytest.raises(UserError, match=r"line 2, token `b`: the tag `NN` is not of the scheme bio"):
        read_tagged(path, scheme="bio", on_broken="mend")


def test_a_foreign_tag_behind_a_broken_sequence_is_named_too(tmp_path):
    path = written(tmp_path, "a I-X\nb O\n\nc NN\n")
    with pytest.raises(UserError, match=r"line 4, token `c`: the tag `NN` is not of the scheme bio"):
        read_tagged(path, scheme="bio", on_broken="mend")
    path = written(tmp_path, "a I-X\nb NN\n")
    with pytest.raises(UserError, match=r"line 2, token `b`: the tag `NN` is not of the scheme bio"):
        read_tagged(path, scheme="bio", on_broken="mend")


def test_not_utf8(tmp_path):
    path = written(tmp_path, b"a O\nb\xff O\n")
    with pytest.raises(UserError, match=r"line 2: not valid UTF-8 \(byte 0xff at column 2\); cure: `iconv"):
        read_tagged(path)
    corpus = read_tagged(path, on_undecodable="replace")
    assert corpus.sentences[0].tokens == ("a", "b\ufffd")
    assert corpus.notes == {"lines with replaced bytes": 1}


def test_a_sentence_of_5000_tokens(tmp_path):
    corpus = read_tagged(written(tmp_path, "word B-X\n" * 5000))
    assert len(corpus) == 1 and corpus.tokens == 5000
    assert corpus.span_counts() == {"X": 5000}
