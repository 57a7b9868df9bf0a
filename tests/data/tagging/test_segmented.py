import pytest

from tfnlp.data.tagging import read_tagged, words_of
from tfnlp.errors import UserError


def written(tmp_path, text, name="pku_training.utf8"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_words_become_characters(tmp_path):
    corpus = read_tagged(
        written(tmp_path, "迈向  充满\u3000希望 的\t社会主义\n\n中 ｉPhone 。\n"), format="segmented"
    )
    first, second = corpus.sentences
    assert first.tokens == tuple("迈向充满希望的社会主义")
    assert "".join(first.tags) == "BEBEBESBMME"
    assert (first.text, first.starts, first.line) == ("迈向充满希望的社会主义", tuple(range(11)), 1)
    assert "".join(second.tags) == "SBMMMMES"
    assert second.line == 3
    assert corpus.scheme == "bmes"
    assert corpus.notes == {"empty sentences": 1}


def test_bare_letters_stay_unless_another_scheme_than_bioes_is_asked(tmp_path):
    path = written(tmp_path, "社会主义 的\n")
    assert read_tagged(path, format="segmented", to_scheme="bioes").sentences[0].tags == (
        "B",
        "M",
        "M",
        "E",
        "S",
    )
    assert read_tagged(path, format="segmented", to_scheme="bio").sentences[0].tags == (
        "B",
        "I",
        "I",
        "I",
        "B",
    )


def test_invisible_characters_are_dropped(tmp_path):
    corpus = read_tagged(written(tmp_path, "中\u200b国 \ufeff 好\n"), format="segmented")
    assert corpus.sentences[0].tokens == ("中", "国", "好")
    assert corpus.sentences[0].tags == ("B", "E", "S")


def test_nothing_but_blanks(tmp_path):
    with pytest.raises(UserError, match=r"no sentences; .*\(empty sentences: 2\)"):
        read_tagged(written(tmp_path, "\n \n"), format="segmented")


def test_words_again():
    assert words_of("迈向希望的", ["B", "E", "B", "E", "S"]) == ["迈向", "希望", "的"]
    assert words_of("迈向希望的", ["M", "B", "E", "B", "S"]) == ["迈", "向希", "望", "的"]  # mended
    assert words_of("去京了", ["O", "S-LOC", "O"], "bioes") == ["去", "京", "了"]
    assert words_of("", []) == []
