"""The recipe's tagged corpora: read, split, and held to one set of tags."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from tfnlp.commands.corpora import given_and_cut
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.inventory import check_tags, tag_inventory
from tfnlp.data.tagging.reading import read_tagged
from tfnlp.errors import UserError
from tfnlp.recipe_tagging import TaggedCorpusSection

logger = logging.getLogger(__name__)

_READING = {
    "format",
    "token_column",
    "tag_column",
    "scheme",
    "to_scheme",
    "tokenizer",
    "comment",
    "on_undecodable",
    "on_broken",
    "on_bad_span",
}


def read_options(section: TaggedCorpusSection) -> dict[str, Any]:
    """The keyword arguments of `read_tagged` that a recipe sets."""
    return section.model_dump(include=_READING)


def tagged_corpora_of(section: TaggedCorpusSection, seed: int) -> dict[str, TaggedCorpus]:
    """Reads a recipe's tagged corpora.

    Args:
        section: the recipe's `[corpus]`.
        seed: int, of the split, unless the section has a `split_seed`.

    Returns:
        `"train"` and, where there are any, `"valid"` and `"test"`, in one scheme.

    Raises:
        UserError: if a file cannot be read, the parts are not tagged alike, or nothing is left to train on.
    """
    options = read_options(section)
    train = read_tagged(section.train, **options)
    given, fractions = given_and_cut(section, "sentences")
    parts = split_sentences(train, fractions, seed if section.split_seed is None else section.split_seed)
    for name, path in given.items():
        parts[name] = read_tagged(path, **options)
    tags = tag_inventory(parts["train"])
    for name, part in parts.items():
        _tell_notes(part)
        if part.scheme != train.scheme:
            raise UserError(
                f"{part.source} is tagged in the scheme {part.scheme}, {train.source} in {train.scheme}; say by "
                "[corpus] scheme how both are written"
            )
        if name != "train":
            words = {"valid": "validation"}.get(name, name)
            parts[name] = check_tags(tags, part, name=words, on_unseen=section.on_unseen)
    return {name: part for name, part in parts.items() if len(part)}


def split_sentences(corpus: TaggedCorpus, fractions: dict[str, float], seed: int) -> dict[str, TaggedCorpus]:
    """Cuts sentences from a corpus at random.

    Args:
        corpus: the corpus.
        fractions: name -> share of it.
        seed: int in `[0, 2**32)`; the same seed always gives the same parts.

    Returns:
        those parts, and `"train"` of what is left, sentences in the order of the corpus.

    Raises:
        UserError: if nothing is left.
    """
    # RandomState's stream is frozen by NumPy's own promise (NEP 19); default_rng's is not.
    order = np.random.RandomState(seed % 2**32).permutation(len(corpus))
    parts, taken = {}, 0
    for name, share in fractions.items():
        count = round(len(corpus) * share)
        parts[name] = corpus.subset(sorted(order[taken : taken + count].tolist()))
        taken += count
    if taken >= len(corpus):
        raise UserError(f"{corpus.source}: {len(corpus)} sentences are too few to split by {fractions}")
    return {"train": corpus.subset(sorted(order[taken:].tolist())), **parts}


def _tell_notes(corpus: TaggedCorpus) -> None:
    if corpus.notes:
        told = ", ".join(f"{count:,} {name}" for name, count in corpus.notes.items())
        logger.warning("%s: %s", corpus.source, told)
