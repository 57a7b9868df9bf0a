import gzip

import pytest

from benchmarks import datasets
from benchmarks.datasets import LOADERS, Part, read_tree, stratified_indices, stratified_parts


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def test_read_tree_gives_every_phrase_and_undoes_the_escapes():
    tree = "(4 (2 -LRB-) (3 (2 very) (3 (3 good) (2 1\\/2))))"
    assert read_tree(tree) == [
        (2, "("),
        (2, "very"),
        (3, "good"),
        (2, "1/2"),
        (3, "good 1/2"),
        (3, "very good 1/2"),
        (4, "( very good 1/2"),
    ]


@pytest.mark.parametrize(
    ("classes", "phrases", "train"),
    [
        (2, False, [("very good", 1), ("good grief", 0)]),
        (2, True, [("good", 1), ("very good", 1), ("grief", 0), ("good grief", 0)]),
        (5, False, [("very good", 3), ("good grief", 1), ("a b", 2)]),
        (
            5,
            True,
            [
                *[("very", 2), ("good", 3), ("very good", 3), ("grief", 0), ("good grief", 1)],
                *[("a", 2), ("b", 2), ("a b", 2)],
            ],
        ),
    ],
)
def test_sst_of_two_classes_drops_neutral_ones_and_each_phrase_comes_once(tmp_path, classes, phrases, train):
    write(
        tmp_path / "sst" / "train.txt.gz",
        ["(3 (2 very) (3 good))", "(1 (3 good) (0 grief))", "(2 (2 a) (2 b))"],
    )
    for name in ("dev", "test"):
        write(tmp_path / "sst" / f"{name}.txt.gz", ["(4 (2 so) (3 good))", "(2 (2 so) (2 so))"])
    (dataset,) = datasets.load_sst(tmp_path, classes, phrases)
    assert list(zip(dataset.train.texts, dataset.train.labels)) == train
    whole = Part(["so good"], [1]) if classes == 2 else Part(["so good", "so so"], [4, 2])
    assert dataset.valid == dataset.test == whole  # whole sentences in either case


def test_mr_folds_share_nothing_and_cover_all(tmp_path):
    for name in ("neg", "pos"):
        write(tmp_path / "mr" / f"rt-polarity.{name}.txt.gz", [f"{name} {i}" for i in range(40)])
    folds = list(datasets.load_mr(tmp_path, folds=10))
    assert [fold.fold for fold in folds] == list(range(10))
    assert sorted(text for fold in folds for text in fold.test.texts) == sorted(
        f"{name} {i}" for name in ("neg", "pos") for i in range(40)
    )
    for fold in folds:
        parts = [set(part.texts) for part in (fold.train, fold.valid, fold.test)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 80
        assert sum(fold.test.labels) == 4  # half of the eight
        assert all(label == text.startswith("pos") for text, label in zip(fold.test.texts, fold.test.labels))


def test_tables_give_texts_and_class_numbers(tmp_path):
    for name in ("train", "test"):
        write(
            tmp_path / "trec6" / f"{name}.tsv.gz",
            ["LOC\tLOC:city\tWhere is it ?", "ABBR\tABBR:exp\tWhat is x ?"] * 10,
        )
        write(tmp_path / "imdb" / f"{name}.tsv.gz", ["pos\t9\t1\tFine.<br />Yes.", "neg\t1\t2\tBad."] * 10)
    (trec,) = LOADERS["trec"](tmp_path, 0)
    assert trec.test.labels[:2] == [4, 0] and trec.test.texts[0] == "Where is it ?"
    assert trec.sizes == {"train": 18, "valid": 2, "test": 20}
    (imdb,) = LOADERS["imdb"](tmp_path, 0)
    assert imdb.test.labels[:2] == [1, 0] and imdb.test.texts[0] == "Fine. Yes."


def test_thucnews_keeps_its_own_split_and_counts_lines_by_line_feed(tmp_path):
    folder = tmp_path / "thucnews_titles"
    for name in ("train_45k", "dev", "test"):
        write(folder / f"{name}.txt.gz", ["一个\u2028题\t1", "另一个\t0"])
    (folder / "class.txt").write_text("finance\nrealty\n", encoding="utf-8")
    (dataset,) = LOADERS["thucnews"](tmp_path, 0)
    assert dataset.classes == ("finance", "realty")
    assert dataset.train == Part(["一个\u2028题", "另一个"], [1, 0])


def test_a_missing_file_is_named():
    with pytest.raises(SystemExit, match=r"rt-polarity\.neg.*first argument"):
        list(datasets.load_mr(datasets.Path("/nowhere")))


def test_stratified_parts_are_repeatable_and_balanced():
    part = Part([str(i) for i in range(100)], [int(i < 30) for i in range(100)])
    rest, cut = stratified_parts(part, 0.1, seed=5)
    assert (rest, cut) == stratified_parts(part, 0.1, seed=5)
    assert (rest, cut) != stratified_parts(part, 0.1, seed=6)
    assert sum(cut.labels) == 3 and len(cut) == 10 and len(rest) == 90
    assert all(label == (int(text) < 30) for text, label in zip(rest.texts, rest.labels))
    assert sorted(i for pile in stratified_indices(part.labels, 7, 0) for i in pile) == list(range(100))
