"""`tfnlp train`: from a recipe to a run with a model, figures, pictures and a report."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from tfnlp.commands.building import set_precision
from tfnlp.commands.gradients import gradient_figures, gradient_recorder, gradient_section
from tfnlp.commands.models import load_keras
from tfnlp.commands.run_folder import RunFolder
from tfnlp.commands.task_commands import TaskCommands, task_commands
from tfnlp.commands.vectors import resumed_vectors, start_from_vectors, with_file_dimension
from tfnlp.data.pipeline import padded_share
from tfnlp.errors import UserError
from tfnlp.files import remove_leftovers, write_json_atomically
from tfnlp.recipe import Recipe
from tfnlp.training.devices import describe_device
from tfnlp.training.seeds import seed_everything
from tfnlp.training.trainer import Trainer
from tfnlp.version import __version__

logger = logging.getLogger(__name__)


def train(
    recipe: Recipe,
    *,
    runs: Path | None = None,
    folder: Path | None = None,
    resume: Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    corpora: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Trains a recipe to the end and writes its run.

    Args:
        recipe: a checked recipe.
        runs: folder to make a new run in, as `<runs>/<name>/<time>`; `runs` by default.
        folder: the new run's own folder, instead; it must not be there, or be empty.
        resume: the run to go on with, or None for a new one; its own recipe must be the one given.
        callbacks: Keras callbacks, e.g. a progress bar.
        corpora: the recipe's, from a caller that read them to train several models on them, and that itself says
            what they hold and, on Ctrl-C, how to go on; None to read them here.

    Returns:
        what `metrics.json` holds, and `"run"`, the folder's path.

    Raises:
        UserError: for a mistake in the recipe or the corpus.
    """
    started = time.perf_counter()
    seed_everything(recipe.seed)
    set_precision(recipe.training.precision)
    device = describe_device()
    if resume is None:
        recipe = with_file_dimension(recipe)
    alone = corpora is None
    doing = task_commands(recipe.task.type)
    if corpora is None:
        logger.info("device: %s, precision %s", device, recipe.training.precision)
        corpora = doing.corpora_of(recipe)
        doing.log_rows(corpora)
    train_corpus = corpora["train"]
    if resume is None:
        task = doing.build_task(recipe, train_corpus)
        vectors = start_from_vectors(
            task, recipe.vectors, lambda: doing.encoded(task, recipe, train_corpus).flat_values.numpy()
        )
        run = RunFolder.create(recipe, folder or RunFolder.fresh_path(recipe.name, runs or Path("runs")))
        run.write_validation(doing.validation_rows(corpora.get("valid")))
        run.start.parent.mkdir()
        if vectors:
            write_json_atomically(run.vectors, vectors)
        task.save(run.start)
    else:
        run = RunFolder.open(resume)
        for folder in (run.path, run.checkpoint.parent):
            remove_leftovers(folder)  # of a kill in the middle of a write
        recipe, vectors = resumed_vectors(run, recipe)
        task = load_start(run)
    doing.compile_task(task, recipe, train_corpus)
    logger.info(
        "%s: %s parameters, %s tokens in the vocabulary, run %s",
        recipe.encoder.type,
        f"{task.count_params():,}",
        f"{task.preprocessor.vocabulary_size:,}",
        run.path,
    )
    try:
        progress = _fit(doing, task, recipe, run, corpora, resume is not None, callbacks)
    except KeyboardInterrupt:
        if alone:
            logger.warning("stopped; go on with: tfnlp train %s --resume %s", run.recipe, run.path)
        raise
    task.save(run.model)
    metrics = _evaluate(doing, task, recipe, run, corpora, progress, device, vectors, started)
    return {**metrics, "run": str(run.path)}


def load_start(run: RunFolder) -> Any:
    """Loads the untrained model that a run began with: its vocabulary is what a resumed run needs."""
    if not run.start.is_file():
        raise UserError(f"{run.path}: the run stopped before its model was made; train anew")
    return load_keras(run.start)


def _fit(
    doing: TaskCommands,
    task: keras.Model,
    recipe: Recipe,
    run: RunFolder,
    corpora: dict[str, Any],
    resume: bool,
    callbacks: Sequence[keras.callbacks.Callback],
) -> Any:
    training = recipe.training
    callbacks = list(callbacks)
    if training.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(str(run.tensorboard), write_graph=False))
    data = doing.fit_data(recipe, corpora)
    if training.gradient_health:
        callbacks.append(gradient_recorder(task, recipe, run, data["texts"], data["labels"]))
    trainer = Trainer(
        task,
        checkpoint=run.checkpoint,
        epochs=training.epochs,
        batch_size=training.batch_size,
        seed=recipe.seed,
        bucket=training.bucket,
        early_stopping=training.early_stopping,
        monitor=doing.monitor(recipe, corpora),
        callbacks=callbacks,
        after_epoch=lambda progress: run.write_history(progress.history),
    )
    return trainer.fit(**data, resume=resume)


def _evaluate(
    doing: TaskCommands,
    task: Any,
    recipe: Recipe,
    run: RunFolder,
    corpora: dict[str, Any],
    progress: Any,
    device: str,
    vectors: dict[str, Any] | None,
    started: float,
) -> dict[str, Any]:
    judgement = doing.judge(task, recipe, corpora)
    shares = {}
    if doing.pads(task):
        encoded = doing.encoded(task, recipe, corpora["train"])
        shares = {
            kind: round(
                padded_share(encoded, batch_size=recipe.training.batch_size, seed=recipe.seed, bucket=bucket),
                4,
            )
            for kind, bucket in (("padded_share", True), ("padded_share_without_buckets", False))
        }
    gradients = gradient_section(recipe, run)
    metrics: dict[str, Any] = {
        "name": recipe.name,
        "task": recipe.task.type,
        "tfnlp": __version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "device": device,
        "precision": recipe.training.precision,
        "seed": recipe.seed,
        "parameters": task.count_params(),
        "vocabulary_size": task.preprocessor.vocabulary_size,
        "vectors": vectors,
        **shares,
        "epochs": progress.epoch,
        "best_epoch": progress.best_epoch,
        "rows": {part: len(corpus) for part, corpus in corpora.items()},
        **judgement.as_dict(),
        "gradient_health": gradient_figures(gradients),
        "training_seconds": round(sum(row["seconds"] for row in progress.history), 2),
        "seconds": round(time.perf_counter() - started, 2),
    }
    write_json_atomically(run.metrics, metrics)
    run.write_history(progress.history)
    doing.write_pages(recipe, run, corpora, progress, judgement, metrics, gradients)
    return metrics
