"""A server with canned answers, and a browser that opens its page."""

import contextlib
import dataclasses
import json
import shutil
import threading
import time

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from tfnlp.serving.try_page import page_routes

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = "<img src=x onerror=\"document.title='broken in'\">"


@dataclasses.dataclass
class Version:
    version: int
    state: str = "AVAILABLE"
    error: str = ""


@dataclasses.dataclass
class Model:
    name: str
    versions: list
    labels: dict = dataclasses.field(default_factory=dict)
    base_path: str = "/models"


def tensor(dtype, *sizes):
    dims = [{"size": str(size), "name": ""} for size in sizes]
    return {"dtype": dtype, "tensor_shape": {"dim": dims, "unknown_rank": False}, "name": "x:0"}


def signature(inputs, outputs):
    return {"inputs": inputs, "outputs": outputs, "method_name": "tensorflow/serving/predict", "defaults": {}}


CLASSIFIER = {
    "classify": signature(
        {"inputs": tensor("DT_STRING", -1)},
        {"classes": tensor("DT_STRING", -1, 2), "scores": tensor("DT_FLOAT", -1, 2)},
    ),
    "serving_default": signature(
        {"text": tensor("DT_STRING", -1)},
        {
            "label": tensor("DT_STRING", -1),
            "labels": tensor("DT_STRING", -1, 2),
            "score": tensor("DT_FLOAT", -1),
            "scores": tensor("DT_FLOAT", -1, 2),
        },
    ),
}
SIGNATURES = {
    "reviews": CLASSIFIER,
    "hostile": CLASSIFIER,
    "names": {
        "serving_default": signature(
            {"text": tensor("DT_STRING", -1)},
            {
                **{
                    name: tensor("DT_STRING", -1, -1)
                    for name in ("tokens", "tags", "span_labels", "span_texts")
                },
                **{name: tensor("DT_FLOAT", -1, -1) for name in ("scores", "span_scores")},
                **{
                    name: tensor("DT_INT32", -1, -1)
                    for name in (
                        *("starts", "ends", "span_starts", "span_ends"),
                        *("span_character_starts", "span_character_ends"),
                    )
                },
                **{name: tensor("DT_INT32", -1) for name in ("lengths", "span_lengths")},
            },
        )
    },
    "vectors": {
        "serving_default": signature(
            {"sentence": tensor("DT_STRING", -1, 1)},
            {"ids": tensor("DT_INT64", -1, 2), "vector": tensor("DT_FLOAT", -1, 3)},
        )
    },
    "pixels": {
        "serving_default": signature(
            {"flag": tensor("DT_BOOL", -1), "image": tensor("DT_FLOAT", -1, 2, 2)},
            {"logit": tensor("DT_FLOAT", -1)},
        )
    },
}


def classified(name, text):
    labels = [HOSTILE, "negative"] if name == "hostile" else ["positive", "negative"]
    return labels, [0.875, 0.125] if "bad" not in text else [0.25, 0.75]


# What a tagger finds in a text: the words in it that it knows.
KNOWN = {
    "Ada Lovelace": "PER",
    "London": "LOC",
    "伦敦": "LOC",
    "牛津大学": "ORG",
    HOSTILE: HOSTILE,
    "好看": "",
}


def tagged(text):
    """A text's spans by their bytes, each one token."""
    found = sorted((text.index(word), word, label) for word, label in KNOWN.items() if word in text)
    spans = [(len(text[:place].encode()), word, label) for place, word, label in found]
    return {
        "tokens": [word for _, word, _ in spans],
        "tags": [f"S-{label}" for _, _, label in spans] or [],
        "scores": [0.5] * len(spans),
        "starts": [start for start, _, _ in spans],
        "ends": [start + len(word.encode()) for start, word, _ in spans],
        "lengths": len(spans),
        "span_labels": [label for _, _, label in spans],
        "span_texts": [word for _, word, _ in spans],
        "span_scores": [0.5] * len(spans),
        "span_starts": [start for start, _, _ in spans],
        "span_ends": [start + len(word.encode()) for start, word, _ in spans],
        "span_character_starts": [place for place, _, _ in found],
        "span_character_ends": [place + len(word) for place, word, _ in found],
        "span_lengths": len(spans),
    }


def padded(rows):
    """Rows as a server sends them: all as long as the longest."""
    longest = max(row["lengths"] for row in rows)
    for row in rows:
        for name, values in row.items():
            if isinstance(values, list):
                values += [0 if name.endswith(("starts", "ends", "scores")) else ""] * (longest - len(values))
    return rows


def predicted(name, body):
    if name == "names":
        return json.dumps({"predictions": padded([tagged(text) for text in body["instances"]])})
    if name == "pixels":
        return '{"predictions": [NaN]}'
    if name == "vectors":
        # An int64 that no double holds, and floats that are not finite.
        rows = ['{"ids": [9007199254740993, 2], "vector": [0.1, NaN, -Infinity]}' for _ in body["instances"]]
        return f'{{"predictions": [{", ".join(rows)}]}}'
    rows = []
    for text in body["instances"]:
        labels, scores = classified(name, text)
        best = scores.index(max(scores))
        rows.append({"label": labels[best], "score": scores[best], "labels": labels, "scores": scores})
    return json.dumps({"predictions": rows})


class CannedServer:
    """Answers as the model server would; `requests` are the paths and bodies that came."""

    hostile = HOSTILE

    def __init__(self):
        self.models = []
        self.requests = []
        self.forget()

    def add_version(self, model, number):
        next(one for one in self.models if one.name == model).versions.append(Version(number))

    def forget(self):
        self.models[:] = [
            Model("reviews", [Version(1, "END"), Version(2), Version(3)], {"stable": 2}),
            Model("vectors", [Version(1), Version(2, "END", "NOT_FOUND: no saved_model.pb in /models/2")]),
            Model("pixels", [Version(1)]),
            Model("hostile", [Version(1)]),
            Model("names", [Version(1)]),
        ]
        self.requests.clear()

    @property
    def app(self):
        path = "/v1/models/{name}/metadata"
        versioned = "/v1/models/{name}/{kind}/{number}"
        return Starlette(
            routes=[
                *page_routes(lambda: self.models, grpc_port=8500),
                Route(path, self.metadata),
                Route(f"{versioned}/metadata", self.metadata),
                Route(f"{versioned}:{{verb}}", self.ask, methods=["POST"]),
                Route("/v1/models/{name}:{verb}", self.ask, methods=["POST"]),
            ]
        )

    def metadata(self, request):
        name = request.path_params["name"]
        spec = {"name": name, "signature_name": "", "version": "1"}
        wrapped = {"@type": "type.googleapis.com/tensorflow.serving.SignatureDefMap"}
        wrapped["signature_def"] = SIGNATURES[name]
        return answer(json.dumps({"model_spec": spec, "metadata": {"signature_def": wrapped}}))

    async def ask(self, request):
        body = json.loads(await request.body())
        self.requests.append((request.url.path, body))
        name, verb = request.path_params["name"], request.path_params["verb"]
        if "unlucky" in json.dumps(body):
            return answer(json.dumps({"error": f"Input is {HOSTILE}, not a review"}), 400)
        if verb == "classify":
            results = [list(zip(*classified(name, next(iter(e.values()))))) for e in body["examples"]]
            return answer(json.dumps({"results": results}))
        return answer(predicted(name, body))


def answer(text, status=200):
    return Response(text, status, media_type="application/json")


@contextlib.contextmanager
def running(app):
    """Serves on a free port of this machine; gives the address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)


@pytest.fixture(scope="module")
def canned():
    return CannedServer()


@pytest.fixture(scope="module")
def address(canned):
    """Where the page is: another server with the same models would do as well."""
    with running(canned.app) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium or google-chrome on PATH")
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser is driven with playwright")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


WINDOW = {"locale": "en-US", "viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="module")
def complaints():
    """What a page did that it must not: errors in its code, and what its policy forbids."""
    return []


def watched(page, complaints):
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Security" in line.text else None)
    return page


@pytest.fixture(scope="module")
def window(browser, complaints):
    """For every test that wants no other window: a new one takes half a second."""
    return watched(browser.new_context(**WINDOW).new_page(), complaints)


@pytest.fixture
def open_page(browser, window, complaints, canned, address):
    """Opens the page, anew for each test."""
    contexts = []
    canned.forget()
    complaints.clear()

    def open_page(**options):
        page = window
        if options:
            contexts.append(browser.new_context(**{**WINDOW, **options}))
            page = watched(contexts[-1].new_page(), complaints)
        page.goto(address)
        page.locator("#signatures h3").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
