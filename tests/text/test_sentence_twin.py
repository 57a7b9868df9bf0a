"""The Python twin cuts and joins sentences as the graph does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnlp.text.registry import tokenizer_class
from tfnlp.text.sentence_preprocessor import SentencePreprocessor
from tfnlp.text.sentence_twin import PythonSentencePreprocessor

CORPUS = ["the cat, the <unk> mat.", "我爱北京 a dog", "</ s> [ PAD ] é ."]


@pytest.fixture(scope="module")
def pairs():
    made = {}
    for kind in ("space", "word", "char"):
        graph = SentencePreprocessor(tokenizer_class(kind)())
        graph.adapt(CORPUS)
        made[kind] = graph, PythonSentencePreprocessor(graph.settings(), graph.vocabulary.tokens)
    return made


@pytest.mark.parametrize("kind", ["space", "word", "char"])
@settings(max_examples=40, deadline=None)
@given(text=st.text(alphabet="the cat我爱,.<unk>/s[PAD]é😀 \u3000\n", max_size=20))
def test_the_twin_cuts_and_joins_as_the_graph_does(pairs, kind, text):
    graph, twin = pairs[kind]
    ids, unknown = twin(text)
    assert ids == graph.ragged([text]).values.numpy().tolist()
    assert unknown == graph.unknown_words([text]).numpy().tolist()
    assert twin.detokenize([*ids, 2]) == graph.detokenize([[*ids, 2]]).numpy()[0].decode()
    assert twin.joins_cut_words == graph.joins_cut_words


@pytest.mark.parametrize("kind", ["space", "word", "char"])
@pytest.mark.parametrize("text", ["[PAD] </s> [UNK] <unk>", "", b"a \xff b", "the\x00cat"])
def test_marks_in_a_text_are_no_marks(pairs, kind, text):
    graph, twin = pairs[kind]
    ids, unknown = twin(text)
    assert ids == graph.ragged([text]).values.numpy().tolist()
    assert unknown == graph.unknown_words([text]).numpy().tolist()
    assert not {0, 2} & {*ids}
