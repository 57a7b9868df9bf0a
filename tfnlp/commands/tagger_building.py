"""From a tagger's recipe to a compiled task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfnlp.commands.building import build_encoder, build_tokenizer
from tfnlp.data.pipeline import evaluation_batches
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.encoding import encode_tokens
from tfnlp.data.tagging.inventory import tag_inventory
from tfnlp.errors import UserError
from tfnlp.layers.character_bilstm import CharacterBiLSTM
from tfnlp.layers.character_cnn import CharacterCNN
from tfnlp.recipe import Recipe
from tfnlp.recipe_tagging import TaggerSection, TaggerVectorsSection, TaggingPreprocessorSection
from tfnlp.tasks.token_tagger import TokenTagger
from tfnlp.text.tagging_preprocessor import TaggingPreprocessor


def build_tagging_preprocessor(
    section: TaggingPreprocessorSection, task: TaggerSection, corpus: TaggedCorpus, words: Sequence[str] = ()
) -> TaggingPreprocessor:
    """Makes the preprocessor and learns its vocabularies from the training sentences.

    Args:
        section: the recipe's `[preprocessor]`.
        task: its `[task]`, which says whether characters and casing are read.
        corpus: the training sentences.
        words: further words to know.

    Raises:
        UserError: if characters of a word shall be read where each token is one.
    """
    kind = section.tokenizer
    if kind == "auto":
        kind = "char" if corpus.of_characters else "word"
    spelled = task.character_encoder != "none"
    if spelled and kind == "char":
        raise UserError(
            f'[task] character_encoder = "{task.character_encoder}" reads the characters of words, but here each token '
            'is one character; set character_encoder = "none"'
        )
    options = section.model_dump(include={"lowercase", "min_count", "max_size"}, exclude_none=True)
    preprocessor = TaggingPreprocessor(
        build_tokenizer(kind, section.segmenter, options),
        max_tokens=section.max_tokens,
        max_characters=section.max_characters if spelled else 0,
        casing=task.casing_dim > 0,
    )
    preprocessor.adapt((sentence.tokens for sentence in corpus.sentences), words)
    return preprocessor


def build_tagger(recipe: Recipe, train: TaggedCorpus) -> TokenTagger:
    """Makes the untrained tagger: vocabularies learnt, weights drawn.

    Raises:
        UserError: if a setting is out of range, or the parts do not fit each other.
    """
    task: Any = recipe.task
    sections: Any = recipe
    preprocessor = build_tagging_preprocessor(
        sections.preprocessor, task, train, words_of_file(sections.vectors)
    )
    try:
        encoder = build_encoder(recipe, preprocessor.vocabulary_size)
        tagger = TokenTagger(
            preprocessor,
            encoder,
            tag_inventory(train),
            train.scheme,
            head=task.head,
            character_encoder=_character_encoder(task, preprocessor.character_count),
            casing_dim=task.casing_dim,
            input_dropout=task.input_dropout,
            dropout=task.dropout,
        )
    except ValueError as error:
        raise UserError(f"[encoder] {error}") from None
    if encoder.needs_counts:  # the tagger has built it: there are weights to count into
        rows = [sentence.tokens for sentence in train.sentences]
        encoder.adapt(evaluation_batches(encode_tokens(preprocessor, rows)["token_ids"]))
    return tagger


def words_of_file(section: TaggerVectorsSection) -> list[str]:
    """The first `section.words` words of the recipe's file of vectors."""
    if not section.words:
        return []
    if section.file is None:
        raise UserError("[vectors] words: there is no `file` to take words from; name one, or set words = 0")
    from tfnlp.embeddings.files.vector_file import VectorFile

    words: list[str] = []
    for names, _ in VectorFile(section.file).blocks():
        words += names
        if len(words) >= section.words:
            break
    return words[: section.words]


def _character_encoder(task: TaggerSection, characters: int) -> CharacterCNN | CharacterBiLSTM | None:
    if task.character_encoder == "none":
        return None
    common: dict[str, Any] = {"embedding_dim": task.character_dim, "dropout": task.character_dropout}
    if task.character_encoder == "cnn":
        return CharacterCNN(
            characters,
            filters=task.character_units,
            window=task.character_window,
            **common,
            name="characters",
        )
    return CharacterBiLSTM(characters, units=task.character_units, **common, name="characters")
