"""What `tfnlp train` does for a tagger and for no other task."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfnlp.commands.building import optimizer_of
from tfnlp.commands.run_folder import RunFolder
from tfnlp.commands.tagged_corpora import tagged_corpora_of
from tfnlp.commands.tagger_building import build_tagger
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.encoding import encode_tokens
from tfnlp.data.tagging.tagged_rows import tagged_rows
from tfnlp.errors import UserError
from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.evaluation.segmentation import SegmentationScores, evaluate_segmentation
from tfnlp.evaluation.tagging import TaggingScores, evaluate_tags
from tfnlp.evaluation.tagging_mistakes import worst_sentences
from tfnlp.evaluation.tagging_report import write_tagging_report
from tfnlp.plots.tagging import plot_tagging
from tfnlp.recipe import Recipe
from tfnlp.tasks.token_tagger import TokenTagger

logger = logging.getLogger(__name__)


@dataclass
class Judgement:
    """What the evaluation of a run found.

    Attributes:
        scores: of `"valid"` and `"test"`.
        predicted: the tags given to the sentences of each.
        segmentation: the bakeoff's figures of the part that counts, where the tags are words without types.
    """

    scores: dict[str, TaggingScores]
    predicted: dict[str, list[list[str]]]
    segmentation: SegmentationScores | None

    def as_dict(self) -> dict[str, Any]:
        """For `metrics.json`."""
        found: dict[str, Any] = {part: scores.as_dict() for part, scores in self.scores.items()}
        return {**found, "segmentation": self.segmentation.as_dict() if self.segmentation else None}


def corpora_of(recipe: Recipe) -> dict[str, TaggedCorpus]:
    """Reads a recipe's corpora; see `tfnlp.commands.tagged_corpora`."""
    section: Any = recipe.corpus
    return tagged_corpora_of(section, recipe.seed)


def log_rows(corpora: dict[str, TaggedCorpus]) -> None:
    """Logs how many sentences and tokens there are of each part."""
    parts = (f"{len(corpus):,} {name} ({corpus.tokens:,} tokens)" for name, corpus in corpora.items())
    logger.info("sentences: %s", ", ".join(parts))


def build_task(recipe: Recipe, train: TaggedCorpus) -> TokenTagger:
    """Makes the untrained tagger; see `tfnlp.commands.tagger_building`."""
    return build_tagger(recipe, train)


def compile_task(task: TokenTagger, recipe: Recipe, train: TaggedCorpus) -> None:
    """Gives the tagger its optimizer; the loss is its own."""
    pieces, _ = tagged_rows(train).cut(task.max_tokens, train.scheme)
    task.compile(optimizer=optimizer_of(recipe, len(pieces)))


def encoded(task: TokenTagger, recipe: Recipe, train: TaggedCorpus) -> tf.RaggedTensor:
    """The token ids of the training sentences, as they are trained on: int32 ragged `[sentences, (tokens)]`."""
    rows, _ = tagged_rows(train).cut(task.max_tokens, train.scheme)
    return encode_tokens(task.preprocessor, rows.tokens)["token_ids"]


def pads(task: TokenTagger) -> bool:
    """Rows are always padded."""
    return True


def fit_data(recipe: Recipe, corpora: dict[str, TaggedCorpus]) -> dict[str, Any]:
    """The arguments of `Trainer.fit`."""
    train = tagged_rows(corpora["train"])
    valid = tagged_rows(corpora["valid"]) if "valid" in corpora else None
    return {
        "texts": train.tokens,
        "labels": train.tags,
        "validation": (valid.tokens, valid.tags) if valid else None,
    }


def monitor(recipe: Recipe, corpora: dict[str, TaggedCorpus]) -> str:
    """Which figure picks the best epoch.

    Raises:
        UserError: if it is span F1, and the tags make no spans.
    """
    spans = corpora["train"].scheme != "plain"
    wanted = recipe.training.monitor
    if wanted == "valid_f1" and not spans:
        raise UserError(
            '[training] monitor = "valid_f1" counts spans, but the tags here are free, one a token; set monitor = '
            '"valid_accuracy"'
        )
    if wanted != "auto":
        return wanted
    return "valid_f1" if spans else "valid_accuracy"


def validation_rows(valid: TaggedCorpus | None) -> Iterable[dict[str, Any]]:
    """What a run keeps of its validation sentences; every export is proved on them."""
    for row, sentence in enumerate(valid.sentences if valid else ()):
        yield {
            "text": valid.text_of(row) if valid else "",
            "tokens": list(sentence.tokens),
            "tags": list(sentence.tags),
        }


def judge(task: TokenTagger, recipe: Recipe, corpora: dict[str, TaggedCorpus]) -> Judgement:
    """Judges the trained tagger on what was held out."""
    scores: dict[str, TaggingScores] = {}
    predicted: dict[str, list[list[str]]] = {}
    for part in ("valid", "test"):
        if part in corpora:
            predicted[part] = task.predict(corpora[part])
            truth = [sentence.tags for sentence in corpora[part].sentences]
            scores[part] = evaluate_tags(truth, predicted[part], task.scheme)
    name = held_out(scores)
    segmentation = None
    if name and {tag[0] for tag in task.tags} == set("BMES"):  # every character is of a word
        training = {word for words in words_of(corpora["train"]) for word in words}
        segmentation = evaluate_segmentation(
            words_of(corpora[name]), words_of(corpora[name], predicted[name]), training_words=training
        )
    return Judgement(scores, predicted, segmentation)


def held_out(scores: dict[str, Any]) -> str | None:
    """The part of the corpus whose figures count."""
    return next((name for name in ("test", "valid") if name in scores), None)


def words_of(corpus: TaggedCorpus, tags: list[list[str]] | None = None) -> list[list[str]]:
    """The words of each sentence of characters, by its own tags or by others: of BMES, with types or without."""
    rows = [list(sentence.tags) for sentence in corpus.sentences] if tags is None else tags
    found = []
    for sentence, row in zip(corpus.sentences, rows):
        words: list[str] = []
        for place, (token, tag) in enumerate(zip(sentence.tokens, row)):
            if place and tag[0] in "ME":
                words[-1] += token
            else:
                words.append(token)
        found.append(words)
    return found


def write_pages(
    recipe: Recipe,
    run: RunFolder,
    corpora: dict[str, TaggedCorpus],
    progress: Any,
    judgement: Judgement,
    metrics: dict[str, Any],
    gradients: GradientSection | None = None,
) -> None:
    """Draws the pictures and writes the report."""
    name = held_out(judgement.scores)
    if name is None:
        return
    scores = judgement.scores[name]
    pictures = plot_tagging(run.plots, scores, progress.history, best_epoch=progress.best_epoch)
    data: dict[str, Any] = {part: _facts(corpus) for part, corpus in corpora.items()}
    if metrics["vectors"]:
        data["vectors"] = metrics["vectors"]
    worst = recipe.evaluation.worst_errors
    write_tagging_report(
        run.report,
        title=recipe.name,
        settings=recipe.model_dump(exclude_none=True),
        device=metrics["device"],
        history=progress.history,
        scores=scores,
        segmentation=judgement.segmentation,
        mistakes=worst_sentences(corpora[name], judgement.predicted[name], limit=worst),
        data_summary=data,
        plots=pictures,
        seconds=metrics["seconds"],
        gradients=gradients,
    )


def _facts(corpus: TaggedCorpus) -> dict[str, Any]:
    lengths = [len(sentence) for sentence in corpus.sentences]
    return {
        "source": corpus.source,
        "scheme": corpus.scheme,
        "sentences": len(corpus),
        "tokens": corpus.tokens,
        "longest sentence": max(lengths),
        **{f"tokens with {tag}": count for tag, count in list(corpus.tag_counts().items())[:20]},
        **corpus.notes,
    }
