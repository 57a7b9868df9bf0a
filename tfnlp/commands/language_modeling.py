"""What `tfnlp train` does for a language model and for no other task."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfnlp.commands.building import build_encoder, build_tokenizer, optimizer_of
from tfnlp.commands.corpora import given_and_cut
from tfnlp.commands.run_folder import RunFolder
from tfnlp.data.pipeline import evaluation_batches
from tfnlp.data.sentence_corpus import SentenceCorpus, cut_off, read_sentences
from tfnlp.data.sentence_stream import encode_sentences, segments_per_epoch, sentence_rows
from tfnlp.errors import UserError
from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.evaluation.language_model_report import SurprisingSentence, write_language_model_report
from tfnlp.evaluation.perplexity import Perplexity, SentenceScores
from tfnlp.layers.word_softmax.registry import softmax_class
from tfnlp.layers.word_softmax.word_softmax import WordSoftmax
from tfnlp.plots.curves import plot_curves
from tfnlp.recipe import Recipe
from tfnlp.tasks.language_model import LanguageModel
from tfnlp.text.sentence_preprocessor import SentencePreprocessor

logger = logging.getLogger(__name__)

# A vocabulary that lacks more than this share of a held-out text's tokens was learnt from another kind of text.
_STRANGE_SHARE = 0.3


@dataclass
class Judgement:
    """What the evaluation of a run found.

    Attributes:
        reports: of `"valid"` and `"test"`.
        surprising: the sentences of the part that counts that surprised most.
        as_stream: whether each sentence was foretold from all before it.
    """

    reports: dict[str, Perplexity]
    surprising: list[SurprisingSentence]
    as_stream: bool

    def as_dict(self) -> dict[str, Any]:
        """For `metrics.json`."""
        found: dict[str, Any] = {part: report.as_dict() for part, report in self.reports.items()}
        return {**found, "as_stream": self.as_stream}


def corpora_of(recipe: Recipe) -> dict[str, SentenceCorpus]:
    """Reads a recipe's corpora.

    Raises:
        UserError: if a text is missing, no UTF-8, or empty, or too short to be cut.
    """
    sections: Any = recipe
    section = sections.corpus
    join = sections.preprocessor.tokenizer != "space"
    read = functools.partial(read_sentences, join_cut_words=join, blank_lines=section.blank_lines)
    given, fractions = given_and_cut(section, "sentences")
    corpora = cut_off(read(section.train), fractions)
    corpora.update({name: read(path) for name, path in given.items()})
    return corpora


def log_rows(corpora: dict[str, SentenceCorpus]) -> None:
    """Logs how many sentences there are of each part."""
    parts = (f"{len(corpus):,} {name}" for name, corpus in corpora.items())
    logger.info("sentences: %s", ", ".join(parts))


def build_task(recipe: Recipe, train: SentenceCorpus) -> LanguageModel:
    """Makes the untrained model: vocabulary learnt, weights drawn.

    Raises:
        UserError: if a setting is out of range, or the parts do not fit each other.
    """
    sections: Any = recipe
    section, task = sections.preprocessor, sections.task
    options = section.model_dump(include={"lowercase", "min_count", "max_size"}, exclude_none=True)
    preprocessor = SentencePreprocessor(
        build_tokenizer(section.tokenizer, None, options), max_tokens=section.max_tokens
    )
    preprocessor.adapt(train.texts)
    try:
        softmax = build_softmax(recipe, preprocessor.vocabulary_size)
    except ValueError as error:
        raise UserError(f"[task] softmax: {error}") from None
    try:
        encoder = build_encoder(recipe, preprocessor.vocabulary_size)
        model = LanguageModel(
            preprocessor,
            encoder,
            softmax,
            dropout=task.dropout,
            stream=task.stream,
            segment_tokens=task.segment_tokens,
        )
    except ValueError as error:
        raise UserError(f"[encoder] {error}") from None
    if encoder.needs_counts:
        encoder.adapt(evaluation_batches(encoded(model, recipe, train)))
    return model


def build_softmax(recipe: Recipe, vocabulary_size: int) -> WordSoftmax:
    """Makes the recipe's output layer; raises ValueError for a setting out of range."""
    task: Any = recipe.task
    settings: dict[str, dict[str, Any]] = {
        "full": {},
        "sampled": {"samples": task.softmax_samples},
        "adaptive": {"cutoffs": task.softmax_cutoffs, "factor": task.softmax_factor},
    }
    table_dim = recipe.encoder.embedding_dim if task.tied else None
    return softmax_class(task.softmax)(
        vocabulary_size, table_dim=table_dim, name="softmax", **settings[task.softmax]
    )


def compile_task(task: LanguageModel, recipe: Recipe, train: SentenceCorpus) -> None:
    """Gives the model its optimizer; the loss is its own."""
    tokens, lengths = encode_sentences(task.preprocessor, train.texts)
    if task.stream:
        steps = segments_per_epoch(len(tokens), recipe.training.batch_size, task.segment_tokens)
        task.compile(optimizer=optimizer_of(recipe, 0, steps=steps))
        return
    rows, _, _ = sentence_rows(tokens, lengths, task.max_tokens)
    task.compile(optimizer=optimizer_of(recipe, int(rows.nrows())))


def encoded(task: LanguageModel, recipe: Recipe, train: SentenceCorpus) -> tf.RaggedTensor:
    """The ids of the training sentences, each with its end: int32 ragged `[rows, (tokens)]`."""
    _, targets, _ = sentence_rows(*encode_sentences(task.preprocessor, train.texts), task.max_tokens)
    return targets


def pads(task: LanguageModel) -> bool:
    """A stream has no padding."""
    return not task.stream


def fit_data(recipe: Recipe, corpora: dict[str, SentenceCorpus]) -> dict[str, Any]:
    """The arguments of `Trainer.fit`."""
    return {
        "texts": corpora["train"].texts,
        "labels": None,
        "validation": (corpora["valid"].texts, None) if "valid" in corpora else None,
    }


def monitor(recipe: Recipe, corpora: dict[str, SentenceCorpus]) -> str:
    """Which figure picks the best epoch."""
    return recipe.training.monitor


def validation_rows(valid: SentenceCorpus | None) -> Iterable[dict[str, Any]]:
    """What a run keeps of its validation sentences."""
    return ({"text": text} for text in (valid.texts if valid else ()))


def judge(task: LanguageModel, recipe: Recipe, corpora: dict[str, SentenceCorpus]) -> Judgement:
    """Judges the trained model on what was held out, in one piece if it was trained on a stream."""
    section: Any = recipe.evaluation
    scores: dict[str, SentenceScores] = {
        part: task.score(corpora[part].texts, as_stream=task.stream)
        for part in ("valid", "test")
        if part in corpora
    }
    for part, found in scores.items():
        unknown = float(found.unknown.sum() / max((found.tokens - 1).sum(), 1))
        if unknown > _STRANGE_SHARE:
            logger.warning(
                "%s of the %s text's tokens are unknown to the training's vocabulary: are both cut the same way, into "
                "words or characters, upper or lower case?",
                f"{unknown:.0%}",
                {"valid": "validation"}.get(part, part),
            )
    name = held_out(scores)
    surprising = most_surprising(corpora[name], scores[name], limit=section.worst_sentences) if name else []
    return Judgement({part: Perplexity.of(found) for part, found in scores.items()}, surprising, task.stream)


def most_surprising(
    corpus: SentenceCorpus, scores: SentenceScores, *, limit: int
) -> list[SurprisingSentence]:
    """The sentences of five tokens or more that cost most nats a token."""
    costs = np.where(scores.tokens < 5, 0.0, -scores.log_probabilities / scores.tokens)
    worst = np.argsort(-costs, kind="stable")[:limit]
    return [
        SurprisingSentence(
            corpus.texts[row], float(costs[row]), int(scores.tokens[row]), int(scores.unknown[row])
        )
        for row in worst
        if costs[row]
    ]


def held_out(scores: dict[str, Any]) -> str | None:
    """The part of the corpus whose figures count."""
    return next((name for name in ("test", "valid") if name in scores), None)


def write_pages(
    recipe: Recipe,
    run: RunFolder,
    corpora: dict[str, SentenceCorpus],
    progress: Any,
    judgement: Judgement,
    metrics: dict[str, Any],
    gradients: GradientSection | None = None,
) -> None:
    """Draws the picture and writes the report."""
    name = held_out(judgement.reports)
    if name is None:
        return
    pictures = {}
    if progress.history:
        pictures["curves"] = plot_curves(
            progress.history, run.plots / "curves.png", best_epoch=progress.best_epoch
        )
    data: dict[str, Any] = {
        part: {"source": corpus.source, "sentences": len(corpus)} for part, corpus in corpora.items()
    }
    if metrics["vectors"]:
        data["vectors"] = metrics["vectors"]
    write_language_model_report(
        run.report,
        title=recipe.name,
        settings=recipe.model_dump(exclude_none=True),
        device=metrics["device"],
        history=progress.history,
        reports=judgement.reports,
        held_out=name,
        as_stream=judgement.as_stream,
        surprising=judgement.surprising,
        data_summary=data,
        plots=pictures,
        seconds=metrics["seconds"],
        gradients=gradients,
    )
