"""Which trainings a comparison is made of, and where each has its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfnlp.commands.vectors import with_file_dimension
from tfnlp.encoders.registry import ENCODERS, require_encoder
from tfnlp.errors import UserError
from tfnlp.recipe import Recipe, parse_recipe
from tfnlp.signatures import settings_of

ALL = "all"
_BASE = "tfnlp.encoders.encoder:Encoder"


@dataclass(frozen=True)
class PlannedTraining:
    """One encoder with one seed.

    Attributes:
        encoder: its name in the registry.
        seed: the seed.
        recipe: what `tfnlp train` would train, with nothing left to choose.
        folder: its run folder.
    """

    encoder: str
    seed: int
    recipe: Recipe
    folder: Path


def encoder_names(text: str) -> list[str]:
    """The encoders that `--encoders` names, each once, in the order given.

    Args:
        text: names with commas between them, or `"all"`.

    Raises:
        UserError: if there is none, or one is not in the registry.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UserError(f"--encoders names no encoder; choose of {', '.join(ENCODERS)}, or {ALL}")
    if ALL in names:
        return list(ENCODERS)
    for name in names:
        require_encoder(name)
    return list(dict.fromkeys(names))


def encoder_settings(recipe: Recipe, name: str) -> dict[str, Any]:
    """The settings that an encoder is compared with.

    The recipe's own encoder has its `[encoder]` section. Another has its defaults, but for the keys that all
    encoders share and that stand in `[encoder]`: those carry over. Last, `[compare.NAME]` wins over both.

    Args:
        recipe: a checked recipe.
        name: the encoder.

    Returns:
        what differs from the encoder's defaults, or stands in the recipe.
    """
    given = recipe.encoder.model_dump(exclude_unset=True)
    if given.pop("type", None) != name:
        shared = shared_keys()
        given = {key: value for key, value in given.items() if key in shared}
    own = getattr(recipe.compare, name, None)
    given |= own.model_dump(exclude_unset=True) if own else {}
    given.pop("type", None)
    return given


def shared_keys() -> set[str]:
    """Keys of `[encoder]` that mean the same to every encoder: those of the base class."""
    return {"embedding_dim", *(setting.name for setting in settings_of(_BASE))}


def plan(recipe: Recipe, names: Sequence[str], seeds: int, out: Path) -> list[PlannedTraining]:
    """All trainings in the order to do them: every encoder with the first seed, then with the next.

    The seeds follow the recipe's own: `seed`, `seed + 1`, … They move start weights, dropout and the order of the
    texts; the split stays that of the recipe's seed, so that all are judged on the same texts.

    Args:
        recipe: a checked recipe.
        names: the encoders.
        seeds: how many seeds, at least 1.
        out: the comparison's folder; the runs stand in it as `ENCODER/seed-SEED`.

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
            table["encoder"] = {"type": name, **encoder_settings(recipe, name)}
            table["evaluation"]["baseline"] = False  # once for all is enough
            resolved = with_file_dimension(parse_recipe(table, f"comparison of {name}"))
            planned.append(PlannedTraining(name, seed, resolved, out / name / f"seed-{seed}"))
    return planned
