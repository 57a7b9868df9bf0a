import json
import re

import keras
import numpy as np
import pytest

from tfnlp.encoders import BagOfWords, TextCNN, Transformer
from tfnlp.evaluation import explain, write_explanation
from tfnlp.plots import plot_attention, plot_positions
from tfnlp.tasks import TextClassifier
from tfnlp.text import CharacterTokenizer, TextPreprocessor, WordTokenizer

TEXT = "A fine film\x1b[31m & <b>好看</b> 👍🏽, not dull"


def even_attention(token_ids):
    """What a Transformer says of itself: `[batch, layers, heads, time, time]`."""
    time = token_ids.shape[1]
    return np.full((1, 2, 3, time, time), 1 / time)


@pytest.fixture
def classifier():
    def make(encoder_class=TextCNN, tokenizer=None, labels=("bad", "好"), max_tokens=20, **settings):
        keras.utils.set_random_seed(2)
        preprocessor = TextPreprocessor(tokenizer or WordTokenizer(), max_tokens=max_tokens)
        preprocessor.adapt([TEXT])
        return TextClassifier(
            preprocessor, encoder_class(preprocessor.vocabulary_size, **settings), list(labels)
        )

    return make


def test_an_encoder_brings_what_it_has(classifier):
    task = classifier(filters=4)
    found = explain(task, TEXT)
    assert found.ngrams is not None and found.attention is None
    task.encoder.attention_weights = even_attention
    count = len(found.attribution.values)
    assert explain(task, TEXT).attention.shape == (2, 3, count, count)
    plain = explain(classifier(BagOfWords), TEXT)
    assert plain.ngrams is None and plain.attention is None and plain.positions is None


@pytest.mark.parametrize(
    ("positions", "max_tokens", "shape"),
    [("sinusoidal", 300, (256, 6)), ("learned", 20, (20, 6)), ("none", 20, None)],
)
def test_positions_are_told_for_as_long_as_texts_may_be(classifier, positions, max_tokens, shape):
    small = {"embedding_dim": 6, "heads": 2, "feed_forward_dim": 8, "layers": 1}
    task = classifier(Transformer, max_tokens=max_tokens, positions=positions, **small)
    table = explain(task, TEXT, steps=1).positions
    assert shape == (None if table is None else table.shape)


def test_json(classifier):
    found = explain(classifier(filters=4, max_tokens=3), TEXT, label="好")
    value = json.loads(json.dumps(found.as_dict()))
    assert value["label"] == "好" and value["text"] == TEXT and value["steps"] == 64
    assert value["scores"].keys() == {"bad", "好"} and value["score"] == value["scores"]["好"]
    read, unread = value["tokens"][2], value["tokens"][3]
    assert {key: read[key] for key in ("text", "start", "end", "token", "known", "read")} == {
        "text": "film",
        "start": 7,
        "end": 11,
        "token": "film",
        "known": True,
        "read": True,
    }
    assert (unread["read"], unread["attribution"]) == (False, None)
    total = sum(token["attribution"] for token in value["tokens"][:3])
    assert total == pytest.approx(value["margin"] - value["margin_without_words"] + value["gap"])
    assert value["ngrams"][0].keys() == {
        *("ngram", "first", "end", "window", "filter", "activation", "contribution")
    }
    assert "warning" not in value


def test_a_large_gap_is_said_in_words(classifier):
    task = classifier(filters=4)
    found = explain(task, TEXT)
    assert found.warning() is None
    found.attribution.values[0] += 1.0
    assert "add up to" in found.warning() and "--steps 256" in found.warning()
    assert "add up to" in found.as_dict()["warning"]


@pytest.mark.parametrize("tokenizer", [WordTokenizer, CharacterTokenizer])
def test_the_page_is_whole_and_harmless(classifier, tmp_path, tokenizer):
    task = classifier(filters=4, tokenizer=tokenizer(), max_tokens=10)
    task.encoder.attention_weights = even_attention
    found = explain(task, TEXT, label="好")
    picture = plot_attention(found.attention, ["x"] * 10, tmp_path / "attention.png")
    places = plot_positions(np.eye(10), tmp_path / "positions.png")
    page = write_explanation(
        tmp_path / "explanation.html", found, attention=picture, positions=places
    ).read_text("utf-8")
    assert "<b>" not in page and "\x1b" not in page and 'src="http' not in page and "<script" not in page
    assert page.count("data:image/png;base64,iVBOR") == 2 and "n-grams that won" in page
    shown = re.search(r'<div class="box text"[^>]*>(.*?)</div>', page, re.S)[1]
    plain = re.sub(r"<[^>]*>", "", shown).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert " ".join(plain.split()) == TEXT.replace("\x1b", "␛")
    assert 'class="u"' in shown  # what is not read
    values = [float(value) for value in re.findall(r'class="[fa]" style="[^"]*" title="([^"]*)"', shown)]
    assert sum(values) == pytest.approx(found.attribution.values.sum(), abs=1e-3)
