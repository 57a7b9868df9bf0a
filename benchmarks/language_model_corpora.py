"""The texts that language models are measured on: one sentence a line, in files that are no part of this repository."""

import gzip
from pathlib import Path

PARTS = ("train", "valid", "test")
# Folder and files of each, with or without `.gz`; `{}` is the part's name.
LAYOUTS = {"ptb": ("ptb", "ptb.{}.txt")}


def find_corpus(data: Path, name: str) -> dict[str, Path]:
    """The files of a corpus.

    Args:
        data: the folder of all data sets, or the corpus's own.
        name: a key of `LAYOUTS`.

    Raises:
        FileNotFoundError: naming the first file that is missing.
    """
    folder_name, pattern = LAYOUTS[name]
    folder = data / folder_name if (data / folder_name).is_dir() else data
    found = {}
    for part in PARTS:
        plain = folder / pattern.format(part)
        zipped = plain.with_name(plain.name + ".gz")
        found[part] = zipped if zipped.is_file() else plain
        if not found[part].is_file():
            raise FileNotFoundError(f"no {plain} (nor {zipped.name}); see benchmarks/README.md")
    return found


def read_sentences(path: Path) -> list[str]:
    """The lines that are not blank."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        return [line.strip() for line in file if line.strip()]
