"""A tagger in the graph says what Keras says: tokens, tags, spans and their places, for any text."""

import random

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfnlp.errors import UserError
from tfnlp.export import AWKWARD_TEXTS, export_saved_model
from tfnlp.export import tagger_serving as module
from tfnlp.export.ops import saved_model_ops
from tfnlp.text.offsets import byte_to_character_offsets

TEXTS = [
    "Ada Lovelace lived in London.",
    "",
    "😀 the\u200b USA, e\u0301! 我在伦敦",
    " \t ",
    "x " * 60,
    b"New \xff York",
]


@pytest.fixture(scope="module")
def task(build_tagger):
    return build_tagger()


@pytest.fixture(scope="module")
def folder(task, tmp_path_factory):
    return export_saved_model(task, tmp_path_factory.mktemp("saved_models") / "names")


@pytest.fixture(scope="module")
def loaded(folder):
    return tf.saved_model.load(str(folder))


def ask(loaded, texts):
    return {
        name: tensor.numpy()
        for name, tensor in loaded.signatures["serving_default"](text=tf.constant(texts, tf.string)).items()
    }


def check(answer, place, expected, raw):
    """One row of an answer beside what the task answers itself."""
    length, spans = answer["lengths"][place], answer["span_lengths"][place]
    column = {name: values[place] for name, values in answer.items()}
    starts, ends = column["starts"][:length], column["ends"][:length]
    assert [tag.decode() for tag in column["tags"][:length]] == list(expected.tags)
    np.testing.assert_allclose(column["scores"][:length], expected.scores, atol=1e-5)
    assert column["tokens"][:length].tolist() == [raw[start:end] for start, end in zip(starts, ends)]
    shown = [raw[start:end].decode("utf-8", "replace") for start, end in zip(starts, ends)]
    assert shown == list(expected.tokens)
    found = zip(*(column[f"span_{name}"][:spans].tolist() for name in ("labels", "texts", "starts", "ends")))
    assert list(found) == [
        (span.label.encode(), raw[span.byte_start : span.byte_end], span.byte_start, span.byte_end)
        for span in expected.spans
    ]
    places = zip(*(column[f"span_character_{name}"][:spans].tolist() for name in ("starts", "ends")))
    assert list(places) == [(span.start, span.end) for span in expected.spans]
    np.testing.assert_allclose(
        column["span_scores"][:spans], [span.score for span in expected.spans], atol=1e-5
    )
    # Padding is empty.
    assert not any(column["tags"][length:])
    assert not column["scores"][length:].any()
    assert not any(column["span_texts"][spans:])


def check_all(loaded, task, texts):
    answer, expected = ask(loaded, texts), task.tag(texts)
    for place, text in enumerate(texts):
        check(answer, place, expected[place], text if isinstance(text, bytes) else text.encode())
    return answer


def test_the_signatures_are_named_and_typed(loaded):
    serve, ready = (loaded.signatures[name] for name in ("serving_default", "tag_tokens"))
    assert serve.structured_input_signature[1] == {"text": tf.TensorSpec([None], tf.string, name="text")}
    strings = {"tokens", "tags", "span_labels", "span_texts"}
    floats = {"scores", "span_scores"}
    for signature in (serve, ready):
        for name, output in signature.structured_outputs.items():
            kind = tf.string if name in strings else tf.float32 if name in floats else tf.int32
            rank = 1 if name.endswith("lengths") else 2
            assert (output.dtype, output.shape.as_list()) == (kind, [None] * rank), name
    assert len(serve.structured_outputs) == 14
    assert {"tokens", "lengths"} == set(ready.structured_input_signature[1])


def test_it_says_what_the_task_says_in_a_batch_and_alone(loaded, task):
    answer = check_all(loaded, task, TEXTS)
    assert answer["lengths"].tolist()[1::2] == [0, 0, 2]
    for text in TEXTS:
        check_all(loaded, task, [text])
    assert {name: values.shape[0] for name, values in ask(loaded, []).items()} == dict.fromkeys(answer, 0)


def test_the_awkward_texts_too(loaded, task):
    check_all(loaded, task, [text.content for text in AWKWARD_TEXTS if len(text.content) < 1000])


def test_a_long_text_is_read_in_pieces_and_a_request_in_groups(build_tagger, monkeypatch, tmp_path):
    monkeypatch.setattr("tfnlp.tasks.tagging_network.PIECE_TOKENS", 24)
    monkeypatch.setattr("tfnlp.tasks.tags_in_graph._TOKENS_AT_ONCE", 60)
    task = build_tagger("text_cnn", settings={"filter_sizes": [3], "filters": 6})
    tags = tmp_path / "tags.txt"
    tags.write_text("")
    served = module.TaggerModule(task, str(tags))

    class Loaded:
        signatures = {"serving_default": served.serve}

    check_all(
        Loaded, task, ["Ada Lovelace lived in London. " * 30, "", "the USA", "New York " * 12, "我在伦敦" * 6]
    )


def test_one_endless_word_beside_a_megabyte_of_short_ones_fits_in_memory(build_tagger):
    task = build_tagger("bag_of_words", head="softmax", settings={})
    from tfnlp.text.padding import row_numbers

    words = [b"a" * 100_000, *[b"b"] * 100_000]
    features = task.preprocessor.features(tf.constant(words))
    assert features["casing"].shape == (100_001,)
    assert row_numbers(tf.constant([0, 3, 3, 4], tf.int64)).numpy().tolist() == [0, 0, 0, 2]
    [answer] = task.predict([words[0].decode()])
    assert len(answer) == 1


def test_ready_tokens_are_tagged_as_they_stand(loaded, task):
    rows = [["New York", "don't"], [], ["Ada", "Lovelace", "in", "London", "[PAD]"]]
    padded = tf.ragged.constant(rows, dtype=tf.string).to_tensor("rubbish")
    ready = loaded.signatures["tag_tokens"]
    answer = {
        name: tensor.numpy() for name, tensor in ready(tokens=padded, lengths=tf.constant([2, 0, 9])).items()
    }
    assert answer["tags"].shape == (3, 5)
    for place, (tokens, expected) in enumerate(zip(rows, task.tag(rows))):
        assert [tag.decode() for tag in answer["tags"][place, : len(tokens)]] == list(expected.tags)
        count = answer["span_lengths"][place]
        assert count == len(expected.spans)
        for start, end, span in zip(answer["span_starts"][place], answer["span_ends"][place], expected.spans):
            words = " ".join(tokens[start:end])
            assert words == span.text


def test_free_tags_make_no_spans_and_softmax_needs_no_crf(build_tagger, tmp_path):
    task = build_tagger(
        "text_cnn",
        words=False,
        characters=None,
        casing_dim=0,
        head="softmax",
        tags=["NN", "VB", "O"],
        scheme="plain",
        settings={"filter_sizes": [3], "filters": 6},
    )
    loaded = tf.saved_model.load(str(export_saved_model(task, tmp_path / "pos")))
    answer = check_all(loaded, task, ["我在伦敦 London", ""])
    assert answer["span_lengths"].tolist() == [0, 0]
    assert answer["span_labels"].shape == (2, 0)


def test_characters_are_counted_as_python_counts_them_in_any_bytes():
    chosen = random.Random(3)
    texts = ["".join(chr(chosen.choice([65, 0x301, 0xFEFF, 0x4E00, 0x1F600])) for _ in range(9)).encode()]
    texts += [
        b"",
        b"\xef\xbb\xbfa",
        b"a\x00b",
        *(text.content for text in AWKWARD_TEXTS if len(text.content) < 1000),
    ]
    # Bytes that make broken characters of all kinds: too short, too long, surrogates, past the last code point.
    some = b"a\x80\xbf\xc1\xc3\xe0\xe4\xed\xa0\xf0\x9f\xf4\x90\xf5\xff"
    texts += [bytes(chosen.choices(some, k=12)) for _ in range(400)]
    places = module.CharacterPlaces(tf.constant(texts))
    for row, text in enumerate(texts):
        shown = text.decode("utf-8", "replace")
        starts = {0: 0, len(text): len(shown)}
        for place in range(len(text)):
            if byte_to_character_offsets(text, [place]) != byte_to_character_offsets(text, [place + 1]):
                starts[place + 1] = byte_to_character_offsets(text, [place + 1])[0]
        found = places(
            tf.fill([len(starts)], tf.constant(row, tf.int64)), tf.constant(list(starts), tf.int64)
        )
        assert found.numpy().tolist() == list(starts.values()), text


@pytest.mark.parametrize("scheme", ["bio", "iob1", "bioes", "bmes"])
def test_broken_tags_are_mended_as_in_python(scheme):
    """A softmax may give any tags; the graph reads spans out of them as `spans_of` does."""
    from tfnlp.data.tagging import spans_of

    letters = {"bio": "BI", "iob1": "BI", "bioes": "BIES", "bmes": "BMES"}[scheme]
    tags = ["O", *(f"{letter}-{label}" for letter in letters for label in ("X", "Y")), *letters]
    random = np.random.default_rng(7)
    rows = [random.integers(len(tags), size=size) for size in (0, 1, 2, 9, 30, 0, 5)] * 4
    numbers = np.concatenate(rows).astype(np.int32)
    row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    scores = random.random(len(numbers)).astype(np.float32)
    found = module.SpanTable(tags, scheme).find(
        tf.constant(numbers), tf.constant(scores), tf.constant(row_of)
    )
    expected, start = [], 0
    for place, row in enumerate(rows):
        for span in spans_of([tags[tag] for tag in row], scheme):
            least = scores[start + span.start : start + span.end].min()
            expected.append((place, start + span.start, start + span.end - 1, span.label.encode(), least))
        start += len(row)
    assert list(zip(*(column.numpy().tolist() for column in found))) == [
        (*most, pytest.approx(float(least))) for *most, least in expected
    ]


def test_it_needs_only_what_the_stock_server_has_and_carries_its_words(folder, task):
    ops = saved_model_ops(folder)
    assert not [op for op in ops if "cudnn" in op.lower() or "PyFunc" in op]
    assert (folder / "assets" / "tags.txt").read_text().split("\n")[:-1] == task.tags
    assert (folder / "assets" / "vocab.txt").read_text().startswith("[PAD]\n[UNK]\n")


def test_warm_up_requests_are_answered(folder, loaded):
    names = set()
    for record in tf.data.TFRecordDataset(str(folder / "assets.extra" / "tf_serving_warmup_requests")):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
        answer = loaded.signatures[request.model_spec.signature_name](**inputs)
        assert answer["tags"].shape[0] == next(iter(inputs.values())).shape[0]
        names.add(request.model_spec.signature_name)
    assert names == {"serving_default", "tag_tokens"}


def test_a_tag_with_a_line_break_is_told(build_tagger, tmp_path):
    task = build_tagger("bag_of_words", head="softmax", tags=["a", "b\nc"], scheme="plain", settings={})
    with pytest.raises(UserError, match=r"line break.*tags\.txt"):
        export_saved_model(task, tmp_path / "pos")
    assert list(tmp_path.iterdir()) == []
