"""`tfnlp evaluate`: any copy of a model against labelled texts, a tagger against tagged sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfnlp.commands.models import Classifier, is_tagger, load_model, refuse_language_model
from tfnlp.data.corpus import Corpus
from tfnlp.data.labels import check_labels
from tfnlp.data.readers import read_corpus
from tfnlp.errors import UserError
from tfnlp.evaluation.classification import ClassificationReport, classification_report

if TYPE_CHECKING:
    from tfnlp.evaluation.tagging import TaggingScores


def evaluate(
    model: Path,
    source: str,
    *,
    text_column: str = "text",
    label_column: str = "label",
    label_separator: str | None = None,
    reading: Sequence[str] = (),
) -> ClassificationReport | TaggingScores:
    """Scores the texts with a model and judges its answers.

    Args:
        model: what `load_model` takes.
        source: what `read_corpus` takes.
        text_column: name of the text's column.
        label_column: name of the label's column.
        label_separator: splits a cell into labels; needed for a multi-label model and a delimited file.
        reading: `key=value` of `[corpus]`, for a tagger: how the source is written.

    Raises:
        UserError: if either cannot be read, or a label is none of the model's.
    """
    copy = load_model(model)
    refuse_language_model(copy, "evaluate")
    if is_tagger(copy):
        from tfnlp.commands.tagger_evaluation import evaluate_tagger

        return evaluate_tagger(copy, model, source, reading)
    if reading:
        raise UserError("--set says how a tagger's corpus is written, and this model is a classifier")
    corpus = read_corpus(
        source, text_column=text_column, label_column=label_column, label_separator=label_separator
    )
    if corpus.multi_label != copy.multi_label:
        cure = "give --label-separator" if copy.multi_label else "leave --label-separator out"
        raise UserError(
            f"{source} has {'several' if corpus.multi_label else 'one'} label(s) a text, the model gives "
            f"{'several' if copy.multi_label else 'one'}; {cure}"
        )
    check_labels(copy.labels, corpus, name="evaluation")
    return judge(copy, corpus)


def judge(model: Classifier, corpus: Corpus, worst: int = 20) -> ClassificationReport:
    """Scores a labelled corpus with a model and judges its answers, listing the `worst` most confident mistakes."""
    scores = model.predict(corpus.texts)
    return classification_report(
        corpus.labels, scores, model.labels, multi_label=model.multi_label, texts=corpus.texts, worst=worst
    )
