import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnlp.data import read_corpus
from tfnlp.errors import UserError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LABELS = st.text("abcäé中 ", min_size=1, max_size=5).filter(str.strip)


def write(folder, content, name="reviews.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def written(rows):
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue()


@given(st.lists(st.tuples(TEXTS, LABELS), min_size=1, max_size=8))
def test_csv_round_trip(tmp_path_factory, rows):
    path = write(tmp_path_factory.getbasetemp(), written([("text", "label"), *rows]), "round_trip.csv")
    corpus = read_corpus(path)
    assert corpus.texts == [text for text, _ in rows]
    assert corpus.labels == [label.strip() for _, label in rows]


@given(st.lists(st.tuples(TEXTS, LABELS), min_size=1, max_size=8))
def test_tsv_round_trip(tmp_path_factory, rows):
    rows = [(text.translate(dict.fromkeys(map(ord, "\t\r\n"), " ")), label) for text, label in rows]
    content = "".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows])
    corpus = read_corpus(write(tmp_path_factory.getbasetemp(), content, "round_trip.tsv"))
    assert corpus.texts == [text for text, _ in rows]


@pytest.mark.parametrize("name", ["reviews.csv", "REVIEWS.CSV"])
def test_named_columns(tmp_path, name):
    path = write(tmp_path, "id, review ,stars\n1,很好,5\n2,不好,1\n", name)
    corpus = read_corpus(path, text_column="review", label_column="stars")
    assert (corpus.texts, corpus.labels, corpus.places) == (["很好", "不好"], ["5", "1"], [2, 3])
    assert corpus.source == str(path)


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_gzip(tmp_path, ending):
    comma = {"csv": ",", "tsv": "\t"}[ending]
    path = write(tmp_path, gzip.compress(f"text{comma}label\na{comma}x\n".encode()), f"r.{ending}.gz")
    assert read_corpus(path).texts == ["a"]


def test_quoted_newlines_and_the_lines_rows_begin_at(tmp_path):
    corpus = read_corpus(write(tmp_path, 'text,label\n"one\ntwo\r\nthree ""3""",x\n\nfour,y\n'))
    assert corpus.texts == ['one\ntwo\r\nthree "3"', "four"]
    assert corpus.places == [2, 6]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_byte_order_mark(tmp_path, end, bom, last):
    content = end.join(["text,label", "a,x", "b,y"]) + end * last
    corpus = read_corpus(write(tmp_path, bom + content.encode()))
    assert (corpus.texts, corpus.labels, corpus.places) == (["a", "b"], ["x", "y"], [2, 3])


@pytest.mark.parametrize(("ending", "comma"), [("csv", ","), ("tsv", "\t")])
def test_odd_characters_do_not_split_lines(tmp_path, ending, comma):
    odd = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x00h"
    corpus = read_corpus(write(tmp_path, f"text{comma}label\n{odd}{comma}x\n", f"odd.{ending}"))
    assert corpus.texts == [odd]


def test_a_text_of_a_megabyte(tmp_path):
    limit = csv.field_size_limit()
    corpus = read_corpus(write(tmp_path, "text,label\n" + "很" * 400_000 + ",x\n"))
    assert len(corpus.texts[0]) == 400_000
    assert csv.field_size_limit() == limit


def test_quotes_in_tsv_are_quotes(tmp_path):
    corpus = read_corpus(write(tmp_path, 'text\tlabel\n"open\tx\na "b" c, d\ty\r\n', "r.tsv"))
    assert corpus.texts == ['"open', 'a "b" c, d']
    assert corpus.labels == ["x", "y"]


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_single_column(tmp_path, ending):
    path = write(tmp_path, "text\na\n\nb\n", f"r.{ending}")
    corpus = read_corpus(path, label_column=None)
    assert (corpus.texts, corpus.labels) == (["a", "b"], None)
    with pytest.raises(UserError, match=r"no column `label`.*There: `text`.*label_column=None"):
        read_corpus(path)


def test_label_separator_makes_lists(tmp_path):
    path = write(tmp_path, "text,label\na,x|y\nb,\nc, y | y \n")
    assert read_corpus(path, label_separator="|").labels == [["x", "y"], [], ["y"]]


def test_label_separator_must_not_be_empty(tmp_path):
    with pytest.raises(UserError, match="label_separator"):
        read_corpus(tmp_path, label_separator="")


def test_missing_column_names_the_nearest(tmp_path):
    path = write(tmp_path, "texts,label\na,x\n")
    with pytest.raises(
        UserError, match=r"reviews.csv, line 1: no column `text`. Did you mean `texts`\? There: `te"
    ):
        read_corpus(path)


def test_headerless_file(tmp_path):
    path = write(tmp_path, "what a film,positive\nwhat a bore,negative\n")
    with pytest.raises(
        UserError, match=r"There: `what a film`, `positive`; the first row must name the columns"
    ):
        read_corpus(path)


def test_column_there_twice(tmp_path):
    with pytest.raises(UserError, match="`text` is there twice"):
        read_corpus(write(tmp_path, "text,text,label\na,b,x\n"))


@pytest.mark.parametrize(("ending", "comma"), [("csv", ","), ("tsv", "\t")])
@pytest.mark.parametrize(("row", "count"), [("a", 1), ("a{0}x{0}y", 3)])
def test_wrong_number_of_fields(tmp_path, ending, comma, row, count):
    path = write(tmp_path, f"text{comma}label\nfine{comma}x\n{row.format(comma)}\n", f"r.{ending}")
    with pytest.raises(
        UserError, match=rf"line 3: {count} fields? where 2 were expected \(`text`, `label`\)"
    ):
        read_corpus(path)


def test_empty_label(tmp_path):
    with pytest.raises(UserError, match=r"line 3: column `label` must hold a label. Received: ' '"):
        read_corpus(write(tmp_path, "text,label\na,x\nb, \n"))


def test_unclosed_quote(tmp_path):
    with pytest.raises(UserError, match=r"line 3: a quote opens .* never closed"):
        read_corpus(write(tmp_path, 'text,label\na,x\n"b,x\nc,y\n'))


def test_stray_quotes_are_let_through(tmp_path):
    assert read_corpus(write(tmp_path, 'text,label\n5" disk,x\n"a" b,y')).texts == ['5" disk', "a b"]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_empty_file(tmp_path, ending):
    with pytest.raises(UserError, match="the file is empty; expected"):
        read_corpus(write(tmp_path, "", f"r.{ending}"))


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_header_alone(tmp_path, ending):
    with pytest.raises(UserError, match="no rows; expected at least one text"):
        read_corpus(
            write(tmp_path, "text,label\n".replace(",", {"csv": ",", "tsv": "\t"}[ending]), f"r.{ending}")
        )
