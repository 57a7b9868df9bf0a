import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfnlp.data.tagging.cutting import cut, mostly_spaceless
from tfnlp.text import CharacterTokenizer, WordTokenizer, byte_to_character_offsets

TOKENIZERS = {"char": CharacterTokenizer(lowercase=False), "word": WordTokenizer(lowercase=False)}
TEXTS = st.text(
    st.sampled_from("aB1é\u0301 \t\n\u3000\u200b\u200d\ufe0f\ufffd，。我喜ぎ👍🏽❤ß")
    | st.characters(exclude_categories=["Cs"]),
    max_size=20,
)


@pytest.mark.parametrize("tokenizer", ["char", "word"])
@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, min_size=8, max_size=8))
@example(["", "  a\u200b\u0301 b ", "\u200b \u200b a", "a \u200b b"])
def test_cuts_as_the_tokenizers_do(tokenizer, texts):
    """What is trained on pre-cut must be what the same text is cut into later."""
    cuts = (part.to_list() for part in TOKENIZERS[tokenizer].tokenize_with_offsets(texts))
    for text, tokens, starts, ends in zip(texts, *cuts, strict=True):
        places = byte_to_character_offsets(text, [*starts, *ends])
        expected = ([token.decode() for token in tokens], places[: len(tokens)], places[len(tokens) :])
        assert cut(text, tokenizer) == expected


def test_most_letters_decide():
    assert mostly_spaceless(["我喜欢 tea"]) is False  # three against three
    assert mostly_spaceless(["我喜欢 te"]) is True
    assert mostly_spaceless([]) is False
