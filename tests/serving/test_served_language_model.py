"""A language model behind the server: texts do not depend on who else asks."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tfnlp.commands.predict import answers_from_server
from tfnlp.errors import WorkError
from tfnlp.export import export_saved_model
from tfnlp.serving import Client
from tfnlp.serving.batching import BatchingOptions, can_be_batched
from tfnlp.serving.servable import Servable

PROMPTS = ["the cat", "", "a dog ran to", "我 😀", "the cat"]


@pytest.fixture(scope="module")
def task(build_language_model):
    return build_language_model()


@pytest.fixture(scope="module")
def folder(task, tmp_path_factory):
    return export_saved_model(task, tmp_path_factory.mktemp("saved_models") / "talk")


@pytest.fixture(scope="module")
def language_server(folder, running, model_config):
    with running(model_config({"talk": folder.parent})) as asker:
        yield asker


def wishes(prompts, **numbers):
    rows = len(prompts)
    defaults = {
        "max_tokens": 12,
        "temperature": 1.0,
        "top_k": 0,
        "top_p": 1.0,
        "repetition_penalty": 1.0,
        "seed": 3,
    }
    return {"prompt": prompts, **{name: [value] * rows for name, value in {**defaults, **numbers}.items()}}


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_the_client_gets_what_the_task_says(language_server, task, protocol):
    with Client(getattr(language_server, protocol), "talk") as client:
        greedy = client.ask({"prompt": PROMPTS})
        assert greedy["text"].tolist() == task.generate(PROMPTS, top_k=1)
        drawn = client.ask(wishes(PROMPTS[:4]), signature="generate")
        assert drawn["text"].tolist() == task.generate(PROMPTS[:4], seed=3, max_tokens=12)
        scores = client.ask({"text": PROMPTS}, signature="score")
        np.testing.assert_allclose(
            scores["log_probability"], task.score(PROMPTS).log_probabilities, rtol=1e-4, atol=1e-4
        )


def test_rest_takes_rows(language_server, task):
    body = json.dumps({"instances": [{"prompt": "the cat"}, {"prompt": "我"}]})
    status, answer = language_server.http("POST", "/v1/models/talk:predict", body)
    assert status == 200
    rows = json.loads(answer)["predictions"]
    assert [row["text"] for row in rows] == task.generate(["the cat", "我"], top_k=1)
    body = json.dumps({"signature_name": "score", "instances": [{"text": "the cat"}]})
    status, answer = language_server.http("POST", "/v1/models/talk:predict", body)
    assert status == 200 and set(json.loads(answer)["predictions"][0]) == {
        "log_probability", "known_log_probability", "tokens", "unknown", "perplexity",
    }  # fmt: skip


def test_requests_that_are_joined_get_each_its_own_text(folder, task):
    servable = Servable("talk", 1, folder, batching=BatchingOptions(batch_timeout_micros=20_000))
    signature = servable.signatures.find("generate")
    assert can_be_batched(signature)

    def ask(prompt):
        dtypes = {"max_tokens": np.int32, "top_k": np.int32, "seed": np.int64, "prompt": object}
        asked = wishes([prompt.encode()]).items()
        inputs = {name: np.array(value, dtypes.get(name, np.float32)) for name, value in asked}
        return servable.run(signature, inputs)["text"][0].decode()

    with ThreadPoolExecutor(5) as pool:
        texts = list(pool.map(ask, PROMPTS * 4))
    assert texts == [task.generate(prompt, seed=3, max_tokens=12) for prompt in PROMPTS] * 4
    servable.close()


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_predict_says_what_it_is_not(language_server, protocol):
    with pytest.raises(WorkError, match=r"prompt|outputs|classifier"):
        answers_from_server(getattr(language_server, protocol), "talk", ["the cat"])
