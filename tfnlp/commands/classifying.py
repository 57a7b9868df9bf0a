"""What `tfnlp train` does for a classifier and for no other task."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import tensorflow as tf

from tfnlp.commands.building import build_task as build_task
from tfnlp.commands.building import class_weights, compile_classifier
from tfnlp.commands.corpora import corpora_of as read_corpora
from tfnlp.commands.evaluate import judge as judge_corpus
from tfnlp.commands.run_folder import RunFolder
from tfnlp.data.corpus import Corpus
from tfnlp.data.inspection import inspect_corpus
from tfnlp.data.pipeline import encode_texts
from tfnlp.evaluation.baseline import BaselineResult, tfidf_logistic_regression
from tfnlp.evaluation.classification import ClassificationReport
from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.evaluation.report import write_report
from tfnlp.plots.classification import plot_classification
from tfnlp.recipe import Recipe
from tfnlp.tasks.text_classifier import TextClassifier

logger = logging.getLogger(__name__)

# More than this share of Chinese, Japanese or Korean characters, and the baseline counts characters, not words.
_CJK_SHARE = 0.3


@dataclass
class Judgement:
    """What the evaluation of a run found: a report for `"valid"` and `"test"`, and the figures to beat."""

    reports: dict[str, ClassificationReport]
    baseline: BaselineResult | None

    def as_dict(self) -> dict[str, Any]:
        """For `metrics.json`."""
        reports = {part: report.as_dict() for part, report in self.reports.items()}
        return {**reports, "baseline": asdict(self.baseline) if self.baseline else None}


def corpora_of(recipe: Recipe) -> dict[str, Corpus]:
    """Reads a recipe's corpora; see `tfnlp.commands.corpora`."""
    return read_corpora(recipe.corpus, recipe.seed)


def compile_task(task: TextClassifier, recipe: Recipe, train: Corpus) -> None:
    """Gives the classifier its loss and its optimizer."""
    compile_classifier(task, recipe, len(train))


def encoded(task: TextClassifier, recipe: Recipe, train: Corpus) -> tf.RaggedTensor:
    """The token ids of the training texts, as they are trained on: int32 ragged `[texts, (tokens)]`."""
    return encode_texts(task.preprocessor, train.texts)


def pads(task: TextClassifier) -> bool:
    """Rows are always padded."""
    return True


def fit_data(recipe: Recipe, corpora: dict[str, Corpus]) -> dict[str, Any]:
    """The arguments of `Trainer.fit`."""
    train, valid = corpora["train"], corpora.get("valid")
    return {
        "texts": train.texts,
        "labels": train.labels,
        "validation": (valid.texts, valid.labels) if valid else None,
        "class_weight": class_weights(recipe.task, train),
    }


def monitor(recipe: Recipe, corpora: dict[str, Corpus]) -> str:
    """Which figure picks the best epoch."""
    return recipe.training.monitor


def validation_rows(valid: Corpus | None) -> Iterable[dict[str, Any]]:
    """What a run keeps of its validation texts; every export is proved on them."""
    rows = zip(valid.texts, valid.labels or []) if valid else ()
    return ({"text": text, "label": label} for text, label in rows)


def judge(task: TextClassifier, recipe: Recipe, corpora: dict[str, Corpus]) -> Judgement:
    """Judges the trained task on what was held out."""
    reports: dict[str, ClassificationReport] = {
        name: judge_corpus(task, corpora[name], worst=recipe.evaluation.worst_errors)
        for name in ("valid", "test")
        if name in corpora
    }
    name = held_out(reports)
    return Judgement(reports, baseline_of(corpora, name) if recipe.evaluation.baseline and name else None)


def held_out(reports: dict[str, Any]) -> str | None:
    """The part of the corpus whose figures count."""
    return next((name for name in ("test", "valid") if name in reports), None)


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


def write_pages(
    recipe: Recipe,
    run: RunFolder,
    corpora: dict[str, Corpus],
    progress: Any,
    judgement: Judgement,
    metrics: dict[str, Any],
    gradients: GradientSection | None = None,
) -> None:
    """Draws the pictures and writes the report."""
    name = held_out(judgement.reports)
    if name is None:
        return
    report = judgement.reports[name]
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
        baseline=judgement.baseline,
        data_summary=data,
        plots=pictures,
        seconds=metrics["seconds"],
        gradients=gradients,
    )


def log_rows(corpora: dict[str, Corpus]) -> None:
    """Logs how many texts there are of each part."""
    logger.info("texts: %s", ", ".join(f"{len(corpus):,} {name}" for name, corpus in corpora.items()))
