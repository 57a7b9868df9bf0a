"""Reads a TensorFlow Datasets name."""

from __future__ import annotations

import logging
import os
import re
from typing import Any

from tfnlp.data.corpus import Corpus
from tfnlp.data.reading import CorpusBuilder, ReadOptions, missing_column
from tfnlp.errors import UserError, did_you_mean

logger = logging.getLogger(__name__)

# name[/config][:1.0.0][:split], where the split may hold colons of its own: `train[:10%]`
NAME = re.compile(r"(?P<builder>[^:]+(?::[\d*]+\.[\d*]+\.[\d*]+)?)(?::(?P<split>.+))?")


def read_tfds(name: str, options: ReadOptions) -> Corpus:
    """Reads one split of a TensorFlow Datasets data set.

    Data already prepared in the folder that the environment variable `TFDS_DATA_DIR` names (default
    `~/tensorflow_datasets`) is read from there; otherwise TensorFlow Datasets downloads it. Class ids become
    the class names of the data set's features; a sequence of classes is multi-label.

    Args:
        name: `name[/config][:version][:split]`, e.g. `imdb_reviews/plain_text:train[:10%]`. Without a split:
            the only one, or `train`.
        options: the options of the read; the columns are names of features.

    Raises:
        UserError: for a data set, split or feature that is not there.
    """
    import tensorflow_datasets as tfds

    match = NAME.fullmatch(name)
    if match is None:
        raise UserError(f"tfds:{name}: expected `tfds:name[/config][:version][:split]`")
    builder = _builder(match["builder"])
    if not builder.info.splits:
        logger.info("preparing the TensorFlow Datasets data set %s", builder.info.full_name)
        builder.download_and_prepare()
    split = match["split"] or _default_split(name, list(builder.info.splits))
    features = builder.info.features
    columns = [column for column in (options.text_column, options.label_column) if column is not None]
    for column in columns:
        if column not in features:
            raise missing_column(
                f"tfds:{name}",
                None,
                column,
                features,
                is_label=column == options.label_column,
                kind="feature",
            )
    try:
        rows = builder.as_dataset(
            split=split, decoders=tfds.decode.PartialDecoding({c: True for c in columns})
        )
    except ValueError as error:
        there = ", ".join(f"`{known}`" for known in builder.info.splits)
        hint = did_you_mean(split, builder.info.splits)
        raise UserError(f"tfds:{name}: no split `{split}`.{hint} There: {there}") from error
    corpus = CorpusBuilder(f"tfds:{name}", options)
    names = None if options.label_column is None else _class_names(features[options.label_column])
    for number, row in enumerate(tfds.as_numpy(rows), start=1):
        label = None if options.label_column is None else _label(row[options.label_column], names)
        corpus.add(row[options.text_column], label, f"row {number}")
    return corpus.build()


def _builder(name: str) -> Any:
    import tensorflow_datasets as tfds

    try:
        # Read at each call: TFDS itself looks at the variable only once, when it is imported.
        return tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
    except tfds.core.DatasetNotFoundError as error:
        known = tfds.list_builders(with_community_datasets=False)
        hint = did_you_mean(re.split("[/:]", name)[0], known)
        raise UserError(
            f"tfds:{name}: no such data set.{hint} The list: "
            "https://www.tensorflow.org/datasets/catalog/overview; a data set of your own is "
            "looked for in the folder that TFDS_DATA_DIR names"
        ) from error
    except (AssertionError, ValueError) as error:  # an unknown config or version
        raise UserError(f"tfds:{name}: {error}") from error


def _default_split(name: str, splits: list[str]) -> str:
    if len(splits) == 1:
        return splits[0]
    if "train" in splits:
        return "train"
    there = ", ".join(f"`tfds:{name}:{split}`" for split in splits)
    raise UserError(f"tfds:{name}: name a split, one of {there}")


def _class_names(feature: Any) -> list[str] | None:
    """Returns the names of a ClassLabel feature or of a sequence of such, `None` for other features."""
    inner = getattr(feature, "feature", feature)
    names = getattr(inner, "names", None)
    return None if names is None else list(names)


def _label(value: Any, names: list[str] | None) -> Any:
    """Turns what TFDS gives into what `CorpusBuilder` takes; -1, a hidden label, becomes `None`."""
    if getattr(value, "ndim", 0):
        return [_label(one, names) for one in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if names is not None:
        return names[value] if value >= 0 else None
    return value.item() if hasattr(value, "item") else value
