"""`tfnlp evaluate` of a tagger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tfnlp.commands.models import is_run
from tfnlp.commands.run_folder import RunFolder
from tfnlp.commands.tagged_corpora import read_options
from tfnlp.data.tagging.inventory import check_tags
from tfnlp.data.tagging.reading import read_tagged
from tfnlp.errors import UserError
from tfnlp.evaluation.tagging import TaggingScores, evaluate_tags
from tfnlp.recipe import apply_override
from tfnlp.recipe_mistakes import in_plain_words
from tfnlp.recipe_tagging import TaggedCorpusSection
from tfnlp.tasks.token_tagger import TokenTagger


def evaluate_tagger(
    task: TokenTagger, model: Path, source: str, reading: Sequence[str] = ()
) -> TaggingScores:
    """Judges a tagger on tagged sentences.

    Args:
        task: the tagger.
        model: where it lies; a run's recipe says how its corpora are written.
        source: what `read_tagged` takes.
        reading: `key=value` of `[corpus]` that win over the recipe's.

    Raises:
        UserError: if the source cannot be read, or is tagged in another way than the tagger's.
    """
    corpus = read_tagged(source, **_options(task, model, source, reading))
    if corpus.scheme != task.scheme:
        corpus = corpus.converted(task.scheme)
    check_tags(task.tags, corpus, name="evaluation", on_unseen="keep")
    truth = [sentence.tags for sentence in corpus.sentences]
    return evaluate_tags(truth, task.predict(corpus), task.scheme)


def _options(task: TokenTagger, model: Path, source: str, reading: Sequence[str]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    if model.is_dir() and is_run(model):
        table = RunFolder.open(model).load_recipe().corpus.model_dump(exclude_none=True)
    table["train"] = source
    for override in reading:
        apply_override(table, override)
    try:
        section = TaggedCorpusSection.model_validate(table)
    except ValidationError as error:
        raise UserError("\n".join(in_plain_words(error.errors(), TaggedCorpusSection, ("corpus",)))) from None
    options = read_options(section)
    if task.scheme in ("bio", "bioes", "bmes"):
        options["to_scheme"] = task.scheme
    return options
