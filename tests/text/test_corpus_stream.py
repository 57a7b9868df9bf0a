import numpy as np
import pytest
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text.corpus_stream import as_string_tensor, stream_batches

TEXTS = ["a 我", "", "é"]
RAW = [text.encode() for text in TEXTS]


@pytest.mark.parametrize(
    "corpus",
    [
        TEXTS,
        tuple(RAW),
        np.array(TEXTS),
        np.array(TEXTS, object),
        np.array(RAW + [b"\0"], object)[:3],
        (text for text in TEXTS),
        tf.constant(TEXTS),
        [tf.constant(text) for text in TEXTS],
        tf.data.Dataset.from_tensor_slices(TEXTS),
        tf.data.Dataset.from_tensor_slices(TEXTS).batch(2),
    ],
)
def test_every_form_of_a_corpus(corpus):
    assert [text for batch in stream_batches(corpus) for text in batch] == RAW


def test_nothing_is_read_far_ahead():
    read = []
    texts = (read.append(i) or "x" * 10 for i in range(5000))
    for number, batch in enumerate(stream_batches(texts), 1):
        assert len(batch) <= 1024 and len(read) <= 1024 * number
    read.clear()
    texts = (read.append(i) or "x" * 600_000 for i in range(7))
    for number, _ in enumerate(stream_batches(texts), 1):
        assert len(read) <= 2 * number  # a batch closes once it holds a mebibyte


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ("one", "one string"),
        ([1, 2], "Received int"),
        ([None], "missing values"),
        ([("a", 1)], "without labels"),
    ],
)
def test_what_is_no_corpus_is_refused(corpus, message):
    with pytest.raises(UserError, match=message):
        list(stream_batches(corpus))


@pytest.mark.parametrize(
    "texts",
    [TEXTS, RAW, np.array(TEXTS), np.array(TEXTS, object), tf.constant(TEXTS), tf.constant(TEXTS)[:, None]],
)
def test_every_form_of_a_batch(texts):
    tensor = as_string_tensor(texts)
    assert tensor.dtype == tf.string and tensor.numpy().tolist() == RAW


@pytest.mark.parametrize("text", ["é", "é".encode(), np.str_("é"), tf.constant("é")])
def test_every_form_of_a_text(text):
    assert as_string_tensor(text).shape == () and as_string_tensor(text).numpy() == "é".encode()


def test_an_empty_batch_and_a_lone_surrogate():
    assert as_string_tensor([]).shape == (0,)
    assert as_string_tensor(["a\ud800"]).numpy()[0] == b"a\xed\xa0\x80"


@pytest.mark.parametrize("texts", [tf.constant([1]), [1.0], tf.constant([["a", "b"]])])
def test_what_is_no_batch_is_refused(texts):
    with pytest.raises(UserError, match="Texts must be"):
        as_string_tensor(texts)
