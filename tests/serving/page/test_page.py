"""The page to try a model, in a browser: what a user sees, asks and copies."""

import importlib.resources
import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tfnlp.serving.try_page import page_routes


def choose(page, model):
    page.select_option("#model", model)
    page.locator("#models .chosen h3", has_text=model).wait_for()
    page.locator("#signatures .chosen").wait_for()


def ask(page, text):
    page.fill("#text", text)
    page.press("#text", "Control+Enter")
    page.locator("#answer > *").first.wait_for()


def look_again(page):
    """As when the window comes to the front, so that the test need not wait for the next look."""
    page.evaluate("window.dispatchEvent(new Event('focus'))")


def code(page, tab):
    page.get_by_role("tab", name=tab, exact=True).click()
    return page.locator("#code").text_content()


# ---- what the routes serve


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as got:
        return got.headers, got.read().decode()


def test_every_file_has_its_type_and_forbids_scripts_from_elsewhere(address):
    kinds = {"/": "text/html", "/page/page.css": "text/css", "/page/page.js": "text/javascript"}
    for path, kind in kinds.items():
        assert fetch(address + path)[0]["content-type"] == f"{kind}; charset=utf-8"
    for path in ("/", "/page/page.js", "/page/models.json"):
        headers, _ = fetch(address + path)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-cache"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


def test_page_fetches_nothing_from_elsewhere(address):
    _, html = fetch(f"{address}/")
    links = re.findall(r"(?:src|href)=\"([^\"]*)\"", html)
    assert [link for link in links if not link.startswith(("page/", "data:"))] == []
    assert "style=" not in html


def test_only_the_files_of_the_page_are_served(address):
    for path in ("/page/..%2ftry_page.py", "/page/index.html", "/page/"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(address + path)


def test_models_are_listed_with_versions_and_errors(address, canned):
    canned.forget()
    models = json.loads(fetch(f"{address}/page/models.json")[1])
    assert models[0]["labels"] == {"stable": 2}
    assert models[1] == {
        "name": "vectors",
        "labels": {},
        "versions": [
            {"version": 1, "state": "AVAILABLE", "error": ""},
            {"version": 2, "state": "END", "error": "NOT_FOUND: no saved_model.pb in /models/2"},
        ],
    }


def test_server_without_grpc_says_so_to_the_page():
    [page] = [route for route in page_routes(list, grpc_port=None) if route.path == "/"]
    assert b'name="grpc-port" content=""' in page.endpoint(None).body


# ---- what a user does


def test_texts_are_asked_and_scores_shown_best_first(open_page, canned):
    page = open_page()
    ask(page, "good food\n\nbad service\n")
    assert canned.requests == [("/v1/models/reviews:predict", {"instances": ["good food", "bad service"]})]
    results = page.locator("#answer .result")
    assert results.locator(".asked").all_text_contents() == ["good food", "bad service"]
    assert results.locator(".label").all_text_contents() == ["positive", "negative"]
    assert results.nth(1).locator(".name").all_text_contents() == ["negative", "positive"]
    assert results.nth(1).locator("li .n").all_text_contents() == ["0.7500", "0.2500"]
    share = results.nth(1).locator(".bar").first.evaluate("bar => bar.style.getPropertyValue('--share')")
    assert share == "75%"
    summary = r"\d+(\.\d)? ms there and back · positive 0.8750, negative 0.7500"
    assert re.fullmatch(summary, page.inner_text("#summary"))
    assert page.get_attribute("#summary", "aria-live") == "polite"


def test_version_and_label_are_asked_by_their_own_paths(open_page, canned):
    page = open_page()
    page.select_option("#version", "versions/3")
    ask(page, "one")
    page.select_option("#version", "labels/stable")
    ask(page, "two")
    page.locator("#history li").nth(1).wait_for()
    paths = [path for path, _ in canned.requests]
    assert paths == ["/v1/models/reviews/versions/3:predict", "/v1/models/reviews/labels/stable:predict"]
    assert page.locator("#version option[value='versions/1']").is_disabled()


def test_signature_on_examples_is_asked_through_classify(open_page, canned):
    page = open_page()
    page.select_option("#signature", "classify")
    page.fill("#feature", "review")
    ask(page, "bad")
    body = {"signature_name": "classify", "examples": [{"review": "bad"}]}
    assert canned.requests == [("/v1/models/reviews:classify", body)]
    assert page.locator("#answer .label").text_content() == "negative"


def test_other_outputs_are_a_table_with_exact_numbers(open_page, canned):
    page = open_page()
    choose(page, "vectors")
    ask(page, "one\ntwo")
    assert canned.requests[0][1] == {"instances": [["one"], ["two"]]}
    assert page.locator("#answer thead th").all_text_contents() == ["text", "ids", "vector"]
    cells = page.locator("#answer tbody tr").nth(1).locator("td").all_text_contents()
    assert cells == ["[9007199254740993, 2]", "[0.1, NaN, -Infinity]"]
    assert "no saved_model.pb" in page.locator("#models .said").text_content()
    assert page.locator("#models .failed").text_content() == "could not be loaded"


def test_spans_are_marked_in_the_text_they_were_found_in(open_page, canned):
    page = open_page()
    choose(page, "names")
    ask(page, "😀 Ada Lovelace 去过 London 和伦敦。\nnothing here\n很好看的书")
    results = page.locator("#answer .result")
    first = results.nth(0)
    # The label stands behind its span; all else is the text as it was asked.
    assert first.locator(".marked").text_content() == "😀 Ada LovelacePER 去过 LondonLOC 和伦敦LOC。"
    assert first.locator("mark small").all_text_contents() == ["PER", "LOC", "LOC"]
    colours = [mark.get_attribute("class") for mark in first.locator("mark").all()]
    assert colours[0] != colours[1] == colours[2]
    assert results.nth(1).locator(".marked").text_content() == "nothing here"
    assert "No span was found." in results.nth(1).inner_text()
    assert results.nth(2).locator("mark").all_text_contents() == ["好看"]
    first.locator("summary").click()
    assert first.locator("tbody tr").nth(1).inner_text().split() == ["London", "S-LOC", "0.5000"]
    assert "PER Ada Lovelace, LOC London, LOC 伦敦" in page.inner_text("#summary")
    assert "client.tag(texts)" in code(page, "tfnlp client")


def test_spans_and_labels_never_act_as_html(open_page, canned):
    page = open_page()
    choose(page, "names")
    ask(page, f"x {canned.hostile} y")
    assert page.locator("#answer mark small").text_content() == canned.hostile
    assert page.title() != "broken in"


def test_any_signature_is_asked_in_json_from_an_example(open_page, canned):
    page = open_page()
    choose(page, "pixels")
    example = {"instances": [{"flag": True, "image": [[0.5, 0.5], [0.5, 0.5]]}]}
    assert json.loads(page.input_value("#json")) == example
    page.click("#ask")
    assert page.locator("#answer pre").text_content() == '{"predictions": [NaN]}'
    assert canned.requests == [("/v1/models/pixels:predict", example)]
    grpc = code(page, "gRPC")
    assert 'values = [True]\nrequest.inputs["flag"].CopyFrom(tf.make_tensor_proto(values, tf.bool))' in grpc
    assert 'values = [[[0.5, 0.5], [0.5, 0.5]]]\nrequest.inputs["image"]' in grpc
    assert 'inputs = {"flag": [True], "image": [[[0.5, 0.5], [0.5, 0.5]]]}' in code(page, "tfnlp client")


def test_error_is_said_in_plain_words_beside_the_server_s(open_page, canned):
    page = open_page()
    ask(page, "unlucky")
    error = page.get_by_role("alert")
    assert "cannot use this request" in error.inner_text()
    assert "400" in error.inner_text()
    assert error.locator("pre").text_content() == f"Input is {canned.hostile}, not a review"
    assert page.locator("#history .outcome").text_content() == "error 400"


def test_empty_box_is_not_asked(open_page, canned):
    page = open_page()
    page.click("#ask")
    assert page.inner_text("#notice") == "Write a text first."
    assert canned.requests == []


def test_texts_and_labels_never_act_as_html(open_page, canned):
    page = open_page()
    choose(page, "hostile")
    ask(page, f"{canned.hostile} </pre><script>alert(1)</script>")
    assert page.locator("#answer .label").text_content() == canned.hostile
    assert canned.hostile in page.locator("#history .asked").text_content()
    assert page.locator("img").count() == 0
    assert page.title() == "Try a model · tfnlp"


def test_server_that_went_away_is_said_and_its_return_too(open_page):
    page = open_page()
    page.context.set_offline(True)
    ask(page, "anyone there?")
    assert "cannot be reached" in page.get_by_role("alert").inner_text()
    look_again(page)
    page.locator("#connection.gone").wait_for()
    assert page.locator("#history .outcome").text_content() == "no answer"
    page.context.set_offline(False)
    look_again(page)
    page.locator("#connection.back").wait_for()


def test_new_version_appears_by_itself(open_page, canned):
    page = open_page()
    canned.add_version("reviews", 4)
    look_again(page)
    page.locator("#version option", has_text="newest (4)").wait_for(state="attached")


# ---- code to copy


def test_code_that_is_shown_asks_what_the_page_asks(open_page, canned):
    page = open_page()
    text = 'It\'s "good" \\ $HOME `ls` 服务很好 \U0001f600'
    ask(page, text)
    asked = [("/v1/models/reviews:predict", {"instances": [text]})]
    assert canned.requests == asked
    for tab, command in [("curl", ["sh", "-c"]), ("Python", [sys.executable, "-c"])]:
        if shutil.which(command[0]) is None or (tab == "curl" and shutil.which("curl") is None):
            continue
        done = subprocess.run([*command, code(page, tab)], capture_output=True, text=True, timeout=20)
        assert "positive" in done.stdout, done.stderr
        assert canned.requests.pop() == asked[0]


def test_curl_body_is_json(open_page, address):
    page = open_page()
    page.fill("#text", "it's\nfine")
    command = code(page, "curl")
    body = re.fullmatch(rf"curl -d '(.*)' \\\n  '{address}/v1/models/reviews:predict'", command, re.S)[1]
    assert json.loads(body.replace("'\\''", "'")) == {"instances": ["it's", "fine"]}


def test_python_pieces_compile_and_name_what_is_asked(open_page):
    page = open_page()
    page.select_option("#version", "labels/stable")
    page.fill("#text", "很好")
    for signature_name in ("serving_default", "classify"):
        page.select_option("#signature", signature_name)
        pieces = {tab: code(page, tab) for tab in ("Python", "tfnlp client", "gRPC")}
        for tab, piece in pieces.items():
            compile(piece, tab, "exec")
            assert "很好" in piece
        assert 'request.model_spec.version_label = "stable"' in pieces["gRPC"]
        assert f'request.model_spec.signature_name = "{signature_name}"' in pieces["gRPC"]
        assert 'Client("127.0.0.1:8500", "reviews", label="stable")' in pieces["tfnlp client"]
    assert 'feature="text"' in pieces["tfnlp client"]


def test_copy_button_fills_the_clipboard(open_page, address):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.click("#copy")
    page.locator("#copied", has_text="Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#code").text_content()


# ---- earlier requests


def test_earlier_request_comes_back_with_all_its_choices(open_page):
    page = open_page()
    page.select_option("#version", "labels/stable")
    ask(page, "first")
    choose(page, "pixels")
    page.get_by_role("button", name="Take request 1 again").click()
    page.locator("#models .chosen h3", has_text="reviews").wait_for()
    assert page.input_value("#model") == "reviews"
    assert page.input_value("#text") == "first"
    assert page.input_value("#version") == "labels/stable"


def test_twenty_requests_are_kept(open_page):
    page = open_page()
    page.fill("#text", "again")
    page.evaluate("""async () => {
        for (let number = 1; number <= 22; number++) {
            document.getElementById("ask").click();
            while (document.querySelector("#history button")?.textContent !== `#${number}`) {
                await new Promise(requestAnimationFrame);
            }
        }
    }""")
    assert page.locator("#history li").count() == 20
    assert page.locator("#history button").last.text_content() == "#3"


# ---- languages, phones, keyboards


def test_both_languages_have_every_text_with_the_same_values(open_page):
    texts = open_page().evaluate("import('/page/texts.js').then(module => module.TEXTS)")
    assert texts["en"].keys() == texts["zh"].keys()
    for key, english in texts["en"].items():
        values = re.compile(r"\{\w+\}")
        assert set(values.findall(english)) == set(values.findall(texts["zh"][key])), key


def test_every_text_is_used_and_every_used_text_exists(open_page):
    texts = open_page().evaluate("import('/page/texts.js').then(module => module.TEXTS.en)")
    files = importlib.resources.files("tfnlp.serving").joinpath("page").iterdir()
    source = "\n".join(file.read_text(encoding="utf-8") for file in files if file.name != "texts.js")
    named = set(re.findall(r"\bt\(\"(\w+)\"|data-(?:text|placeholder)=\"(\w+)\"", source))
    assert {key for pair in named for key in pair if key} <= texts.keys()
    # A state's text is found by the state's name; the button of the languages stands in texts.js itself.
    looked_up = {key for key in texts if key.startswith("state")} | {"otherLanguage"}
    assert {key for key in texts.keys() - looked_up if f'"{key}"' not in source} == set()


def test_language_is_the_browser_s_until_switched(open_page):
    page = open_page(locale="zh-CN")
    assert page.get_attribute("html", "lang") == "zh-CN"
    ask(page, "很好")
    assert "往返" in page.inner_text("#summary")
    page.click("#language")
    assert page.get_attribute("html", "lang") == "en"
    assert page.inner_text("h1") == "Try a model"
    assert "there and back" in page.inner_text("#summary")
    page.reload()
    assert page.get_attribute("html", "lang") == "en"


def test_phone_has_no_sideways_scrolling(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    for model in ("reviews", "vectors", "hostile"):
        choose(page, model)
        ask(page, "x" * 300 + "\n" + "服务很好" * 80)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    choose(page, "pixels")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_every_control_has_a_name_and_tabs_follow_the_arrow_keys(open_page):
    page = open_page()
    nameless = """() => [...document.querySelectorAll("select, input, textarea, button")]
        .filter(e => !e.labels?.length && !e.textContent.trim() && !e.getAttribute("aria-label")).map(e => e.id)"""
    assert page.evaluate(nameless) == []
    page.focus("#tab-0")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-1"
    assert page.get_attribute("#tab-1", "aria-selected") == "true"
    assert "urllib" in page.inner_text("#code")
