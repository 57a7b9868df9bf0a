import pytest

from tfnlp.data.tagging import read_tagged
from tfnlp.errors import UserError


def row(number, form, upos="X", xpos="_"):
    return f"{number}\t{form}\t_\t{upos}\t{xpos}\t_\t0\troot\t_\t_\n"


TREEBANK = (
    "# newdoc\n# sent_id = 1\n# text = They don't  know.\n"
    + row(1, "They", "PRON", "PRP")
    + "2-3\tdon't" + "\t_" * 8 + "\n"
    + row(2, "do", "AUX", "VBP")
    + row(3, "n't", "PART", "RB")
    + row(4, "know", "VERB", "VB")
    + "4.1\tknown" + "\t_" * 8 + "\n"
    + row(5, ".", "PUNCT", ".")
    + "\n# text = 去美國。\n"
    + row(1, "去", "VERB", "VV")
    + row(2, "美國", "PROPN", "NNP")
    + row(3, "。", "PUNCT", ".")
    + "\n# text = du pain\n1-2\tdu" + "\t_" * 8 + "\n"
    + row(1, "de", "ADP")
    + row(2, "le", "DET")
    + row(3, "pain", "NOUN")
)  # fmt: skip


def written(tmp_path, text, name="en-ud.conllu"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_words_with_their_part_of_speech(tmp_path):
    corpus = read_tagged(written(tmp_path, TREEBANK))
    assert corpus.scheme == "plain"
    first, second, third = corpus.sentences
    assert first.tokens == ("They", "do", "n't", "know", ".")
    assert first.tags == ("PRON", "AUX", "PART", "VERB", "PUNCT")
    assert first.text == "They don't  know."
    assert [first.text[start:][: len(token)] for start, token in zip(first.starts, first.tokens)] == list(
        first.tokens
    )
    assert (second.text, second.starts, second.line) == ("去美國。", (0, 1, 3), 13)
    # The words of `du` do not stand in it.
    assert (third.tokens, third.text, third.starts) == (("de", "le", "pain"), None, None)


@pytest.mark.parametrize("column", ["xpos", "XPOS", 4])
def test_another_column(tmp_path, column):
    text = TREEBANK[: TREEBANK.index("\n# text = du")]
    assert read_tagged(written(tmp_path, text), tag_column=column).sentences[1].tags == ("VV", "NNP", ".")


def test_ten_columns_are_conllu_whatever_the_ending(tmp_path):
    assert len(read_tagged(written(tmp_path, TREEBANK, "dev.conll"))) == 3


def test_a_sentence_of_comments_alone_is_counted(tmp_path):
    corpus = read_tagged(written(tmp_path, "# text =\n\n" + row(1, "a") + "\n\n"))
    assert len(corpus) == 1
    assert corpus.notes == {"empty sentences": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (row(1, "a") + "2\tb\tNOUN\n", r"line 2: too few columns: 3 where CoNLL-U has ten"),
        (row(1, "a").replace("\n", "\t_\n"), r"line 1: too many columns: 11"),
        (row("x", "a"), r"line 1: the first column must be the word's number\. Received: `x`"),
        (
            row(1, "a", "_"),
            r"line 1: word 1 `a` has no upos \(`_`\); cure: name another column with tag_column",
        ),
        ("", "no sentences"),
    ],
)
def test_bad_input_is_named(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read_tagged(written(tmp_path, text))


def test_unknown_column(tmp_path):
    with pytest.raises(
        UserError, match=r"`tag_column` must be a column of CoNLL-U.*'pos'.*Did you mean `xpos`"
    ):
        read_tagged(written(tmp_path, TREEBANK), tag_column="pos")
    with pytest.raises(UserError, match=r"Received: 10"):
        read_tagged(written(tmp_path, TREEBANK), tag_column=10)
