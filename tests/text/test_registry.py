import pytest

from tfnlp.errors import UserError
from tfnlp.text import tokenizer_class
from tfnlp.text.registry import TOKENIZERS


@pytest.mark.parametrize("name", TOKENIZERS)
def test_each_name_gives_its_class(name):
    assert tokenizer_class(name).kind == name


def test_a_wrong_name_gets_the_nearest():
    with pytest.raises(UserError, match=r"no tokenizer `chars`.*Did you mean `char`"):
        tokenizer_class("chars")
