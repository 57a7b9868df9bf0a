"""ARPA's format: files written by hand, as SRILM and KenLM lay them out, and what is wrong with others."""

import gzip
import math

import numpy as np
import pytest

from tfnlp.errors import UserError
from tfnlp.ngram import SMOOTHINGS, load_ngram_model, read_arpa, train_ngram_model, write_arpa

# Written by hand: SRILM's order of sections, -99 for <s>, no back-off weight where nothing follows.
GOLDEN = """\\data\\
ngram 1=5
ngram 2=4
ngram 3=1

\\1-grams:
-1.0	<unk>
-99.0	<s>	-0.30103
-0.60206	</s>
-0.60206	a	-0.1
-0.30103	b	-0.2

\\2-grams:
-0.2	<s> a	-0.05
-0.4	a b
-0.5	b </s>
-0.6	b a

\\3-grams:
-0.1	<s> a b

\\end\\
"""
# The same model otherwise laid out: KenLM's 0 for <s>, spaces for tabs, words in another order, text before it.
OTHERWISE = """made by hand

\\data\\
ngram 1 = 5
ngram 2 = 4
ngram 3=1

\\1-grams:
-0.30103 b -0.2
0 <s> -0.30103
-1 <unk> 0
-0.60206 a -0.1
-0.60206 </s> 0

\\2-grams:
-0.6 b a 0
-0.5 b </s> 0
-0.2 <s> a -0.05
-0.4 a b 0

\\3-grams:
-0.1 <s> a b

\\end\\
"""


@pytest.mark.parametrize("text", [GOLDEN, OTHERWISE], ids=["srilm", "kenlm"])
@pytest.mark.parametrize("zipped", [False, True])
def test_probabilities_by_hand(tmp_path, text, zipped):
    path = tmp_path / ("m.arpa.gz" if zipped else "m.arpa")
    path.write_bytes(gzip.compress(text.encode()) if zipped else text.encode())
    model = load_ngram_model(path)
    # <s> a: -0.2; <s> a b: -0.1; a b a: b a, behind (a b) with weight 1; b a </s>: weight of a, then </s>.
    expected = -0.2 - 0.1 - 0.6 + (-0.1 - 0.60206)
    scores = model.score(["a b a", "", "zebra a"])
    assert scores.log_probabilities[0] == pytest.approx(expected * math.log(10), rel=1e-6)
    assert scores.log_probabilities[1] == pytest.approx((-0.30103 - 0.60206) * math.log(10), rel=1e-6)
    # <unk> behind <s>: its weight; then a with no context that is there; then </s> behind a.
    assert scores.log_probabilities[2] == pytest.approx(
        (-0.30103 - 1.0 - 0.60206 - 0.1 - 0.60206) * math.log(10), rel=1e-6
    )
    assert scores.tokens.tolist() == [4, 1, 3] and scores.unknown.tolist() == [0, 0, 1]
    write_arpa(model, tmp_path / "again.arpa")
    if text == GOLDEN:
        assert (tmp_path / "again.arpa").read_text() == GOLDEN


def test_no_empty_lines(tmp_path):
    (tmp_path / "m.arpa").write_text(GOLDEN)
    (tmp_path / "dense.arpa").write_text(GOLDEN.replace("\n\n", "\n"))
    dense, spread = (read_arpa(tmp_path / name) for name in ("dense.arpa", "m.arpa"))
    assert dense.perplexity(["a b a"]) == spread.perplexity(["a b a"])


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_there_and_back_is_the_same(tmp_path, smoothing):
    model = train_ngram_model(["a b a b c", "b a c", "我 喜欢 a b"], order=3, smoothing=smoothing)
    write_arpa(model, tmp_path / "m.arpa.gz")
    again = read_arpa(tmp_path / "m.arpa.gz")
    assert again.ngrams == model.ngrams
    for context in ("", "a", "a b", "我", "zebra b"):
        ours, theirs = model.next_words(context), again.next_words(context)
        for word in model.words:
            assert theirs[again.ids[word]] == ours[model.ids[word]]
    write_arpa(model, tmp_path / "m2.arpa.gz")
    assert (tmp_path / "m.arpa.gz").read_bytes() == (tmp_path / "m2.arpa.gz").read_bytes()


def test_characters_go_through_the_format(tmp_path):
    model = train_ngram_model(["ab ab", "b a"], order=3, level="char")
    write_arpa(model, tmp_path / "m.arpa")
    assert "b <space> a" in (tmp_path / "m.arpa").read_text()
    again = read_arpa(tmp_path / "m.arpa", level="char")
    assert again.perplexity(["ab a"]) == model.perplexity(["ab a"])


def test_another_name_for_unknown_words(tmp_path):
    path = tmp_path / "m.arpa"
    path.write_text(GOLDEN.replace("<unk>", "<UNK>"))
    assert read_arpa(path).words[0] == "<unk>"
    path.write_text(GOLDEN.replace("-1.0	<unk>\n", "").replace("1=5", "1=4"))
    report = read_arpa(path).perplexity(["a zebra"])
    assert math.isinf(report.perplexity) and math.isfinite(report.perplexity_without_unknown)
    assert (report.impossible, report.known_impossible) == (1, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\\data\\", "data", "no ARPA file: there is no line"),
        ("ngram 2=4", "ngram 3=4", r"line 3: expected `ngram 2=COUNT`. Received: ngram 3=4"),
        ("\\2-grams:", "\\two-grams:", r"line 13: expected `\\2-grams:`. Received: \\two-grams:"),
        (
            "-0.4	a b",
            "x	a b",
            "line 15: expected a log10 probability, 2 words and perhaps a back-off weight",
        ),
        ("-0.4	a b", "-0.4	a", "line 15: expected a log10 probability, 2 words"),
        ("-0.4	a b", "-0.4	a b c d", "line 15: expected a log10 probability, 2 words"),
        ("-0.4	a b", "0.4	a b", "line 15: a log10 probability must be at most 0.* Received: 0.4 and 0"),
        ("-0.4	a b", "nan	a b", "line 15: a log10 probability must be at most 0"),
        ("-0.4	a b", "-0.4	a c", "line 15: the word `c` is not among the 1-grams"),
        ("-0.4	a b", "-0.2	<s> a", "line 15: the same n-gram as in line 14"),
        ("-0.1	<s> a b", "-0.1	<s> b a", "line 20: its context `<s> b` is not among the 2-grams"),
        ("ngram 2=4", "ngram 2=3", "line 17: more 2-grams than the 3 that the head tells of. Received: -0.6"),
        (
            "ngram 2=4",
            "ngram 2=5",
            "line 18: .* 5 such lines, of which this is number 5. Received: an empty line",
        ),
        ("ngram 3=1", "ngram 3=99999999999999", "99999999999999 such lines, of which this is number 2"),
        ("\n\\end\\\n", "\n", r"expected `\\end\\` behind the 3-grams"),
        ("-0.60206	</s>\n", "-0.60206	c\n", "`</s>` is not among the 1-grams"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, old, new, message):
    path = tmp_path / "broken.arpa"
    assert old in GOLDEN
    path.write_text(GOLDEN.replace(old, new, 1))
    with pytest.raises(UserError, match=message) as error:
        load_ngram_model(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.97])
def test_a_cut_off_file(tmp_path, share):
    path = tmp_path / "broken.arpa"
    path.write_text(GOLDEN[: int(len(GOLDEN) * share)])
    with pytest.raises(UserError, match=r"broken\.arpa"):
        load_ngram_model(path)
    zipped = gzip.compress(GOLDEN.encode())
    path.write_bytes(zipped[: int(len(zipped) * 0.8)])
    with pytest.raises(UserError, match="not a whole gzip file"):
        load_ngram_model(path)


def test_words_that_are_no_utf8(tmp_path):
    path = tmp_path / "broken.arpa"
    path.write_bytes(GOLDEN.encode().replace(b"-0.60206\ta", b"-0.60206\t\xff"))
    with pytest.raises(UserError, match="line 10: not valid UTF-8"):
        load_ngram_model(path)


def test_kenlm_reads_what_we_write_and_scores_it_alike(tmp_path):
    kenlm = pytest.importorskip("kenlm")
    texts = ["a b a b c", "b a c", "a a b"]
    model = train_ngram_model(texts, order=3)
    write_arpa(model, tmp_path / "m.arpa")
    theirs = kenlm.Model(str(tmp_path / "m.arpa"))
    for text in [*texts, "c c zebra a"]:
        ours = float(model.score([text]).log_probabilities[0]) / np.log(10)
        assert theirs.score(text, bos=True, eos=True) == pytest.approx(ours, abs=1e-5)
