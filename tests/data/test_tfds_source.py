import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tfnlp.data import read_corpus
from tfnlp.errors import UserError

ROWS = {
    "text": ["good", "很差", "fine"],
    "label": [1, 0, 1],
    "topics": [[0, 1], [], [1]],
    "stars": [5, 1, 4],
    "hidden": [-1, -1, -1],
}


@pytest.fixture(scope="module", autouse=True)
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    features = tfds.features.FeaturesDict(
        {
            "text": tfds.features.Text(),
            "label": tfds.features.ClassLabel(names=["negative", "positive"]),
            "topics": tfds.features.Sequence(tfds.features.ClassLabel(names=["food", "room"])),
            "stars": tf.int64,
            "hidden": tfds.features.ClassLabel(names=["a", "b"]),
        }
    )
    rows = {**ROWS, "topics": tf.ragged.constant(ROWS["topics"], tf.int64)}
    rows = {
        name: tf.constant(value, tf.int64) if isinstance(value[0], int) else value
        for name, value in rows.items()
    }
    dataset = tf.data.Dataset.from_tensor_slices(rows)
    for name, splits in {
        "tiny_reviews": ("train", "test"),
        "lone_reviews": ("reviews",),
        "odd_reviews": ("a", "b"),
    }.items():
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=features,
            split_datasets={split: dataset.take(2 if split == "test" else 3) for split in splits},
            data_dir=folder,
            disable_shuffling=True,
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFDS_DATA_DIR", str(folder))
        yield folder


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("tiny_reviews", 3),
        ("tiny_reviews:test", 2),
        ("tiny_reviews:1.0.0", 3),
        ("tiny_reviews:1.*.*:test", 2),
        ("tiny_reviews:train[:1]", 1),
        ("lone_reviews", 3),
    ],
)
def test_names(name, rows):
    corpus = read_corpus(f"tfds:{name}")
    assert corpus.texts == ROWS["text"][:rows]
    assert corpus.labels == ["positive", "negative", "positive"][:rows]
    assert corpus.source == f"tfds:{name}"
    assert corpus.place(0) == "row 1"


def test_sequence_of_classes_is_multi_label():
    assert read_corpus("tfds:tiny_reviews", label_column="topics").labels == [["food", "room"], [], ["room"]]


def test_other_columns():
    assert read_corpus("tfds:tiny_reviews", label_column="stars").labels == ["5", "1", "4"]
    assert read_corpus("tfds:tiny_reviews", label_column="text").labels == ROWS["text"]
    assert read_corpus("tfds:tiny_reviews", label_column=None).labels is None


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tiny_reviews", {"text_column": "texts"}, r"no feature `texts`. Did you mean `text`\? There: "),
        ("tiny_reviews", {"label_column": "lable"}, r"no feature `lable`. Did you mean `label`"),
        ("tiny_reviews", {"label_column": "hidden"}, r"row 1: column `hidden` must hold a label"),
        ("tiny_reviews", {"text_column": "stars"}, r"row 1: column `stars` must be a string"),
        ("tiny_reviews:tset", {}, r"no split `tset`. Did you mean `test`\? There: `train`, `test`"),
        ("odd_reviews", {}, r"name a split, one of `tfds:odd_reviews:a`, `tfds:odd_reviews:b`"),
        ("imdb_review", {}, r"no such data set. Did you mean `imdb_reviews`"),
        ("tiny_reviews:7.0.0", {}, r"tfds:tiny_reviews:7.0.0: "),
        ("", {}, r"expected `tfds:name"),
    ],
)
def test_errors(name, options, message):
    with pytest.raises(UserError, match=message):
        read_corpus(f"tfds:{name}", **options)
