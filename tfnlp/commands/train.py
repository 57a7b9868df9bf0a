"""`tfnlp train`: from a recipe to a run with a model, figures, pictures and a report."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras

from tfnlp.commands.building import build_task, class_weights, compile_task, set_precision
from tfnlp.commands.corpora import corpora_of
from tfnlp.commands.evaluate import judge
from tfnlp.commands.models import load_keras
from tfnlp.commands.run_folder import RunFolder
from tfnlp.commands.vectors import resumed_vectors, start_from_vectors, with_file_dimension
from tfnlp.data.corpus import Corpus
from tfnlp.data.inspection import inspect_corpus
from tfnlp.data.pipeline import encode_texts, padded_share
from tfnlp.errors import UserError
from tfnlp.evaluation.baseline import BaselineResult, tfidf_logistic_regression
from tfnlp.evaluation.classification import ClassificationReport
from tfnlp.evaluation.report import write_report
from tfnlp.files import remove_leftovers, write_json_atomically
from tfnlp.plots.classification import plot_classification
from tfnlp.recipe import Recipe
from tfnlp.tasks.text_classifier import TextClassifier
from tfnlp.training.devices import describe_device
from tfnlp.training.seeds import seed_everything
from tfnlp.training.trainer import Trainer
from tfnlp.version import __version__

logger = logging.getLogger(__name__)

# More than this share of Chinese, Japanese or Korean characters, and the baseline counts characters, not words.
_CJK_SHARE = 0.3


def train(
    recipe: Recipe,
    *,
    runs: Path | None = None,
    folder: Path | None = None,
    resume: Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    corpora: dict[str, Corpus] | None = None,
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
    if corpora is None:
        logger.info("device: %s, precision %s", device, recipe.training.precision)
        corpora = corpora_of(recipe.corpus, recipe.seed)
        log_rows(corpora)
    train_corpus = corpora["train"]
    if resume is None:
        task = build_task(recipe, train_corpus)
        vectors = start_from_vectors(task, recipe.vectors, train_corpus.texts)
        run = RunFolder.create(recipe, folder or RunFolder.fresh_path(recipe.name, runs or Path("runs")))
        run.write_validation(corpora.get("valid"))
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
    compile_task(task, recipe, len(train_corpus))
    logger.info(
        "%s: %s parameters, %s tokens in the vocabulary, run %s",
        recipe.encoder.type,
        f"{task.count_params():,}",
        f"{task.preprocessor.vocabulary_size:,}",
        run.path,
    )
    try:
        progress = _fit(task, recipe, run, corpora, resume is not None, callbacks)
    except KeyboardInterrupt:
        if alone:
            logger.warning("stopped; go on with: tfnlp train %s --resume %s", run.recipe, run.path)
        raise
    task.save(run.model)
    metrics = _evaluate(task, recipe, run, corpora, progress, device, vectors, started)
    return {**metrics, "run": str(run.path)}


def load_start(run: RunFolder) -> TextClassifier:
    """Loads the untrained model that a run began with: its vocabulary is what a resumed run needs."""
    if not run.start.is_file():
        raise UserError(f"{run.path}: the run stopped before its model was made; train anew")
    return load_keras(run.start)


def _fit(
    task: TextClassifier,
    recipe: Recipe,
    run: RunFolder,
    corpora: dict[str, Corpus],
    resume: bool,
    callbacks: Sequence[keras.callbacks.Callback],
) -> Any:
    training = recipe.training
    train_corpus, valid = corpora["train"], corpora.get("valid")
    callbacks = list(callbacks)
    if training.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(str(run.tensorboard), write_graph=False))
    trainer = Trainer(
        task,
        checkpoint=run.checkpoint,
        epochs=training.epochs,
        batch_size=training.batch_size,
        seed=recipe.seed,
        bucket=training.bucket,
        early_stopping=training.early_stopping,
        monitor=training.monitor,
        callbacks=callbacks,
        after_epoch=lambda progress: run.write_history(progress.history),
    )
    return trainer.fit(
        train_corpus.texts,
        train_corpus.labels,
        (valid.texts, valid.labels) if valid else None,
        class_weight=class_weights(recipe.task, train_corpus),
        resume=resume,
    )


def _evaluate(
    task: TextClassifier,
    recipe: Recipe,
    run: RunFolder,
    corpora: dict[str, Corpus],
    progress: Any,
    device: str,
    vectors: dict[str, Any] | None,
    started: float,
) -> dict[str, Any]:
    reports: dict[str, ClassificationReport] = {
        name: judge(task, corpora[name], worst=recipe.evaluation.worst_errors)
        for name in ("valid", "test")
        if name in corpora
    }
    name = "test" if "test" in reports else "valid" if "valid" in reports else None
    baseline = baseline_of(corpora, name) if recipe.evaluation.baseline and name else None
    encoded = encode_texts(task.preprocessor, corpora["train"].texts)
    shares = {
        kind: round(
            padded_share(encoded, batch_size=recipe.training.batch_size, seed=recipe.seed, bucket=bucket), 4
        )
        for kind, bucket in (("padded_share", True), ("padded_share_without_buckets", False))
    }
    metrics: dict[str, Any] = {
        "name": recipe.name,
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
        **{part: report.as_dict() for part, report in reports.items()},
        "baseline": asdict(baseline) if baseline else None,
        "training_seconds": round(sum(row["seconds"] for row in progress.history), 2),
        "seconds": round(time.perf_counter() - started, 2),
    }
    write_json_atomically(run.metrics, metrics)
    run.write_history(progress.history)
    if name:
        _write_pages(recipe, run, corpora, progress, reports[name], baseline, metrics)
    return metrics


def baseline_of(corpora: dict[str, Corpus], name: str) -> BaselineResult:
    """Trains the baseline on `"train"` and judges it on the corpus of that name."""
    train_corpus, held_out = corpora["train"], corpora[name]
    analyzer = "char" if _cjk_share(train_corpus.texts[:1000]) > _CJK_SHARE else "word"
    logger.info("baseline: logistic regression on %s TF-IDF", analyzer)
    return tfidf_logistic_regression(
        train_corpus.texts,
        train_corpus.labels or [],
        held_out.texts,
        held_out.labels or [],
        analyzer=analyzer,
    )


def _cjk_share(texts: Sequence[str]) -> float:
    characters = "".join(texts)
    return sum("\u3040" <= c <= "\u9fff" for c in characters) / max(len(characters), 1)


def _write_pages(
    recipe: Recipe,
    run: RunFolder,
    corpora: dict[str, Corpus],
    progress: Any,
    report: ClassificationReport,
    baseline: BaselineResult | None,
    metrics: dict[str, Any],
) -> None:
    pictures = plot_classification(run.plots, report, progress.history, best_epoch=progress.best_epoch)
    data = inspect_corpus(corpora).as_dict()
    if metrics["vectors"]:
        data["vectors"] = metrics["vectors"]
    write_report(
        run.report,
        title=recipe.name,
        settings=recipe.model_dump(exclude_none=True),
        device=metrics["device"],
        history=progress.history,
        report=report,
        baseline=baseline,
        data_summary=data,
        plots=pictures,
        seconds=metrics["seconds"],
    )


def log_rows(corpora: dict[str, Corpus]) -> None:
    """Logs how many texts there are of each part."""
    logger.info("texts: %s", ", ".join(f"{len(corpus):,} {name}" for name, corpus in corpora.items()))
