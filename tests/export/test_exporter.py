import errno
import gzip
import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.core.protobuf import saved_model_pb2

from tfnlp.encoders.registry import ENCODERS
from tfnlp.errors import UserError
from tfnlp.export import AgreementError, export, export_saved_model, verify
from tfnlp.export import agreement as agreement_module
from tfnlp.export import exporter as module
from tfnlp.export.copies import CopyAnswers
from tfnlp.text.registry import TOKENIZERS

ENCODER_NAMES = sorted(ENCODERS)
# An export takes seconds: of networks much alike, one is enough for the fast suite.
ALIKE = {"simple_rnn", "gru", "lstm", "cnn_rnn", "wide_text_cnn"}
EXPORTED = [pytest.param(name, marks=pytest.mark.slow) if name in ALIKE else name for name in ENCODER_NAMES]
TEXTS = ["a fine film", "很差"]


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def no_process(monkeypatch):
    """Spares a test the fresh process: the SavedModel says what Keras says."""

    def ask(proof, version, timed, scratch, *, text_ops):
        return CopyAnswers(proof.labels, proof.scores, np.asarray([1.0]), 1)

    monkeypatch.setattr(agreement_module, "ask_saved_model", ask)


@pytest.fixture
def no_saved_model(monkeypatch, no_process):
    """Spares a test the SavedModel too."""
    monkeypatch.setattr(
        module, "write_saved_model", lambda *args, **kwargs: {"core": [], "tensorflow_text": []}
    )
    monkeypatch.setattr(agreement_module, "check_ops", lambda _: {"core": [], "tensorflow_text": []})


def test_every_tokenizer_is_tried(tasks):
    assert {tasks[name].preprocessor.settings()["kind"] for name in ENCODER_NAMES} == set(TOKENIZERS)


@pytest.mark.parametrize("name", EXPORTED)
def test_every_copy_agrees(exports, name):
    result = exports(name)
    assert result.agreement.problems == []
    rows = {row.copy: row for row in result.agreement.rows}
    assert list(rows) == ["saved_model", *result.lite_files]
    for copy in ("saved_model", "float32"):
        assert rows[copy].max_difference <= 1e-5
        assert rows[copy].equal_labels == 1
    assert all(0 < row.median_ms <= row.p99_ms for row in rows.values())
    for precision, path in result.lite_files.items():
        assert rows[precision].bytes == path.stat().st_size
        ops = {op["op_name"] for op in Interpreter(model_path=str(path))._get_ops_details()}
        assert ops and not [op for op in ops if op.startswith("Flex") or op == "CUSTOM"]


def test_the_folder_holds_what_is_promised(exports):
    folder = exports("text_cnn").folder
    assert files_below(folder) == [
        "assets.extra/agreement.json",
        "assets.extra/agreement_texts.jsonl.gz",
        "assets.extra/model.float16.tflite",
        "assets.extra/model.float32.tflite",
        "assets.extra/model.int8.tflite",
        "assets.extra/model.json",
        "assets.extra/recipe.toml",
        "assets.extra/tf_serving_warmup_requests",
        "assets/labels.txt",
        "assets/vocab.txt",
        "fingerprint.pb",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]
    assert [entry.name for entry in folder.parent.iterdir()] == ["1"]
    assert (folder / "assets" / "vocab.txt").read_text().startswith("[PAD]\n[UNK]\n")
    assert (folder / "assets" / "labels.txt").read_text() == "negative\npositive\n中性\n"
    agreement = json.loads((folder / "assets.extra" / "agreement.json").read_text())
    assert agreement["agrees"]
    assert [row["copy"] for row in agreement["rows"]] == ["saved_model", "float32", "float16", "int8"]
    settings = json.loads((folder / "assets.extra" / "model.json").read_text())
    assert (settings["labels"], settings["preprocessor"]["kind"]) == (
        ["negative", "positive", "中性"],
        "char",
    )
    assert settings["ops"]["tensorflow_text"] == []


def test_only_wordpiece_and_sentencepiece_need_tf_text(exports):
    ops = {
        name: json.loads((exports(name).folder / "assets.extra" / "model.json").read_text())["ops"]
        for name in ENCODER_NAMES
        if name not in ALIKE
    }
    assert not ops["text_cnn"]["tensorflow_text"]
    assert not ops["bag_of_words"]["tensorflow_text"]
    assert ops["fixed_window"]["tensorflow_text"] == ["FastWordpieceTokenizeWithOffsets"]
    assert "SentencepieceTokenizeOp" in ops["bilstm"]["tensorflow_text"]


def test_verify_finds_a_copy_that_was_tampered_with(exports, tmp_path):
    source = exports("text_cnn").folder
    folder = tmp_path / "model" / "1"
    shutil.copytree(source, folder)
    # Two characters change places: both copies load, and both are wrong.
    vocabulary = folder / "assets" / "vocab.txt"
    tokens = vocabulary.read_text().split("\n")
    tokens[2], tokens[3] = tokens[3], tokens[2]
    vocabulary.write_text("\n".join(tokens))
    shutil.copy(exports("text_cnn").lite_files["int8"], folder / "assets.extra" / "model.float32.tflite")
    agreement = verify(folder.parent)
    assert [problem.split(":")[0] for problem in agreement.problems] == ["saved_model", "float32"]
    with pytest.raises(AgreementError, match=r"saved_model: .*float32: "):
        agreement.require()


def test_verify_refuses_an_op_that_the_stock_server_does_not_link(exports, tmp_path):
    folder = tmp_path / "1"
    shutil.copytree(exports("text_cnn").folder, folder)
    saved_model = saved_model_pb2.SavedModel()
    saved_model.ParseFromString((folder / "saved_model.pb").read_bytes())
    saved_model.meta_graphs[0].graph_def.node.add(name="intruder", op="MyCompany>Tokenize")
    (folder / "saved_model.pb").write_bytes(saved_model.SerializeToString())
    with pytest.raises(UserError, match="`MyCompany>Tokenize` neither belong to TensorFlow nor are linked"):
        verify(tmp_path)


@pytest.mark.slow
def test_verify_repeats_the_proof(exports):
    result = exports("fixed_window")
    agreement = verify(result.folder.parent)
    assert agreement.problems == []
    for again, before in zip(agreement.rows, result.agreement.rows, strict=True):
        assert (again.copy, again.max_difference, again.accuracy, again.bytes) == (
            before.copy,
            before.max_difference,
            before.accuracy,
            before.bytes,
        )


@pytest.mark.parametrize("missing", ["model.json", "agreement.json", "agreement_texts.jsonl.gz"])
def test_verify_says_what_is_missing(exports, tmp_path, missing):
    shutil.copytree(exports("text_cnn").folder, tmp_path / "1")
    (tmp_path / "1" / "assets.extra" / missing).unlink()
    with pytest.raises(UserError, match=f"{missing}.*Export"):
        verify(tmp_path)


@pytest.mark.usefixtures("no_saved_model")
def test_a_sabotaged_copy_makes_the_folder_vanish(tasks, tmp_path, monkeypatch):
    def sabotage(task, precision, *, name):
        kernel = task.classifier.kernel
        before = np.asarray(kernel)
        kernel.assign(before + np.eye(*before.shape) * 0.01)
        try:
            return honest(task, precision, name=name)
        finally:
            kernel.assign(before)

    honest = module.convert_tflite
    export(tasks["text_cnn"], tmp_path / "model", texts=TEXTS)
    monkeypatch.setattr(module, "convert_tflite", sabotage)
    with pytest.raises(AgreementError, match="float32: a score is off by"):
        export(tasks["text_cnn"], tmp_path / "model", texts=TEXTS)
    assert [entry.name for entry in (tmp_path / "model").iterdir()] == ["1"]
    with pytest.raises(AgreementError, match="float32"):
        export(tasks["text_cnn"], tmp_path / "new" / "model", texts=TEXTS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]


NO_SPACE = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.usefixtures("no_saved_model")
@pytest.mark.parametrize(
    ("step", "error"),
    [
        (
            "write_saved_model",
            tf.errors.ResourceExhaustedError(None, None, "x.data; No space left on device"),
        ),
        ("convert_tflite", RuntimeError("Failed to write: No space left on device")),
        ("write_bytes_atomically", NO_SPACE),
        ("write_json_atomically", NO_SPACE),
        ("publish", NO_SPACE),
    ],
)
def test_a_full_disk_at_any_step_leaves_nothing(tasks, tmp_path, monkeypatch, step, error):
    def full(*args, **kwargs):
        raise error

    if step == "publish":
        monkeypatch.setattr("tfnlp.export.versions.StagedVersion.publish", full)
    else:
        monkeypatch.setattr(module, step, full)
    with pytest.raises(UserError, match=r"No space left on the disk.*Free some space"):
        export(tasks["bag_of_words"], tmp_path / "model", texts=TEXTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("room", [5_000, 60_000])
def test_files_that_cannot_grow_leave_nothing(tasks, tmp_path, room):
    """The system itself stops the writing: first in the checkpoint, then in the graph."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limit[1]))
    try:
        with pytest.raises(UserError, match="No space left on the disk"):
            export_saved_model(tasks["text_cnn"], tmp_path / "deep" / "model")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_saved_model")
def test_ctrl_c_leaves_nothing(tasks, tmp_path, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "convert_tflite", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export(tasks["bag_of_words"], tmp_path / "model", texts=[])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_saved_model")
def test_versions_count_up(tasks, tmp_path):
    for number in (1, 2):
        result = export(tasks["bag_of_words"], tmp_path / "model", lite=(), texts=[])
        assert (result.version, result.folder.name, result.lite_files) == (number, str(number), {})


def test_wrong_arguments_are_told_before_any_work(tasks, tmp_path):
    with pytest.raises(UserError, match=r"unknown precision `int4`; there are float32.*Did you mean `int8`"):
        export(tasks["text_cnn"], tmp_path / "model", lite=("int4",), texts=[])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_saved_model")
def test_labels_must_be_one_a_text(tasks, tmp_path):
    with pytest.raises(UserError, match="1 labels for 2 texts"):
        export(tasks["text_cnn"], tmp_path / "model", lite=(), texts=TEXTS, labels=["negative"])
    assert list(tmp_path.iterdir()) == []


def test_the_stored_texts_are_the_validation_texts_and_the_awkward_ones(exports):
    folder = exports("text_cnn").folder
    content = gzip.decompress((folder / "assets.extra" / "agreement_texts.jsonl.gz").read_bytes()).decode()
    rows = [json.loads(line) for line in content.split("\n")[:-1]]
    assert rows[0]["text"] == "A fine film, with a heart of gold."
    assert rows[0]["labels"] == ["negative"]
    assert sum("awkward" in row for row in rows) == exports("text_cnn").agreement.awkward_texts
    assert all(len(row["scores"]) == 3 for row in rows)


@pytest.mark.slow
def test_saved_model_cli_answers(exports):
    folder = exports("text_cnn").folder
    ended = subprocess.run(
        [
            str(Path(sys.executable).with_name("saved_model_cli")),
            "run",
            "--dir",
            str(folder),
            "--tag_set",
            "serve",
            "--signature_def",
            "serving_default",
            "--input_exprs",
            "text=[b'a fine film', b'']",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    for key in ("label", "score", "labels", "scores"):
        assert f"Result for output key {key}:" in ended.stdout
