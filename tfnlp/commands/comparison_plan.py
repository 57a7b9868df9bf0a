"""Which trainings a comparison is made of, and where each has its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfnlp.commands.vectors import with_file_dimension
from tfnlp.encoders.registry import ENCODERS
from tfnlp.errors import UserError, did_you_mean
from tfnlp.recipe import Recipe, parse_recipe
from tfnlp.signatures import settings_of

ALL = "all"
_BASE = "tfnlp.encoders.encoder:Encoder"


@dataclass(frozen=True)
class PlannedTraining:
    """One encoder, or one variant of an encoder, with one seed.

    Attributes:
        encoder: its name in the registry, or the variant's in the recipe.
        seed: the seed.
        recipe: what `tfnlp train` would train, with nothing left to choose.
        folder: its run folder.
    """

    encoder: str
    seed: int
    recipe: Recipe
    folder: Path


def names_to_compare(recipe: Recipe, asked: str | None) -> list[str]:
    """The encoders and variants to compare, each once, in the order given.

    Args:
        recipe: a checked recipe.
        asked: what `--encoders` says: names with commas between them, of encoders or of the recipe's variants; `"all"`
            stands for every encoder. None for the recipe's own encoder and all that its `[compare]` lists.

    Raises:
        UserError: if there is nothing to compare, or a name is neither an encoder's nor a variant's.
    """
    if recipe.task.type != "text_classifier":
        raise UserError(
            f"`tfnlp compare` knows classifiers only, and the recipe's task is {recipe.task.type}; train each encoder "
            "by `tfnlp train RECIPE --set encoder.type=NAME` and hold the runs' metrics.json against each other"
        )
    if asked is None:
        if not recipe.compare:
            raise UserError(
                "the recipe lists nothing to compare; name encoders, e.g. --encoders text_cnn,bag_of_words, or give it "
                "a table [compare.NAME] for each variant of its encoder"
            )
        return list(dict.fromkeys([recipe.encoder.type, *recipe.compare]))
    known = list(dict.fromkeys([*ENCODERS, *recipe.compare]))
    words = [word.strip() for word in asked.split(",") if word.strip()]
    if not words:
        raise UserError(f"--encoders names no encoder; choose of {', '.join(known)}, or {ALL}")
    names = [name for word in words for name in (ENCODERS if word == ALL else [word])]
    for name in names:
        if name not in known:
            raise UserError(
                f"there is no encoder and no variant `{name}`; there are {', '.join(known)}."
                f"{did_you_mean(name, known)}"
            )
    return list(dict.fromkeys(names))


def encoder_table(recipe: Recipe, name: str) -> dict[str, Any]:
    """The `[encoder]` section that an encoder or a variant is compared with.

    What is of the kind of the recipe's own encoder starts from its `[encoder]` section. Another starts from the
    defaults of its kind, but for the keys that all encoders share and that stand in `[encoder]`: those carry over.
    Last, `[compare.NAME]` wins over both. No table of `[compare]` starts from another.

    Args:
        recipe: a checked recipe.
        name: of the encoder, or of the variant.

    Returns:
        `type`, and what differs from the defaults or stands in the recipe.
    """
    own = recipe.compare[name].model_dump(exclude_unset=True) if name in recipe.compare else {}
    kind = own.get("type", name)
    given = recipe.encoder.model_dump(exclude_unset=True)
    if kind != recipe.encoder.type:
        shared = shared_keys()
        given = {key: value for key, value in given.items() if key in shared}
    return {"type": kind, **given, **own}


def shared_keys() -> set[str]:
    """Keys of `[encoder]` that mean the same to every encoder: those of the base class."""
    return {"embedding_dim", *(setting.name for setting in settings_of(_BASE))}


def plan(recipe: Recipe, names: Sequence[str], seeds: int, out: Path) -> list[PlannedTraining]:
    """All trainings in the order to do them: every encoder with the first seed, then with the next.

    The seeds follow the recipe's own: `seed`, `seed + 1`, … They move start weights, dropout and the order of the
    texts; the split stays that of the recipe's seed, so that all are judged on the same texts.

    Args:
        recipe: a checked recipe.
        names: the encoders and variants.
        seeds: how many seeds, at least 1.
        out: the comparison's folder; the runs stand in it as `NAME/seed-SEED`.

    Raises:
        UserError: if the settings of an encoder are not of its kind, or do not fit the file of vectors.
    """
    split_seed = recipe.seed if recipe.corpus.split_seed is None else recipe.corpus.split_seed
    planned = []
    for seed in range(recipe.seed, recipe.seed + seeds):
        for name in names:
            table = recipe.model_dump(exclude_none=True)
            table["seed"] = seed
            table["corpus"]["split_seed"] = split_seed
            table["encoder"] = encoder_table(recipe, name)
            table["evaluation"]["baseline"] = False  # once for all is enough
            resolved = with_file_dimension(parse_recipe(table, f"comparison of {name}"))
            planned.append(PlannedTraining(name, seed, resolved, out / name / f"seed-{seed}"))
    return planned
