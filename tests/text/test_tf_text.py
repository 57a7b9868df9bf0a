import sys

import pytest

from tfnlp.errors import UserError
from tfnlp.text import WordPieceTokenizer


def test_a_missing_tf_text_names_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    with pytest.raises(UserError, match=r"pip install 'tensorflow-text==2\.\d+\.\*'"):
        WordPieceTokenizer().set_vocabulary(["[PAD]", "[UNK]", "a"])
