"""How each data set is trained: the one place where numbers were chosen, on validation parts alone."""

from dataclasses import dataclass, field, replace

ENCODERS = ("bag_of_words", "text_cnn", "bilstm")
PYTORCH_ENCODERS = ("text_cnn", "bilstm")  # those that have a twin in PyTorch


@dataclass(frozen=True)
class Training:
    """One encoder on one data set, by AdamW; `schedule` and the rest as in a recipe's `[training]`."""

    tokenizer: str = "word"
    max_tokens: int = 64
    min_count: int = 1
    max_size: int | None = None
    encoder: dict = field(default_factory=dict)  # arguments of the encoder
    dropout: float = 0.5  # on the pooled vector
    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: str = "warmup_cosine"
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    label_smoothing: float = 0.0
    average_weights: float = 0.0


@dataclass(frozen=True)
class DatasetSettings:
    """All systems on one data set, and the published figures to hold them against (percent)."""

    training: dict[str, Training]
    inverse_penalty: float = 4.0  # logistic regression's C
    fasttext: dict = field(default_factory=lambda: {"epochs": 5, "learning_rate": 0.5})
    marks: str = ""


_BAG = Training(
    encoder={"embedding_dim": 64, "ngrams": [2], "pooling": "mean"}, dropout=0.0, learning_rate=3e-3
)
_CNN = Training(encoder={"embedding_dim": 128, "filter_sizes": [3, 4, 5], "filters": 100})
_LSTM = Training(encoder={"embedding_dim": 128, "units": 128, "pooling": ["max", "mean"]})


def _each(
    bag: dict | None = None, cnn: dict | None = None, lstm: dict | None = None, **common
) -> dict[str, Training]:
    """The three defaults with what a data set changes; `encoder` adds to the default's arguments."""
    result = {}
    for name, base, own in zip(ENCODERS, (_BAG, _CNN, _LSTM), (bag, cnn, lstm)):
        changes = {**common, **(own or {})}
        changes["encoder"] = {**base.encoder, **changes.get("encoder", {})}
        result[name] = replace(base, **changes)
    return result


SETTINGS: dict[str, DatasetSettings] = {
    "mr": DatasetSettings(_each(), marks="Kim 2014 CNN-rand 76.1"),
    "sst2": DatasetSettings(_each(), inverse_penalty=16.0),
    "sst2_phrases": DatasetSettings(_each(epochs=4), marks="Kim 2014 CNN-rand 82.7"),
    "trec": DatasetSettings(
        _each(epochs=12),
        inverse_penalty=16.0,
        fasttext={"epochs": 20, "learning_rate": 0.5},
        marks="Kim 2014 CNN-rand 91.2",
    ),
    "imdb": DatasetSettings(
        _each(max_tokens=400, min_count=2, max_size=30000, epochs=4), marks="TextCNN 89.2, BiLSTM 89.0"
    ),
    "ag_news": DatasetSettings(_each(max_tokens=100)),
    "thucnews": DatasetSettings(_each(tokenizer="char", max_tokens=48)),
    "reviews": DatasetSettings(_each(tokenizer="char", max_tokens=256)),
}


def quick(training: Training) -> Training:
    """A training that only shows that everything runs."""
    return replace(training, epochs=2)
