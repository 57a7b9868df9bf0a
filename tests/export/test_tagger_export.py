"""A tagger exported whole: every copy agrees, is verified, and can be loaded again."""

import json
import shutil
import zipfile

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from tfnlp.data.tagging import TaggedCorpus, TaggedSentence
from tfnlp.encoders.registry import ENCODERS
from tfnlp.errors import UserError
from tfnlp.export import convert_tflite, export, load_classifier, load_tagger, tagger_export, verify
from tfnlp.export.proof_texts import awkward_proof_texts

SENTENCES = [
    TaggedSentence(("Ada", "Lovelace", "went"), ("B-PER", "E-PER", "O")),
    TaggedSentence(("USA",), ("S-LOC",)),
    # Longer than a `.tflite` file reads at once.
    TaggedSentence(("New", "York", ",") * 12, ("B-LOC", "E-LOC", "O") * 12),
]
SETTINGS = {
    "text_cnn": {"filter_sizes": [3], "filters": 8},
    "wide_text_cnn": {"filter_sizes": [3], "filters": 8, "bag_buckets": 97},
    "fixed_window": {"window": 3, "hidden_units": 8},
    "transformer": {"heads": 2, "feed_forward_dim": 16, "layers": 1},
    "cnn_rnn": {"units": 6, "filters": 6},
    "bag_of_words": {},
}


@pytest.fixture(scope="module")
def short():
    """Of the awkward texts those that take no time; all of them take a network its seconds."""
    with pytest.MonkeyPatch.context() as patch:
        texts = [text for text in awkward_proof_texts() if len(text.content) < 1000]
        patch.setattr(tagger_export, "awkward_proof_texts", lambda: texts)
        yield


@pytest.fixture(scope="module")
def task(build_tagger):
    # The quickest to export; `tests/edge` has a recurrent one, and the slow test below all.
    return build_tagger("text_cnn", settings=SETTINGS["text_cnn"])


@pytest.fixture(scope="module")
def result(task, short, tmp_path_factory):
    return export(
        task,
        tmp_path_factory.mktemp("saved_models") / "names",
        lite=("float32", "int8"),
        texts=SENTENCES,
        max_accuracy_drop=100,
    )


def test_every_copy_agrees(result):
    assert result.agreement.problems == []
    rows = {row.copy: row for row in result.agreement.rows}
    assert list(rows) == ["saved_model", "float32", "int8"]
    for copy in ("saved_model", "float32"):
        assert rows[copy].max_difference < 1e-5
        assert rows[copy].equal_labels == 1
        assert rows[copy].accuracy == result.agreement.keras_accuracy
    assert result.agreement.texts == len(SENTENCES)


def test_model_json_says_what_it_is(result, task):
    settings = json.loads((result.folder / "assets.extra" / "model.json").read_text())
    assert (settings["task"], settings["scheme"], settings["labels"]) == ("token_tagger", "bioes", task.tags)
    assert settings["preprocessor"] == task.preprocessor.settings()
    assert settings["ops"]["tensorflow_text"] == []


@pytest.mark.slow
def test_verify_repeats_the_proof_and_finds_what_was_tampered_with(result, tmp_path):
    folder = tmp_path / "names" / "1"
    shutil.copytree(result.folder, folder)
    for asset in (folder / "assets").glob("vocab.txt*"):
        words = asset.read_text().split("\n")
        words[2], words[3] = words[3], words[2]
        asset.write_text("\n".join(words))
    agreement = verify(folder.parent)
    assert [problem.split(":")[0] for problem in agreement.problems] == ["saved_model"]


def test_copies_can_be_loaded_and_answer_alike(result, task):
    texts = ["Ada Lovelace in London", "", "New York, " * 30]
    corpus = TaggedCorpus(SENTENCES[:2], "x", "bioes")
    for path in (result.folder, result.folder.parent, result.lite_files["float32"]):
        tagger = load_tagger(path)
        assert (tagger.tags, tagger.scheme) == (task.tags, "bioes")
        assert tagger.predict(corpus) == task.predict(corpus)
        assert tagger.predict([["Ada", "x"], []]) == task.predict([["Ada", "x"], []])
        for found, expected in zip(tagger.tag(texts[:2]), task.tag(texts[:2]), strict=True):
            assert (found.tokens, found.tags, found.starts) == (
                expected.tokens,
                expected.tags,
                expected.starts,
            )
            assert [span.text for span in found.spans] == [span.text for span in expected.spans]
            np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
        for found, expected in zip(tagger.tag_numbers(texts[:2]), task.tag_numbers(texts[:2]), strict=True):
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
        assert [part.size for part in tagger.tag_numbers([])] == [0, 0, 0, 0]
        assert len(tagger.tag(texts)[2].tokens) == 90
        assert tagger.predict_spans([]) == []
        with pytest.raises(UserError, match=r"pass \[text\]"):
            tagger.tag("a text")
        with pytest.raises(UserError, match="is a token_tagger, not a"):
            load_classifier(path)


def test_the_phone_s_file_holds_built_in_ops_and_its_words(result, task):
    file = result.lite_files["float32"]
    interpreter = Interpreter(model_path=str(file))
    interpreter.allocate_tensors()
    ops = {op["op_name"] for op in interpreter._get_ops_details()}
    assert not [op for op in ops if op.startswith("Flex") or op == "CUSTOM"]
    shapes = {
        entry["name"].split("_default_")[-1].split(":")[0]: entry for entry in interpreter.get_input_details()
    }
    assert {name: entry["shape"].tolist() for name, entry in shapes.items()} == {
        "token_ids": [1, 24],
        "char_ids": [1, 24, 6],
        "casing": [1, 24],
    }
    assert {entry["dtype"] for entry in interpreter.get_output_details()} == {np.int32, np.float32}
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["vocab.txt", "tags.txt", "characters.txt", "tokenizer.json"]
        assert archive.read("tags.txt").decode().split("\n")[:-1] == task.tags


def test_sentences_may_come_as_tokens_with_tags_beside_them_or_as_texts(task, short):
    proof = tagger_export.make_proof(task, [["Ada", "went"], ["x"]], [["S-PER", "O"], ["O"]])
    assert [text.tokens for text in proof.texts[:4]] == [None, ("Ada", "went"), None, ("x",)]
    assert [text.labels for text in proof.texts[:2]] == [None, ("S-PER", "O")]
    assert proof.texts[0].unit == b"Ada went"
    assert tagger_export.make_proof(task, ["Ada went"], None).texts[0].unit == b"Ada went"
    with pytest.raises(UserError, match="1 labels for 2 texts"):
        tagger_export.make_proof(task, ["a", "b"], [["O"]])


@pytest.mark.slow
@pytest.mark.parametrize("encoder", sorted(ENCODERS))
def test_every_encoder_agrees_in_every_copy_on_every_awkward_text(build_tagger, tmp_path, encoder):
    task = build_tagger(encoder, characters="bilstm", settings=SETTINGS.get(encoder))
    texts = [sentence.tokens for sentence in SENTENCES]
    result = export(task, tmp_path / "names", texts=texts)
    assert result.agreement.problems == []


def test_characters_and_a_softmax_become_a_file_too(build_tagger):
    task = build_tagger(
        "text_cnn", words=False, characters=None, casing_dim=0, head="softmax", settings=SETTINGS["text_cnn"]
    )
    assert convert_tflite(task, "int8")[4:8] == b"TFL3"
