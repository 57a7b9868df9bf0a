"""What each tagger is trained on and with, and the published figures it is held against."""

from dataclasses import dataclass, field
from pathlib import Path

from tfnlp.recipe import Recipe, load_recipe

PIPELINES = Path(__file__).resolve().parent.parent / "pipelines"


@dataclass(frozen=True)
class System:
    """One network: a shipped recipe and what is changed in it, as `--set` would."""

    title: str
    recipe: str
    changes: tuple[str, ...] = ()

    def load(self, seed: int, changes: tuple[str, ...] = ()) -> Recipe:
        """The recipe with its changes and further ones."""
        return load_recipe(PIPELINES / f"{self.recipe}.toml", [f"seed={seed}", *self.changes, *changes])


@dataclass(frozen=True)
class Published:
    """A figure in percent that somebody else printed, and where."""

    system: str
    figure: float
    source: str


@dataclass(frozen=True)
class TaggingTask:
    """A corpus, what is measured on it, who is measured.

    Attributes:
        title: of the table.
        figure: `"span F1"`, `"word F1"` or `"token accuracy"`.
        mark: what ours must reach, in percent, by system; the others have none.
        systems: name -> ours.
        peers: names of the peers that run beside ours.
        published: what others printed.
    """

    title: str
    figure: str
    systems: dict[str, System]
    mark: dict[str, float] = field(default_factory=dict)
    peers: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()


TASKS: dict[str, TaggingTask] = {
    "segmentation": TaggingTask(
        "People's Daily, word segmentation, every tenth line",
        "word F1",
        {"bilstm_crf": System("tfnlp: BiLSTM-CRF on characters and bigrams", "segment-zh")},
        mark={"bilstm_crf": 96.5},
        peers=("jieba", "snownlp"),
    ),
    "conll2003": TaggingTask(
        "CoNLL-2003 English, names",
        "span F1",
        {
            "cnn": System("tfnlp: BiLSTM-CRF, character CNN", "ner-conll2003"),
            "bilstm": System(
                "tfnlp: BiLSTM-CRF, character BiLSTM",
                "ner-conll2003",
                ("task.character_encoder=bilstm", "task.character_units=25"),
            ),
            "glove_cnn": System("tfnlp: BiLSTM-CRF, character CNN, GloVe 50d", "ner-conll2003-glove"),
        },
        mark={"cnn": 84.0, "bilstm": 84.0, "glove_cnn": 90.0},
        peers=("crfsuite",),
        published=(
            Published("LSTM-CRF, characters, own vectors", 90.94, "Lample et al. 2016"),
            Published("BiLSTM-CNN-CRF, GloVe 100d", 91.21, "Ma and Hovy 2016"),
        ),
    ),
    "msra": TaggingTask(
        "MSRA, Chinese names",
        "span F1",
        {
            "bilstm_crf": System(
                "tfnlp: BiLSTM-CRF on characters and bigrams", "segment-zh", ("corpus.to_scheme=bioes",)
            )
        },
        peers=("crfsuite",),
        published=(
            Published(
                "Lattice LSTM, vectors and a lexicon of words",
                93.18,
                "Zhang and Yang 2018; another cut of MSRA",
            ),
        ),
    ),
    "ewt": TaggingTask(
        "UD English EWT, universal parts of speech",
        "token accuracy",
        {"cnn": System("tfnlp: BiLSTM, character CNN", "pos-ud")},
        peers=("crfsuite",),
        published=(
            Published("UDPipe 1.2, perceptron", 94.4, "its models' README, UD 2.3, gold tokens"),
            Published(
                "spaCy, Transformer", 96.94, "model card of en_udv25_englishewt_trf, UD 2.5, its own tokens"
            ),
        ),
    ),
}
