import pytest

from tfnlp.data.tagging import TaggedCorpus, TaggedSentence
from tfnlp.errors import UserError


def sentence(tokens, tags, **more):
    return TaggedSentence(tuple(tokens.split("|")), tuple(tags.split()), **more)


CORPUS = TaggedCorpus(
    [
        sentence("Peter|flew|to|New|York|.", "S-PER O O B-LOC E-LOC O", line=4),
        sentence("Ann|in|ＵＳＡ|，|我|爱|中国|ok", "S-PER O S-LOC O O O S-LOC O"),
    ],
    "ner.txt",
    "bioes",
)


def test_counts():
    assert len(CORPUS) == 2
    assert CORPUS.tokens == 14
    assert CORPUS.tag_counts() == {"O": 8, "S-LOC": 2, "S-PER": 2, "B-LOC": 1, "E-LOC": 1}
    assert CORPUS.span_counts() == {"LOC": 3, "PER": 2}


def test_places():
    assert CORPUS.place(0) == "line 4"
    assert CORPUS.place(1) == "sentence 2"


def test_subset():
    part = CORPUS.subset([1])
    assert (len(part), part.source, part.scheme) == (1, "ner.txt", "bioes")
    assert part.sentences[0] is CORPUS.sentences[1]


def test_joined_by_spaces_but_for_scripts_without():
    assert CORPUS.text_of(0) == "Peter flew to New York ."
    assert CORPUS.text_of(1) == "Ann in ＵＳＡ，我爱中国ok"
    for row in range(2):
        text, starts = CORPUS.text_of(row), CORPUS.starts_of(row)
        tokens = CORPUS.sentences[row].tokens
        assert [text[start : start + len(token)] for start, token in zip(starts, tokens)] == list(tokens)


def test_characters_are_joined_by_nothing():
    corpus = TaggedCorpus([sentence("我|用|i|P|h|o|n|e", "O O B I I I I I")] * 3, "x", "bio")
    assert corpus.of_characters
    assert corpus.text_of(0) == "我用iPhone"
    assert corpus.subset([0]).text_of(0) == "我用iPhone"
    assert not TaggedCorpus([sentence("I|a", "O O")], "x", "bio").of_characters  # letters, but of English


def test_a_sentence_keeps_its_own_text():
    one = sentence("don|'|t", "O O O", text="don't ", starts=(0, 3, 4))
    corpus = TaggedCorpus([one], "x", "bio")
    assert corpus.text_of(0) == "don't "
    assert corpus.starts_of(0) == (0, 3, 4)


def test_converted():
    assert CORPUS.converted("bio").sentences[0].tags == ("B-PER", "O", "O", "B-LOC", "I-LOC", "O")
    assert CORPUS.converted("bio").sentences[0].line == 4
    assert CORPUS.converted("bioes") is CORPUS
    with pytest.raises(UserError, match="cannot be written as `plain`"):
        CORPUS.converted("plain")


def test_sentences_that_do_not_fit_together():
    with pytest.raises(ValueError, match=r"at least one token, and one tag a token. Received: 0 tokens"):
        TaggedSentence((), ())
    with pytest.raises(ValueError, match="Received: 1 tokens, 2 tags"):
        TaggedSentence(("a",), ("O", "O"))
    with pytest.raises(ValueError, match="`text` and `starts` come together"):
        TaggedSentence(("a",), ("O",), text="a")
    with pytest.raises(ValueError, match="one place a token"):
        TaggedSentence(("a",), ("O",), text="a", starts=(0, 1))
    with pytest.raises(UserError, match="`scheme` must be one of"):
        TaggedCorpus([], "x", "iob3")
