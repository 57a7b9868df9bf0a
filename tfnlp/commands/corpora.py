"""The recipe's corpus: read, freed of repeats, split, and checked."""

from __future__ import annotations

from typing import Any

from tfnlp.data.corpus import Corpus
from tfnlp.data.labels import check_labels
from tfnlp.data.readers import read_corpus
from tfnlp.data.splits import deduplicate, stratified_split
from tfnlp.errors import UserError
from tfnlp.recipe import CorpusSection
from tfnlp.recipe_tagging import TaggedCorpusSection


def read_options(section: CorpusSection) -> dict[str, Any]:
    """The keyword arguments of `read_corpus` that a recipe sets."""
    return section.model_dump(include={"text_column", "label_column", "label_separator", "on_undecodable"})


def given_and_cut(
    section: CorpusSection | TaggedCorpusSection, things: str
) -> tuple[dict[str, str], dict[str, float]]:
    """Where validation and test parts come from.

    Args:
        section: the recipe's `[corpus]`.
        things: what a corpus is made of, for the message.

    Returns:
        name -> the file of each part that has one, and name -> the share of the training part that each other gets.

    Raises:
        UserError: if the shares leave nothing to train on.
    """
    given = {
        name: path for name, path in (("valid", section.valid), ("test", section.test)) if path is not None
    }
    fractions = {
        name: fraction
        for name, fraction in (("valid", section.valid_fraction), ("test", section.test_fraction))
        if name not in given and fraction
    }
    if sum(fractions.values()) >= 1:
        raise UserError(
            f"corpus.valid_fraction + corpus.test_fraction must leave {things} to train on. Received: {fractions}"
        )
    return given, fractions


def corpora_of(section: CorpusSection, seed: int) -> dict[str, Corpus]:
    """Reads a recipe's corpora.

    Args:
        section: the recipe's `[corpus]`.
        seed: int, of the splits, unless the section has a `split_seed`.

    Returns:
        `"train"` and, where there are any, `"valid"` and `"test"`.

    Raises:
        UserError: if a file cannot be read, is empty, or bears a label unseen in training.
    """
    options = read_options(section)
    train = read_corpus(section.train, **options)
    if section.deduplicate:
        train = deduplicate(train)
    given, fractions = given_and_cut(section, "texts")
    corpora = {"train": train}
    if fractions:
        split_seed = seed if section.split_seed is None else section.split_seed
        corpora = stratified_split(train, {"train": 1 - sum(fractions.values()), **fractions}, split_seed)
    for name, path in given.items():
        corpora[name] = read_corpus(path, **options)
        check_labels(corpora["train"], corpora[name], name={"valid": "validation"}.get(name, name))
    return {name: corpus for name, corpus in corpora.items() if len(corpus)}
