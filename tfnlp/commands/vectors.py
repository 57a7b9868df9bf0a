"""The `[vectors]` section at work: a training that starts from a file of word vectors."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfnlp.commands.run_folder import RunFolder
from tfnlp.errors import UserError
from tfnlp.recipe import Recipe, VectorsSection

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)


def with_file_dimension(recipe: Recipe) -> Recipe:
    """Returns the recipe with the `embedding_dim` of its file of vectors; one without a file passes unchanged.

    Raises:
        UserError: if the file is missing or no file of vectors, or the recipe asks for another `embedding_dim`.
    """
    from tfnlp.embeddings.files.vector_file import VectorFile

    if recipe.vectors.file is None:
        return recipe
    return _with_dimension(recipe, VectorFile(recipe.vectors.file).dimension)


def _with_dimension(recipe: Recipe, dimension: int) -> Recipe:
    wanted = recipe.encoder.embedding_dim
    if "embedding_dim" in recipe.encoder.model_fields_set and wanted != dimension:
        raise UserError(
            f"[encoder] embedding_dim is {wanted}, the vectors of {recipe.vectors.file} have {dimension} numbers; "
            f"set embedding_dim = {dimension}, or leave it out"
        )
    encoder = recipe.encoder.model_copy(update={"embedding_dim": dimension})
    return recipe.model_copy(update={"encoder": encoder})


def start_from_vectors(
    task: Any, section: VectorsSection, training_ids: Callable[[], np.ndarray]
) -> dict[str, Any] | None:
    """Starts a new task's token vectors from the recipe's file.

    Args:
        task: a task that is not trained yet.
        section: the recipe's `[vectors]`.
        training_ids: gives the ids of all tokens of training, which are counted: int `[tokens]`.

    Returns:
        what was found, for `metrics.json`: `file`, `format`, `dimension`, `tokens` (of the vocabulary, without the
        special ones), `found` of them, and two shares in `[0, 1]`: `share_of_vocabulary`, and
        `share_of_running_tokens` of the training texts. None where the recipe names no file.

    Raises:
        UserError: if the file is broken, or knows no token of the vocabulary.
    """
    import numpy as np

    from tfnlp.embeddings.files.vector_file import VectorFile
    from tfnlp.embeddings.initial_vectors import start_table
    from tfnlp.text.vocabulary import PAD_ID, UNKNOWN_ID

    if section.file is None:
        return None
    file = VectorFile(section.file)
    logger.info("vectors: reading %s (%s, %d numbers a word)", file.path, file.format, file.dimension)
    tokens = task.preprocessor.vocabulary.tokens
    vectors, found = file.vectors_for(tokens)
    found[[PAD_ID, UNKNOWN_ID]] = False  # special tokens are no words, whatever the file calls so
    if not found.any():
        raise UserError(
            f"{file.path}: none of the {len(tokens) - 2:,} tokens of the vocabulary has a vector there; is it of the "
            "texts' language, and does [preprocessor] cut texts into the file's words?"
        )
    embedding = task.encoder.embedding
    embedding.set_vectors(
        start_table(np.asarray(embedding.tables[0].embeddings), vectors, found, section.unknown_scale)
    )
    counts = np.bincount(training_ids(), minlength=len(tokens))
    facts = {
        "file": file.path,
        "format": file.format,
        "dimension": file.dimension,
        "frozen": section.frozen,
        "tokens": len(tokens) - 2,
        "found": int(found.sum()),
        "share_of_vocabulary": round(float(found.sum() / (len(tokens) - 2)), 4),
        "share_of_running_tokens": round(float(counts[found].sum() / counts.sum()), 4),
    }
    logger.info("%s", vectors_in_words(facts))
    return facts


def resumed_vectors(run: RunFolder, recipe: Recipe) -> tuple[Recipe, dict[str, Any] | None]:
    """Returns the recipe as it began and what was found then; the start holds the vectors, no file is read again.

    Raises:
        UserError: if the run began from another file than the recipe's, or from none.
    """
    facts = json.loads(run.vectors.read_text(encoding="utf-8")) if run.vectors.is_file() else None
    began = facts["file"] if facts else None
    if began != recipe.vectors.file:
        raise UserError(
            f"{run.path}: the run began with {f'the vectors of {began}' if began else 'random vectors'}; resume with "
            f"its own recipe, {run.recipe}, or train anew"
        )
    return (_with_dimension(recipe, facts["dimension"]), facts) if facts else (recipe, None)


def vectors_in_words(facts: dict[str, Any]) -> str:
    """The share that a file of vectors covers, as a line."""
    return (
        f"vectors: {facts['share_of_vocabulary']:.1%} of the vocabulary ({facts['found']:,} of {facts['tokens']:,} "
        f"tokens), {facts['share_of_running_tokens']:.1%} of the running tokens found in {facts['file']}"
    )
