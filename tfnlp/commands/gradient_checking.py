"""`tfnlp check-gradients`: a recipe's gradients held against what the loss does."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from rich.table import Table

from tfnlp.commands.made_up_corpora import made_up_corpus
from tfnlp.commands.task_commands import task_commands
from tfnlp.errors import UserError
from tfnlp.recipe import Recipe
from tfnlp.tasks.probes import probe_of
from tfnlp.training.gradient_check import GradientCheck, check_gradients

logger = logging.getLogger(__name__)

# What an operation says that has no double precision.
_TOO_NARROW = (TypeError, ValueError, tf.errors.InvalidArgumentError, tf.errors.NotFoundError)


def check_recipe(recipe: Recipe, *, weights: int = 5, rows: int = 3, max_tokens: int = 8) -> GradientCheck:
    """Builds a recipe's untrained model and checks its gradients on a tiny batch of its corpus.

    It computes in double precision, or in single where an operation has no other. Dropout is off; a sampled softmax
    draws the same words each time.

    Args:
        recipe: a checked recipe; a corpus that is not at hand is made up.
        weights: int, at least 1. How many weights of each variable.
        rows: int, at least 1. Texts of the batch.
        max_tokens: int, at least 1, to which they are cut.

    Raises:
        UserError: for a mistake in the recipe or the corpus.
    """
    train = _corpus_of(recipe)
    for precision in ("float64", "float32"):
        try:
            with _precision(precision):
                return _check(recipe, train, weights, rows, max_tokens)
        except _TOO_NARROW as error:
            if precision == "float32" or isinstance(error, UserError):
                raise
            logger.info("not to be computed in double precision (%s): in single", str(error).split("\n")[0])
    raise AssertionError("unreachable")


def _check(recipe: Recipe, train: Any, weights: int, rows: int, max_tokens: int) -> GradientCheck:
    doing = task_commands(recipe.task.type)
    keras.utils.set_random_seed(recipe.seed)
    task = doing.build_task(recipe, train)
    doing.compile_task(task, recipe, train)
    data = doing.fit_data(recipe, {"train": train})
    probe = probe_of(task, data["texts"], data["labels"], rows=rows, max_tokens=max_tokens, estimate=True)
    logger.info(
        "%s, %s: %d texts of up to %d tokens, %s weights in %d variables",
        recipe.task.type,
        recipe.encoder.type,
        *probe.token_ids.shape,
        f"{task.count_params():,}",
        len(probe.weights),
    )
    return check_gradients(probe, weights=weights, seed=recipe.seed)


def _corpus_of(recipe: Recipe) -> Any:
    """The recipe's training corpus, or made-up texts if there is none at its place."""
    source = recipe.corpus.train
    if ":" not in source and not Path(source).exists():
        logger.info("%s is not there: checked on made-up texts instead", source)
        return made_up_corpus(recipe)
    return task_commands(recipe.task.type).corpora_of(recipe)["train"]


@contextlib.contextmanager
def _precision(precision: str) -> Iterator[None]:
    """Within the block what is built computes in this precision."""
    policy, floats = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_dtype_policy(precision)
    keras.config.set_floatx(precision)  # losses go by this
    try:
        yield
    finally:
        keras.config.set_floatx(floats)
        keras.config.set_dtype_policy(policy)


def check_table(check: GradientCheck) -> Table:
    """A line for each variable, its largest gradient and worst difference, and for each weight that disagrees."""
    table = Table(
        title=f"gradients in {check.precision}: a relative difference of {check.tolerance:.0e} passes"
    )
    table.add_column("variable", overflow="fold")
    for column in ("shape", "checked", "gradient", "difference", ""):
        table.add_column(column, justify="left" if not column else "right")
    for variable in check.variables:
        verdict = "differs" if variable in check.wrong else "agrees" if variable.connected else "unused"
        table.add_row(
            variable.name,
            "×".join(map(str, variable.shape)) or "1",
            str(len(variable.weights)),
            f"{variable.largest:.2e}",
            f"{variable.worst:.1e}",
            verdict,
            style="bold red" if verdict == "differs" else None,
        )
        for weight in variable.weights if verdict == "differs" else ():
            table.add_row(
                f"  {list(weight.index)}: derived {weight.derived:.6g}, measured {weight.measured:.6g}",
                "",
                "",
                "",
                f"{weight.difference:.1e}",
                "",
            )
    return table
