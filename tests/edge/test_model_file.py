import io
import zipfile

import pytest

from tfnlp.edge import EdgeClassifier, ModelFile
from tfnlp.errors import UserError


def test_it_reads_words_labels_and_settings(models):
    task, path = models("word")
    file = ModelFile.read(path)
    assert file.vocabulary == list(task.preprocessor.vocabulary.tokens)
    assert file.labels == ["bad", "good", "一般"]
    assert (file.name, file.multi_label) == ("a model", False)
    assert file.preprocessor["kind"] == "word"


def test_a_missing_file_or_a_folder_is_told(tmp_path):
    for path in (tmp_path / "none.tflite", tmp_path):
        with pytest.raises(UserError, match="is not a file"):
            ModelFile.read(path)


def test_another_kind_of_file_is_told(tmp_path):
    for content in (b"", b"PK\x03\x04 a zip", b"\x1c\x00\x00\x00TFL2"):
        (tmp_path / "x.tflite").write_bytes(content)
        with pytest.raises(UserError, match="is not a TFLite model"):
            ModelFile.read(tmp_path / "x.tflite")


def test_a_bare_model_is_told(models, tmp_path):
    content = models()[1].read_bytes()
    bare = tmp_path / "bare.tflite"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        start = min(entry.header_offset for entry in archive.infolist())
    bare.write_bytes(content[:start])
    with pytest.raises(UserError, match="lacks its vocabulary"):
        ModelFile.read(bare)
    with zipfile.ZipFile(bare, "a") as archive:
        archive.writestr("tokenizer.json", '{"preprocessor": {}}')
    with pytest.raises(UserError, match=r"lacks its vocabulary.*'name'"):
        ModelFile.read(bare)


def test_a_file_cut_short_is_told(models, tmp_path):
    content = models()[1].read_bytes()
    (tmp_path / "cut.tflite").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="copy it anew"):
        EdgeClassifier(tmp_path / "cut.tflite")


def test_labels_that_do_not_fit_the_scores_are_told(models, tmp_path):
    content = models()[1].read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
        start = min(entry.header_offset for entry in archive.infolist())
    other = tmp_path / "other.tflite"
    other.write_bytes(content[:start])
    with zipfile.ZipFile(other, "a") as archive:
        for name, inner in {**files, "labels.txt": b"one\ntwo\n"}.items():
            archive.writestr(name, inner)
    with pytest.raises(UserError, match="scores 3 labels but names 2"):
        EdgeClassifier(other)
