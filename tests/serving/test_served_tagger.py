"""A tagger behind the server: requests of different lengths at the same time get each its own answer."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tfnlp.commands.predict import answers_from_server
from tfnlp.export import export_saved_model
from tfnlp.serving import Client, ServingError
from tfnlp.serving.batching import BatchingOptions, can_be_batched
from tfnlp.serving.servable import Servable

TEXTS = ["Ada Lovelace lived in London.", "", "the USA 😀", "New York " * 40, "我在伦敦", b"a \xff b"]


@pytest.fixture(scope="module")
def task(build_tagger):
    return build_tagger("text_cnn", settings={"filter_sizes": [3], "filters": 6})


@pytest.fixture(scope="module")
def folder(task, tmp_path_factory):
    return export_saved_model(task, tmp_path_factory.mktemp("saved_models") / "names")


@pytest.fixture(scope="module")
def tagger_server(folder, running, model_config):
    with running(model_config({"names": folder.parent})) as asker:
        yield asker


def same(found, expected):
    assert (found.text, found.tokens, found.tags, found.starts) == (
        expected.text,
        expected.tokens,
        expected.tags,
        expected.starts,
    )
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    assert [(span.label, span.start, span.end, span.byte_start, span.text) for span in found.spans] == [
        (span.label, span.start, span.end, span.byte_start, span.text) for span in expected.spans
    ]


def test_answers_of_no_fixed_width_are_not_joined(folder):
    servable = Servable("names", 1, folder, batching=BatchingOptions(batch_timeout_micros=1000))
    assert not any(can_be_batched(signature) for signature in servable.signatures.by_name.values())
    signature = servable.signatures.find("")
    texts = [text.encode() if isinstance(text, str) else text for text in TEXTS]

    def ask(text):
        return servable.run(signature, {"text": np.array([text], object)})

    with ThreadPoolExecutor(6) as pool:
        for text, answer in zip(texts * 4, pool.map(ask, texts * 4)):
            assert answer["tags"].shape == (1, answer["lengths"][0])
            assert answer["ends"].max(initial=0) <= len(text)
    servable.close()


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_the_client_gets_what_the_task_says(tagger_server, task, protocol):
    with Client(getattr(tagger_server, protocol), "names") as client:
        for found, expected in zip(client.tag(TEXTS), task.tag(TEXTS), strict=True):
            same(found, expected)
        with pytest.raises(ServingError, match=r"no text classifier|other outputs"):
            client.predict(["a"])
        ready = client.ask(
            {"tokens": [["Ada", "Lovelace"], ["x", ""]], "lengths": [2, 1]}, signature="tag_tokens"
        )
        assert ready["tags"].tolist() == [
            task.predict([["Ada", "Lovelace"]])[0],
            [task.predict([["x"]])[0][0], ""],
        ]


def test_rest_gives_rows_padded_to_the_longest(tagger_server):
    body = json.dumps({"instances": ["Ada", "the USA and New York"]})
    status, answer = tagger_server.http("POST", "/v1/models/names:predict", body)
    assert status == 200
    first, second = json.loads(answer)["predictions"]
    assert (first["lengths"], second["lengths"]) == (1, 5)
    assert first["tokens"] == ["Ada", "", "", "", ""]


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_predict_asks_a_tagger_on_a_server(tagger_server, task, protocol):
    [expected] = task.tag(["the USA 😀"])
    [answer] = answers_from_server(getattr(tagger_server, protocol), "names", ["the USA 😀"])
    assert answer["tags"] == expected.tags
    assert [span["text"] for span in answer["spans"]] == [span.text for span in expected.spans]
