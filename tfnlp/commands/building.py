"""From a recipe's sections to a compiled task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from tfnlp.data.corpus import Corpus
from tfnlp.data.labels import LabelIndex
from tfnlp.data.pipeline import encode_texts, evaluation_batches, steps_per_epoch
from tfnlp.encoders.encoder import Encoder
from tfnlp.encoders.registry import encoder_class
from tfnlp.errors import UserError
from tfnlp.recipe import PreprocessorSection, Recipe, TaskSection
from tfnlp.tasks.losses import classification_loss
from tfnlp.tasks.text_classifier import TextClassifier
from tfnlp.text.preprocessor import TextPreprocessor
from tfnlp.text.registry import tokenizer_class
from tfnlp.text.tokenizer import Tokenizer
from tfnlp.training.optimizers import build_optimizer
from tfnlp.training.schedules import learning_rate


def build_preprocessor(section: PreprocessorSection, texts: Sequence[str]) -> TextPreprocessor:
    """Makes the preprocessor and learns its vocabulary from the training texts."""
    options = section.model_dump(include={"lowercase", "min_count", "max_size"}, exclude_none=True)
    preprocessor = TextPreprocessor(
        build_tokenizer(section.tokenizer, section.segmenter, options),
        max_tokens=section.max_tokens,
        truncate=section.truncate,
    )
    preprocessor.adapt(texts)
    return preprocessor


def build_tokenizer(kind: str, segmenter: str | None, options: Mapping[str, Any]) -> Tokenizer:
    """Makes a tokenizer that has no vocabulary yet: of a registered kind, or one that a trained segmenter cuts for."""
    if segmenter is None:
        return tokenizer_class(kind)(**options)
    from tfnlp.commands.models import load_model
    from tfnlp.tasks.segmenting_tokenizer import SegmentingTokenizer

    return SegmentingTokenizer(load_model(Path(segmenter)), **options)


def build_encoder(recipe: Recipe, vocabulary_size: int) -> Encoder:
    """Makes the recipe's encoder; raises ValueError for a setting out of range."""
    settings = recipe.encoder.model_dump()
    name = settings.pop("type")
    return encoder_class(name)(vocabulary_size=vocabulary_size, name=name, **settings)


def build_task(recipe: Recipe, train: Corpus) -> TextClassifier:
    """Makes the untrained task: vocabulary learnt, weights drawn.

    Raises:
        UserError: if a setting of the encoder is out of range, or the corpus has too few labels.
    """
    preprocessor = build_preprocessor(recipe.preprocessor, train.texts)
    labels = LabelIndex.from_corpus(train)
    try:
        encoder = build_encoder(recipe, preprocessor.vocabulary_size)
        task = TextClassifier(
            preprocessor,
            encoder,
            labels.names,
            multi_label=labels.multi_label,
            dropout=recipe.task.dropout,
            l1=recipe.task.l1,
            l2=recipe.task.l2,
        )
    except ValueError as error:
        raise UserError(f"[encoder] {error}") from None
    if encoder.needs_counts:
        encoder.adapt(evaluation_batches(encode_texts(preprocessor, train.texts)))
    return task


def optimizer_of(recipe: Recipe, examples: int, *, steps: int | None = None) -> keras.optimizers.Optimizer:
    """Makes the recipe's optimizer, the schedule cut to the number of training examples or to an epoch's `steps`."""
    training = recipe.training
    rate = learning_rate(
        training.schedule,
        training.learning_rate,
        steps_per_epoch=steps or steps_per_epoch(examples, training.batch_size),
        epochs=training.epochs,
        warmup_share=training.warmup_share,
        step_epochs=training.step_epochs,
        step_factor=training.step_factor,
        step_hold=training.step_hold,
    )
    return build_optimizer(
        training.optimizer,
        rate,
        weight_decay=training.weight_decay,
        clip_norm=training.clip_norm,
        average_weights=training.average_weights,
        momentum=training.momentum,
    )


def compile_classifier(task: TextClassifier, recipe: Recipe, examples: int) -> None:
    """Gives the task its loss and its optimizer."""
    try:
        loss = classification_loss(
            recipe.task.loss, multi_label=task.multi_label, label_smoothing=recipe.task.label_smoothing
        )
    except ValueError as error:
        raise UserError(f"[task] {error}") from None
    task.compile(optimizer=optimizer_of(recipe, examples), loss=loss)


def set_precision(precision: str) -> None:
    """Makes the precision the default of every layer built from here on."""
    keras.config.set_dtype_policy(precision)


def class_weights(section: TaskSection, train: Corpus) -> Mapping[str, float] | None:
    """Returns label -> weight as the recipe asks: None, balanced, or its own table.

    Balanced weights are `examples / (classes * examples of the class)`, so they average 1 over the examples
    (King and Zeng, 2001).

    Raises:
        UserError: if the table names a label that is not in training, or the task is multi-label.
    """
    if section.class_weights == "none":
        return None
    if train.multi_label:
        raise UserError('[task] class_weights are of single-label corpora; set class_weights = "none"')
    counts = train.label_counts()
    if section.class_weights == "balanced":
        return {label: len(train) / (len(counts) * count) for label, count in counts.items()}
    index = LabelIndex(sorted(counts))
    for label in section.class_weights:
        index.index(label)
    return {label: section.class_weights.get(label, 1.0) for label in counts}
